"""The catalogue of journal actions: one small frozen dataclass each; its docstring is its documentation.

A field named like a column of the record goes to that column; any other field goes to the record's ``detail`` (short
strings, integers, lists of short strings). No field ever holds personal data: names, reasons and references go to the
sealed payload. To add an action: one class here, one sentence in ``labels``, one ``record`` call.

The file is over the usual length because it is a list, read whole by auditors.
"""

from __future__ import annotations

import dataclasses
import re
from enum import StrEnum
from typing import Any, ClassVar, Final, dataclass_transform

from aidants.journal.entry import FIELDS

PUBLIC: Final = "public"
CONSOLE: Final = "console"
SYSTEM: Final = "system"
RESIDENT: Final = "resident"
"""The resident of the entry, who acted alone, without account."""
UNNAMED: Final = frozenset({PUBLIC, CONSOLE, SYSTEM, RESIDENT})
"""Actors that are no person of the installation."""
LONGEST_DETAIL: Final = 200

COLUMNS: Final = frozenset(FIELDS) - {"v", "id", "ts", "kind", "type", "detail", "owner", "sealed"}
CATALOGUE: Final[dict[str, type[Action]]] = {}
_CAPITAL: Final = re.compile(r"(?<!^)(?=[A-Z])")


class Kind(StrEnum):
    """The family of an action; the only word about it that the public leaf says."""

    ACCOUNT = "account"
    ORGANISATION = "organisation"
    RESIDENT = "resident"
    MANDATE = "mandate"
    ASSISTANCE = "assistance"
    IDENTITY = "identity"
    AUDIT = "audit"
    SYSTEM = "system"


