"""What a guide is: frozen models, reading from YAML, canonical JSON and its SHA-256.

A guide is data: no expressions, no variables, no loops. A question maps a choice to a step id, nothing more. The graph
made by ``next`` and ``choices`` is checked in ``graph.py``; what the texts may say, in ``lint.py`` and its neighbours.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from aidants.guides.graph import graph_problems
from aidants.guides.markup import tidy
from aidants.guides.source import SourceError, read_source

LIBRARY = Path(__file__).parent / "library"
GUIDE_FILE = "guide.fr.yaml"
MAX_STEPS = 60
ID_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"


def _yes_or_no(value: Any) -> Any:
    return {"oui": True, "non": False}.get(value, value) if isinstance(value, str) else value


def _empty_is_none(value: Any) -> Any:
    return None if value == "" else value


Text = Annotated[str, StringConstraints(min_length=1, max_length=4000), AfterValidator(tidy)]
OptionalText = Annotated[str, StringConstraints(max_length=4000), AfterValidator(tidy)]
Id = Annotated[str, StringConstraints(pattern=ID_PATTERN, max_length=60)]
PartialDate = Annotated[str, StringConstraints(pattern=r"^20\d\d(-(0[1-9]|1[0-2])(-([0-2]\d|3[01]))?)?$")]
YesNo = Annotated[bool, BeforeValidator(_yes_or_no)]
OptionalDate = Annotated[date | None, BeforeValidator(_empty_is_none)]
Count = Annotated[int, Field(ge=0, le=600)]


class Status(StrEnum):
    """Where a guide stands: written by the importer, walkable, or taken back."""

    DRAFT = "draft"
    WALKABLE = "walkable"
    WITHDRAWN = "withdrawn"


class Kind(StrEnum):
    """What a step asks of the reader."""

    INFO = "info"
    CHECKLIST = "checklist"
    ACTION = "action"
    QUESTION = "question"
    CONFIRM = "confirm"
    WARNING = "warning"
    WAIT = "wait"
    HANDOFF = "handoff"
    END = "end"


class SensitiveMode(StrEnum):
    """Who may act. ``RESIDENT_ONLY``: password, code, card, signature, payment, sworn statement; no mandate unlocks it."""

    FREE = "free"
    MANDATE = "mandate"
    RESIDENT_ONLY = "resident_only"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Link(_Model):
    """The one link of a step; its host must stand in the guide's ``allowed_hosts``."""

    label: Text
    url: str


class Image(_Model):
    """A picture in the guide's ``img/`` folder, with the words that replace it."""

    file: str
    alt: OptionalText = ""


class Choice(_Model):
    """One answer to a question and the step it leads to."""

    id: Id
    label: Text
    next: str


class Sensitive(_Model):
    """Who may act on the step and why. ``sworn: no`` with its ``source`` says that sending is no sworn statement."""

    mode: SensitiveMode
    scope: str = ""
    why: OptionalText = ""
    sworn: Literal["", "no"] = ""
    source: str = ""


class Document(_Model):
    """A paper to have at hand: why it is asked, and the file formats the site takes (only those a source names)."""

    id: Id
    label: Text
    why: OptionalText = ""
    formats: tuple[str, ...] = ()
    optional: YesNo = False


class Source(_Model):
    """Where facts come from: an official fiche (``F12118``) or a page; ``date`` may be a year, a month or a day."""

    fiche: str = ""
    page: OptionalText = ""
    date: PartialDate
    licence: OptionalText = ""


class Step(_Model):
    """One screen. ``text`` is what the resident reads; ``helper_note`` never reaches the resident's view or print."""

    id: Id
    kind: Kind
    title: Text
    text: Text
    helper_note: OptionalText = ""
    link: Link | None = None
    expect: OptionalText = ""
    if_not: str = ""
    warning: OptionalText = ""
    image: Image | None = None
    minutes: Count = 0
    sensitive: Sensitive | None = None
    choices: tuple[Choice, ...] = ()
    log_choice: YesNo = False
    next: str = ""


class Guide(_Model):
    """A whole guide in one language. ``lang`` comes from the file's name, so that each language has its own SHA-256."""

    id: Id
    lang: str = "fr"
    version: Annotated[int, Field(ge=1)]
    title: Text
    summary: Text
    audience: Text
    scope: tuple[str, ...] = ()
    procedure: str = ""
    status: Status
    official_url: str
    allowed_hosts: tuple[str, ...]
    minutes: Count
    cost: Text
    delay: Text
    conditions: tuple[Text, ...] = ()
    documents: tuple[Document, ...] = ()
    glossary: dict[str, Text] = {}
    sources: tuple[Source, ...]
    facts_as_of: PartialDate
    reviewed_by: OptionalText = ""
    reviewed_on: OptionalDate = None
    expires_on: date
    steps: Annotated[tuple[Step, ...], Field(max_length=MAX_STEPS)]

    def step(self, step_id: str) -> Step:
        """Return the step of that id. Raises ``KeyError`` when the guide has none."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)

    def has_step(self, step_id: str) -> bool:
        """Say whether the guide has a step of that id."""
        return any(step.id == step_id for step in self.steps)

    def to_json(self) -> str:
        """Return the canonical JSON: sorted keys, no spaces, unset fields left out. What revisions store."""
        return _canonical(self)

    @classmethod
    def from_json(cls, text: str) -> Guide:
        """Read back what ``to_json`` wrote. Raises ``GuideError`` when it is no guide."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise GuideError(f"révision illisible ({error.error_count()} fautes)") from error


class GuideError(Exception):
    """A guide that cannot be used; the message is French and names the file when there is one."""


def _canonical(model: BaseModel) -> str:
    data = model.model_dump(mode="json", exclude_defaults=True)
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def step_sha256(step: Step) -> str:
    """Return the SHA-256 (64 hex digits) of the step's canonical JSON: a journal entry proves which words were followed."""
    return hashlib.sha256(_canonical(step).encode()).hexdigest()


def guide_sha256(guide: Guide) -> str:
    """Return the SHA-256 (64 hex digits) of the guide's canonical JSON, its language included."""
    return hashlib.sha256(_canonical(guide).encode()).hexdigest()


def load_guide(path: Path) -> Guide:
    """Read one ``guide.<lang>.yaml``. Raises ``GuideError`` when it cannot be read, typed or walked.

    The checker (``lint.check_library``) says more and softer things; this refuses only what would break a walk.
    """
    try:
        guide = Guide.model_validate(guide_data(read_source(path).plain(), path))
    except SourceError as error:
        raise GuideError(f"{path.name}:{error.mark.line}:{error.mark.column} {error.message}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise GuideError(f"{path.name} : {'.'.join(map(str, first['loc']))} : {first['msg']}") from error
    for problem in graph_problems(guide):
        raise GuideError(f"{path.name} étape {problem.step} : {problem.message}")
    return guide


def guide_data(plain: Any, path: Path) -> dict[str, Any]:
    """Return the data of a guide file with its language, taken from the name ``guide.<lang>.yaml``, added."""
    return {**plain, "lang": path.name.split(".")[1] if path.name.count(".") == 2 else "fr"}


def load_library(root: Path | None = None) -> dict[str, Guide]:
    """Read every French guide under ``root`` (the package's own library by default), by id, in order of id.

    Read once by the caller. Raises ``GuideError`` at the first guide that cannot be walked.
    """
    paths = sorted((root or LIBRARY).glob(f"*/{GUIDE_FILE}"))
    guides = [load_guide(path) for path in paths]
    return {guide.id: guide for guide in guides}
