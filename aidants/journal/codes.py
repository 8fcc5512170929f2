"""What goes with an exported log for readers who have no copy of this program: its code list, and the forms of its files."""

from __future__ import annotations

import json
from typing import Any, Final

from aidants import i18n
from aidants.journal import entry, labels
from aidants.journal.actions import CATALOGUE, Kind
from aidants.journal.entry import FIELDS
from aidants.journal.outcomes import OUTCOMES

_NUMBERS: Final = frozenset({"v", "version"})
_ALWAYS: Final = frozenset({"v", "id", "ts", "kind", "type", "actor"})
_HEX_32: Final = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def code_list() -> bytes:
    """Return the meaning of actions and outcomes in French and English, and each action's own documentation, as JSON."""
    actions = {
        name: {"kind": action.kind, "doc": " ".join((action.__doc__ or "").split()), **_both(labels.LABELS[name])}
        for name, action in CATALOGUE.items()
    }
    outcomes = {code: _both(text) for code, text in OUTCOMES.items()}
    return _json({"version": entry.VERSION, "actions": actions, "outcomes": outcomes})


def schema() -> bytes:
    """Return the JSON Schema (2020-12) of an entry of the tree and of a line of ``records.jsonl``."""
    leaf = {
        "v": {"const": entry.VERSION},
        "id": {"type": "string"},
        "ts": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\dZ$"},
        "kind": {"enum": [kind.value for kind in Kind]},
        "org": {"type": ["string", "null"]},
        "commit": _HEX_32,
    }
    line = {"seq": {"type": "integer", "minimum": 1}, "salt": _HEX_32, "record": _object(_record())}
    return _json(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$defs": {"entry": _object(leaf), "opened_record": _object(line)},
            "anyOf": [{"$ref": "#/$defs/entry"}, {"$ref": "#/$defs/opened_record"}],
        }
    )


def _record() -> dict[str, Any]:
    known: dict[str, Any] = {
        "kind": {"enum": [kind.value for kind in Kind]},
        "detail": {"type": ["object", "null"]},
        "sealed": {"anyOf": [_HEX_32, {"type": "null"}]},
    }
    return {name: known.get(name, _plain(name)) for name in FIELDS}


def _plain(name: str) -> dict[str, Any]:
    kind = "integer" if name in _NUMBERS else "string"
    return {"type": kind if name in _ALWAYS else [kind, "null"]}


def _object(members: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


def _both(text: str) -> dict[str, str]:
    return {locale: i18n.catalogue(locale).gettext(text) for locale in ("fr", "en")}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"