@dataclass_transform(frozen_default=True, kw_only_default=True)
class _Declared:
    """Makes each subclass a frozen dataclass and, unless it is a ``group``, a member of the catalogue."""

    type: ClassVar[str]
    kind: ClassVar[Kind]

    def __init_subclass__(cls, kind: Kind | None = None, group: bool = False, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        dataclasses.dataclass(frozen=True, kw_only=True)(cls)
        if kind is not None:
            cls.kind = kind
        if not group and issubclass(cls, Action):
            cls.type = _CAPITAL.sub("_", cls.__name__).lower()
            CATALOGUE[cls.type] = cls


class Action(_Declared, group=True):
    """Base of all actions. ``organisation`` defaults to the actor's; ``corrects`` is the id of an earlier entry."""

    organisation: str | None = None
    corrects: str | None = None

    def columns(self) -> dict[str, Any]:
        """Return the fields that are columns of the record, absent ones left out."""
        return {name: value for name, value in vars(self).items() if name in COLUMNS and value is not None}

    def detail(self) -> dict[str, Any]:
        """Return the other fields. Raises ValueError for a value too long or of a type the journal does not keep."""
        found = {name: value for name, value in vars(self).items() if name not in COLUMNS and value not in (None, ())}
        for name, value in found.items():
            parts = value if isinstance(value, tuple) else (value,)
            if not all(isinstance(part, (str, int)) and len(str(part)) <= LONGEST_DETAIL for part in parts):
                raise ValueError(f"{self.type}.{name} does not fit the journal")
        return found


# Accounts and organisations


class SignedIn(Action, kind=Kind.ACCOUNT):
    """A person opened a session with every factor asked. ``actor`` and ``session`` are theirs, just created."""

    actor: str
    session: str
    auth: str = "password_totp"
    level: str = "fresh"


class SignInFailed(Action, kind=Kind.ACCOUNT):
    """A sign-in was refused. ``person`` when the account exists; ``count``: as many earlier ones not written singly."""

    outcome: str
    person: str | None = None
    count: int | None = None


class SignedOut(Action, kind=Kind.ACCOUNT):
    """A person closed their session."""


class Reauthenticated(Action, kind=Kind.ACCOUNT):
    """A person gave a fresh one-time code for what they do next."""

    level: str = "fresh"


class SessionEnded(Action, kind=Kind.ACCOUNT):
    """A session ended. ``outcome``: ``replaced`` by another, ``closed``, or by time, ``idle`` or ``absolute``: that is written
    at the next sign-in of the person or on the computer."""

    outcome: str
    actor: str
    session: str


class Activated(Action, kind=Kind.ACCOUNT):
    """An invited person took possession of their account."""

    person: str
    actor: str | None = None


class RoleGranted(Action, kind=Kind.ACCOUNT):
    """A person received a role in an organisation or in the installation."""

    person: str
    role: str


class OrganisationCreated(Action, kind=Kind.ORGANISATION):
    """An organisation was created."""

    organisation: str


class TrainingRecorded(Action, kind=Kind.ACCOUNT):
    """A person's training was recorded; ``trained_on`` is the day of the certificate (ISO date)."""

    person: str
    trained_on: str | None = None


# Residents


class _OnResident(Action, kind=Kind.RESIDENT, group=True):
    resident: str
    assistance: str | None = None


class ResidentCreated(_OnResident):
    """A resident's file was created."""


class ResidentViewed(_OnResident):
    """A resident's file was shown: once for an actor, a session, a resident and a quarter of an hour."""


class ResidentChanged(_OnResident):
    """A resident's file was changed; ``fields`` names what changed, never the values."""

    fields: tuple[str, ...] = ()


class ResidentHoldSet(_OnResident):
    """Erasing a resident was suspended. ``reason``: ``claim``, ``court`` or ``archive``; ``until``: ISO day,
    absent when it has no end."""

    reason: str
    until: str | None = None


class ResidentHoldLifted(_OnResident):
    """Erasing a resident is possible again. ``reason``: ``closed``, ``mistake`` or ``request``."""

    reason: str


class DeathReported(_OnResident):
    """Somebody said that the resident died: every mandate ended at once, none is prepared any more."""


class DeathReportWithdrawn(_OnResident):
    """The death had been reported by mistake; the mandates that ended stay ended."""


class AccessRequested(_OnResident):
    """Everything held about a resident was given out to them. ``view``: ``page``, ``pdf``, ``json`` or ``html``."""

    view: str


class AccessCodeIssued(_OnResident):
    """A sheet with a new access code was drawn for a resident; the codes before it, and the visits they opened, ended."""


class OwnPageOpened(_OnResident):
    """A resident opened their own pages, with the code of their sheet. ``actor`` and ``session`` are theirs, just created."""

    actor: str = RESIDENT
    auth: str
    session: str


class OwnPageClosed(_OnResident):
    """A resident left their own pages."""


class OwnPageRefused(Action, kind=Kind.RESIDENT):
    """Somebody tried to open a resident's own pages. ``outcome``: ``unknown_code``, ``wrong_date``, ``wrong_sent_code``;
    ``resident`` when the code is a good one."""

    outcome: str
    resident: str | None = None


class _OnRequest(_OnResident, group=True):
    request: str
    sort: str


class RequestMade(_OnRequest):
    """A resident asked the counter something. ``sort``: ``question``, ``access`` (to their file), ``erasure``; the words are
    not in the journal."""


class RequestAnswered(_OnRequest):
    """The counter answered what a resident asked, or did it."""


class _OnTwo(_OnResident, group=True):
    other: str


class MergeProposed(_OnTwo):
    """A helper said that two files are of one person; ``other`` is the file that would be set aside."""


class MergeDeclined(_OnTwo):
    """The two files stay apart."""


class ResidentsMerged(_OnTwo):
    """A second helper confirmed: mandates, sittings and walks of ``other`` went to the resident's file, ``other`` is set aside.
    ``mandates``, ``sittings``, ``walks``: how many."""

    mandates: int
    sittings: int
    walks: int


class ResidentsUnmerged(_OnTwo):
    """A merge was undone: what had come from ``other`` went back."""


class MergeSettled(_OnTwo):
    """Thirty days passed: the identity of ``other``, set aside, was deleted and the merge is final."""


class ResidentErased(_OnResident):
    """A resident was erased: identity, key, papers, sealed payloads. ``outcome``: ``request``, ``mistake``, ``retention``, or
    ``reapplied`` after the return of an older backup; ``entries``: numbers of the entries whose payload went (``12``,
    ``40-43``)."""

    outcome: str
    entries: tuple[str, ...] = ()


class ResidentSearched(Action, kind=Kind.RESIDENT):
    """Residents were searched; ``results`` counts those shown, their ids are in the sealed payload."""

    results: int
    criteria: tuple[str, ...] = ()


# Mandates


class _OnMandate(Action, kind=Kind.MANDATE, group=True):
    mandate: str
    resident: str | None = None
    assistance: str | None = None


class MandateDrafted(_OnMandate):
    """A mandate was drafted; it authorises nothing yet."""


class ConsentAsked(_OnMandate):
    """The exact text was frozen and shown to the resident. ``proof``: kind of consent proof; ``text_sha256``: of the text."""

    proof: str
    text_sha256: str
    lang: str | None = None
    template: str | None = None
    duration: str | None = None


class HandedOver(_OnMandate):
    """The text was put into the resident's hands here. ``device``: ``screen`` (the helper's own, whose session then opens
    nothing else) or ``tablet``."""

    device: str


class TakenBack(_OnMandate):
    """The helper took the screen back with a fresh code."""


class ConsentLinkSent(_OnMandate):
    """A link to the text was sent to the resident. ``recipient``: ``helper`` when the address is that of somebody who works
    here, ``shared`` when it already served more than two residents."""

    channel: str
    recipient: str | None = None


class ConsentGiven(_OnMandate):
    """Who signs agreed; ``assurance`` is the level stated on screen and on paper, ``hand`` whose: ``resident`` or
    ``representative``."""

    proof: str
    text_sha256: str | None = None
    assurance: str | None = None
    hand: str | None = None


class ConsentRefused(_OnMandate):
    """The resident said no."""

    proof: str | None = None


class ProofAttached(_OnMandate):
    """A photo or scan of the signed paper was sealed with the mandate, or a helper said that one was signed (``signed``)."""

    proof: str


class ProofRemoved(_OnMandate):
    """A photo sealed by mistake was deleted."""

    proof: str


class ProofViewed(_OnMandate):
    """How the resident agreed was looked at (``page``), or a photo of the paper was downloaded (its format)."""

    proof: str


class MandateActivated(_OnMandate):
    """The mandate authorises acts from now. ``regime``: how the law protects the resident; ``relation``: ``relative`` or
    ``colleague`` of the helper, who declared it."""

    proof: str
    duration: str
    procedures: int
    ends_at: str
    regime: str | None = None
    relation: str | None = None


class AuthorisationGranted(_OnMandate):
    """One scope of a mandate, with its named procedures, became usable."""

    scope: str
    procedures: tuple[str, ...]


class AuthorisationSuperseded(_OnMandate):
    """A newer mandate of the same organisation took over this scope; ``by`` is that mandate."""

    scope: str
    by: str


class AuthorisationRevoked(_OnMandate):
    """One scope was withdrawn. ``outcome`` says by whom: ``resident``, ``helper`` or ``manager``."""

    scope: str
    outcome: str


class MandateRevoked(_OnMandate):
    """The whole mandate ended. ``outcome``: ``resident``, ``helper``, ``manager``, ``renounced``, ``death``, ``incapacity``,
    ``erased`` with the resident."""

    outcome: str


class MandateFrozen(_OnMandate):
    """A mandate ended at once with all the others of the resident. ``outcome``: ``death``, as somebody reported it."""

    outcome: str


class UrgentAct(_OnMandate):
    """After a reported death, an act that could not wait was finished (Code civil, art. 1991); why is sealed."""

    procedure: str


class MandateExpired(_OnMandate):
    """The last day of a mandate is over. Acts were refused from its last second; this entry is written a little later."""

    actor: str = SYSTEM


class MandateRenewed(_OnMandate):
    """A draft was prefilled from an earlier mandate, ``renews``; it needs a whole new consent."""

    renews: str


class MandateRefusedByOperator(_OnMandate):
    """An operator did not accept the mandate. ``outcome``: ``no_mandate``, ``own_form``, ``not_believed`` or ``other``."""

    operator: str
    outcome: str


class MandateAbandoned(Action, kind=Kind.MANDATE):
    """A mandate never became active. ``outcome``: ``refused``, ``lapsed``, ``changed``, ``stopped``, ``erased``, or the rule
    that forbids it: ``protected_person`` (under a regime that the counter does not accept), ``unable`` (to understand)."""

    outcome: str
    mandate: str | None = None
    resident: str | None = None
    assistance: str | None = None


class MandateViewed(_OnMandate):
    """A mandate was shown: once for an actor, a session, a mandate and a quarter of an hour."""


class MandatePrinted(_OnMandate):
    """A mandate was printed or downloaded; ``copy``: ``original``, ``reprint``, or ``certificate`` that it was stopped."""

    copy: str | None = None


class MandateVerified(Action, kind=Kind.MANDATE):
    """Somebody checked a verification code. ``outcome``: the state answered; ``count``: as many not written singly."""

    outcome: str
    mandate: str | None = None
    count: int | None = None


# Assistance and guides


class _OnAssistance(Action, kind=Kind.ASSISTANCE, group=True):
    assistance: str | None = None
    resident: str | None = None
    mandate: str | None = None


class AssistanceStarted(_OnAssistance):
    """A helper and a resident sat down together."""

    assistance: str


class AssistanceEnded(_OnAssistance):
    """The sitting ended; ``minutes`` is its length when known."""

    assistance: str
    outcome: str | None = None
    minutes: int | None = None


class _OnRun(_OnAssistance, group=True):
    run: str
    guide: str
    version: int
    lang: str | None = None
    scope: str | None = None
    procedure: str | None = None


class RunStarted(_OnRun):
    """A guide was opened with the resident."""


class _OnStep(_OnRun, group=True):
    step: str
    step_sha256: str | None = None


class StepShown(_OnStep):
    """A step was shown; ``step_sha256`` is the hash of the text on screen."""


class StepDone(_OnStep):
    """A step was done. ``by``: ``resident`` or ``helper``."""

    by: str | None = None


class StepSkipped(_OnStep):
    """A step was passed over."""


class StepBlocked(_OnStep):
    """A step could not be done; ``outcome`` is the code of the difficulty."""

    outcome: str | None = None


class StepUndone(_OnStep):
    """The walk went back to a step: what was said of it no longer counts."""


class ChoiceMade(_OnStep):
    """The path forked; ``choice`` is the key of the answer."""

    choice: str


class SensitiveAct(_OnStep):
    """An act with consequences was confirmed. ``act``: its key in the step; ``by``: ``resident`` or ``helper``."""

    act: str
    by: str | None = None


class RunFinished(_OnRun):
    """A guide was left. ``outcome``: ``done``, ``partial``, ``referred``, ``abandoned`` or ``erased`` with the resident."""

    outcome: str


# Audit and system


class JournalSearched(Action, kind=Kind.AUDIT):
    """The journal was read; ``filters`` names the criteria used, ``view`` the screen."""

    view: str
    filters: tuple[str, ...] = ()


class JournalVerified(Action, kind=Kind.AUDIT):
    """The whole journal was checked. ``outcome``: ``intact`` or ``faults``."""

    outcome: str
    size: int
    root: str
    faults: int = 0


class JournalExported(Action, kind=Kind.AUDIT):
    """The journal left as files. ``view``: ``log`` (nothing personal), ``records`` (with every record and its salt), ``bundle``
    (with those of a search), ``csv`` or ``xlsx`` (a search as a table); ``filters`` names the criteria used."""

    view: str
    filters: tuple[str, ...] = ()


class ProofIssued(Action, kind=Kind.AUDIT):
    """The proof that an entry is in the journal was given out; ``entry`` is the entry's id."""

    entry: str
    mandate: str | None = None


class EntryOpened(Action, kind=Kind.AUDIT):
    """The personal data sealed with an entry was opened, for a quarter of an hour; ``entry``: its id. The reason is sealed."""

    entry: str
    resident: str | None = None


class NameRevealed(Action, kind=Kind.AUDIT):
    """The name behind a pseudonym was shown, for a while: a resident's, or a ``person``'s. The reason is sealed."""

    entry: str
    resident: str | None = None
    person: str | None = None


class AnomalyReviewed(Action, kind=Kind.AUDIT):
    """An auditor answered an anomaly flag. ``outcome``: ``explained``, ``reminded`` or ``reported``; ``entry``: the first entry
    flagged; ``rule``: which rule. What explains it is sealed."""

    flag: str
    rule: str
    outcome: str
    entry: str


class CheckpointPublished(Action, kind=Kind.AUDIT):
    """A signed checkpoint was handed out to be kept elsewhere; ``size`` and ``root`` are its own."""

    size: int
    root: str


class AccessRefused(Action, kind=Kind.SYSTEM):
    """An act or a page was refused. ``outcome``: the rule's code; ``page``: the route's pattern, without values."""

    outcome: str
    page: str | None = None
    resident: str | None = None
    mandate: str | None = None
    assistance: str | None = None
    run: str | None = None
    scope: str | None = None
    procedure: str | None = None
    count: int | None = None


class _OnMessage(Action, kind=Kind.SYSTEM, group=True):
    message: str
    channel: str
    template: str
    resident: str | None = None
    mandate: str | None = None


class MessageSent(_OnMessage):
    """A message left: its server or gateway took it. ``channel``: ``mail`` or ``sms``; ``template``: which text; ``attempts``:
    how many it took."""

    attempts: int
    actor: str = SYSTEM


class MessageFailed(_OnMessage):
    """A message was given up. ``outcome``: the code of the last error; ``attempts``: how many were made."""

    attempts: int
    outcome: str
    actor: str = SYSTEM


class MessageRequeued(_OnMessage):
    """An administrator asked that a message given up be sent again."""


class ClockAnomaly(Action, kind=Kind.SYSTEM):
    """The server's clock went back by more than two seconds since the entry before; ``seconds`` says how far."""

    seconds: int
    actor: str = SYSTEM
