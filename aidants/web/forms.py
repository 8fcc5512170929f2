"""Forms: pydantic drafts, messages a person understands, values kept for the page that shows the errors.

Only declared fields are read; a declared field that came twice keeps its last value (lists excepted). Text is cleaned
and guarded by ``aidants.guard`` before anything else sees it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Generic, TypeVar, get_origin
from urllib.parse import parse_qsl

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from aidants import guard
from aidants.errors import BadRequest
from aidants.i18n import N_, gettext

MAX_FIELDS: Final = 500
_ECHO: Final = 1000

_GUARD_MESSAGES: Final = {
    "control": N_("Ce texte contient des signes que l’on ne peut pas enregistrer. Retapez-le."),
    "nir": N_("On dirait un numéro de sécurité sociale. Il ne doit jamais être noté ici. Effacez-le."),
    "card": N_("On dirait un numéro de carte bancaire. Il ne doit jamais être noté ici. Effacez-le."),
    "iban": N_("On dirait un numéro de compte bancaire. Il ne doit jamais être noté ici. Effacez-le."),
}
_MESSAGES: Final = {
    "missing": N_("Remplissez ce champ."),
    "string_too_short": N_("Remplissez ce champ."),
    "string_too_long": N_("C’est trop long : {max_length} signes au plus."),
    "literal_error": N_("Choisissez une des réponses proposées."),
    "enum": N_("Choisissez une des réponses proposées."),
    "too_short": N_("Choisissez au moins une réponse."),
    "too_long": N_("Choisissez {max_length} réponses au plus."),
    "string_pattern_mismatch": N_("Ce n’est pas la forme attendue."),
}
_FALLBACK: Final = N_("Cette réponse ne va pas. Corrigez-la.")


class Form(dict[str, list[str]]):
    """Submitted fields, each with all its values in order."""

    def last(self, name: str, default: str = "") -> str:
        """Return the last value of a field."""
        values = self.get(name)
        return values[-1] if values else default


def parse_urlencoded(body: bytes) -> Form:
    """Read a form or query. Raises BadRequest for malformed UTF-8, NUL, or more fields than any page of ours sends."""
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError as error:  # UnicodeDecodeError included
        raise BadRequest from error
    form = Form()
    for name, value in pairs:
        if "\0" in name or "\0" in value:
            raise BadRequest
        form.setdefault(name, []).append(value)
    return form


def _guarded(value: str) -> str:
    try:
        return guard.clean(value)
    except guard.ForbiddenText as error:
        raise PydanticCustomError(f"guard_{error.code}", "{code}", {"code": error.code}) from error


Text = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_guarded)]
"""Any text a person types; combine with ``Field(min_length=…, max_length=…)``."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing to correct: the field's id and the sentence, already in the person's language."""

    field: str
    message: str


def custom_error(message: str) -> PydanticCustomError:
    """Return an error whose French msgid is shown as it is: raise it from a validator."""
    return PydanticCustomError("own", "{text}", {"text": message})


class FormModel(BaseModel):
    """Base of every draft. Unknown fields are ignored, never assigned."""

    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=True)


Model = TypeVar("Model", bound=FormModel)


@dataclass(slots=True)
class Parsed(Generic[Model]):
    """A form after reading: either ``value``, or ``errors`` with what was typed kept in ``raw``."""

    raw: dict[str, Any] = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)
    value: Model | None = None

    def error(self, name: str) -> str | None:
        """Return the first message of a field."""
        return next((error.message for error in self.errors if error.field == name), None)

    def get(self, name: str, default: Any = "") -> Any:
        """Return what was typed, for the page that shows it again."""
        return self.raw.get(name, default)

    def valid(self) -> Model:
        """Return the value of a form known to be valid."""
        if self.value is None:
            raise ValueError("form with errors")
        return self.value

    def add(self, name: str, message: str) -> None:
        """Add an error found by a service; ``message`` is a French msgid."""
        self.errors.append(FieldError(name, gettext(message)))


def parse(model: type[Model], form: Form, own: Mapping[str, Mapping[str, str]] | None = None) -> Parsed[Model]:
    """Read the model's fields from a form. ``own`` gives msgids that replace ours: field → pydantic error type → msgid."""
    raw: dict[str, Any] = {}
    for field_name, info in model.model_fields.items():
        name = info.alias or field_name
        if _is_list(info.annotation):
            raw[name] = form.get(name, [])[:MAX_FIELDS]
        elif name in form:
            raw[name] = form.last(name)
    try:
        return Parsed(raw=_echo(raw), value=model.model_validate(raw))
    except ValidationError as error:
        return Parsed(raw=_echo(raw), errors=list(_messages(error, own or {})))


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) in {list, tuple, set, frozenset}


def _echo(raw: dict[str, Any]) -> dict[str, Any]:
    """Keep what was typed, but not a megabyte of it; what stays is still too long for every field of ours."""
    return {name: value[:_ECHO] if isinstance(value, str) else value for name, value in raw.items()}


def _messages(error: ValidationError, own: Mapping[str, Mapping[str, str]]) -> Iterable[FieldError]:
    seen: set[str] = set()
    for item in error.errors(include_url=False):
        name = str(item["loc"][0]) if item["loc"] else "form"
        if name in seen:
            continue
        seen.add(name)
        kind, context = item["type"], item.get("ctx", {})
        if isinstance(item["input"], str):  # a length after a validator is told as that of a list
            kind = {"too_long": "string_too_long", "too_short": "string_too_short"}.get(kind, kind)
        if kind == "own":
            message = gettext(str(context["text"]))
        elif kind.startswith("guard_"):
            message = gettext(_GUARD_MESSAGES[kind.removeprefix("guard_")])
        else:
            message = gettext(own.get(name, {}).get(kind) or _MESSAGES.get(kind, _FALLBACK))
            message = message.format(**{key: value for key, value in context.items() if key == "max_length"})
        yield FieldError(name, message)
