"""Plain sentences: one for each action, in French, without raw ids."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args, get_type_hints

import pytest

from aidants import crypto, i18n
from aidants.journal import labels
from aidants.journal.actions import CATALOGUE, Action
from aidants.journal.canonical import canonical
from aidants.journal.models import JournalRecord
from aidants.journal.outcomes import OUTCOMES

IDS = {
    name: crypto.new_id()
    for name in ("organisation", "actor", "session", "resident", "mandate", "assistance", "run", "person", "by")
}
CODES = {"scope": "transports", "procedure": "carte-grise", "guide": "carte-grise", "step": "adresse", "role": "helper"}


def example(action: type[Action]) -> JournalRecord:
    """An entry of this type with every declared field filled, ids like the real ones."""
    hints = get_type_hints(action)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(action):
        hint = hints[field.name]
        kinds = get_args(hint) or (hint,)
        default: Any = 3 if int in kinds else ("adresse",) if hint == tuple[str, ...] else "idle"
        values[field.name] = IDS.get(field.name) or CODES.get(field.name) or default
    made = action(**values)
    row = {"id": crypto.new_id(), "actor": IDS["actor"]} | made.columns()
    return JournalRecord(type=action.type, detail=canonical(made.detail()).decode(), **row)


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_each_action_has_a_sentence_without_ids(name: str) -> None:
    record = example(CATALOGUE[name])
    sentence = labels.sentence(record)
    assert sentence[0].isupper()
    assert name not in sentence
    assert "{" not in sentence
    assert not any(identifier in sentence for identifier in (*IDS.values(), record.id))


def test_no_label_without_action() -> None:
    assert set(labels.LABELS) == set(CATALOGUE)


def test_french_typography() -> None:
    texts = [
        *labels.LABELS.values(),
        *OUTCOMES.values(),
        *(w for ws in labels._WORDS.values() for w in ws.values()),
    ]
    for text in map(i18n.gettext, texts):
        assert "'" not in text
        assert " :" not in text
        assert "« " not in text
        assert " »" not in text


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"type": "resident_viewed", "resident": "a"}, "Fiche de {u} consultée"),
        ({"type": "sign_in_failed", "outcome": "code"}, "Connexion refusée\u00a0: code faux"),
        ({"type": "sign_in_failed", "outcome": "never_heard"}, "Connexion refusée"),
        (
            {"type": "access_refused", "outcome": "outside_mandate", "detail": '{"count":7}'},
            "Accès refusé\u00a0: démarche hors du mandat (7 autres non détaillées)",
        ),
        ({"type": "access_refused", "detail": '{"count":1}'}, "Accès refusé (1 autre non détaillée)"),
        (
            {"type": "mandate_activated", "detail": '{"duration":"MONTH","procedures":3,"proof":"on_screen"}'},
            "Mandat activé, 3\u00a0démarches, 31\u00a0jours, signé sur écran",
        ),
        (
            {"type": "authorisation_granted", "scope": "argent", "detail": '{"procedures":["impots"]}'},
            "Autorisation accordée pour le thème «\u00a0Argent, impôts, consommation\u00a0», 1\u00a0démarche",
        ),
        ({"type": "of_a_later_version", "resident": "a"}, "of_a_later_version"),
    ],
)
def test_sentences(fields: dict[str, Any], expected: str) -> None:
    record = JournalRecord(**({"id": "x", "actor": "person-1"} | fields))
    assert labels.sentence(record) == expected.format(u=labels.resident("a"))


def test_pseudonyms() -> None:
    one, other = crypto.new_id(), crypto.new_id()
    assert labels.person(one) == labels.person(one) != labels.person(other)
    assert [labels.person(one)[:2], labels.resident(one)[:2], labels.mandate(one)[:2]] == ["A-", "U-", "M-"]
    assert len(labels.person(one)) == 6
    assert labels.person("public") == "Public"
    assert labels.person("console") == "Console"


def test_titles_for_a_list_of_choices() -> None:
    assert labels.title("resident_viewed") == "Fiche de … consultée"
    assert len({labels.title(name) for name in CATALOGUE}) == len(CATALOGUE)
