"""Mandates driven over HTTP against a model: helpers, consents, stops and the clock in any order; nothing lost, none phantom.

The model (``Given``) is written from the domain, not from the code: it keeps its own dates, its own supersession and its own
answer to « may this be done now? ». After each act the database must say what the model says.
"""

from __future__ import annotations

import itertools
from collections import Counter as Tally
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import col, select

from aidants import clock
from aidants.assistance.services import receive
from aidants.db import Database, Mode, unit_of_work
from aidants.guides.services import start_run
from aidants.journal.models import JournalRecord
from aidants.journal.seal import seal_now
from aidants.journal.verify import verify
from aidants.mandates.renewal import end_what_is_over
from aidants.procedures import PROCEDURES
from aidants.settings import Settings
from tests.support.counter import DAYS, GUIDES, OPEN, Counter, Given, Template, last_second, make_template
from tests.web.test_guides import reach, working

RUNS = {"sqlite": 300, "postgresql": 20}
STEPS = 16
_runs = itertools.count()
PROCEDURES_TRIED = ("demander-apl", "carte-grise-adresse", "carte-grise-achat", "acte-etat-civil", "porter-plainte")
WITNESSES: dict[str, object] = {
    **{"temoin1": "Lise Morin", "qualite1": "agente d’accueil", "temoin2": "Rosa Lima", "qualite2": "voisine"},
    "majeurs": "oui",
}
BEGINNINGS = (
    datetime(2027, 1, 30, 9, 0, tzinfo=UTC),  # the day before a month without its number
    datetime(2027, 3, 27, 22, 30, tzinfo=UTC),  # the clocks go forward in the night
    datetime(2027, 9, 29, 21, 59, 58, tzinfo=UTC),  # a month that ends on the day when they go back
    datetime(2027, 10, 30, 23, 30, tzinfo=UTC),  # half past one, which comes twice that night
    datetime(2028, 2, 28, 10, 0, tzinfo=UTC),  # the day before the 29th of February
)
TURNS = {
    *(
        "activated",
        "signed too late",
        "superseded",
        "stopped",
        "renewed",
        "frozen",
        "acted",
        "act refused",
        "stopped alone",
    ),
    *("job: abandoned", "job: expired"),
}
TITLES = {
    "draft": "pas encore signé",
    "awaiting": "pas encore signé",
    "active": "est valable",
    "expired": "est terminé",
    "revoked": "est arrêté",
    "superseded": "est remplacé",
    "abandoned": "jamais été signé",
}


class Said(NamedTuple):
    """What a person answers."""

    procedures: tuple[str, ...]
    duration: str
    witnessed: bool


PERSON, HELPER = st.integers(0, 1), st.sampled_from(["nadia", "tom"])
SAID = st.builds(
    Said,
    st.lists(st.sampled_from(PROCEDURES_TRIED), min_size=1, max_size=3, unique=True).map(tuple),
    st.sampled_from(["SHORT", "MONTH", "SEMESTER", "LONG"]),
    st.sampled_from([False, False, True]),
)


class Life(RuleBasedStateMachine):
    """Two helpers of one organisation, one of another, an auditor; two persons."""

    template: ClassVar[Template]
    clock_says: ClassVar[Callable[[datetime], None]]
    reached: ClassVar[Tally[str]] = Tally()
    """How often each turn of a mandate's life was taken, over all runs: a test that never gets there shows nothing."""
    mandates = Bundle("mandates")

    def __init__(self) -> None:
        super().__init__()
        self.counter: Counter = self.template.open()
        self.now = BEGINNINGS[0]
        self.given: list[Given] = []
        self.dead: set[int] = set()
        self.versions = [self.counter.version_of(person) for person in (0, 1)]

    def teardown(self) -> None:
        if next(_runs) % 5 == 0:
            seal_now(self.counter.database)
            assert verify(self.counter.database).ok
        self._check_journal()
        self.counter.close()

    @initialize(
        target=mandates,
        begin=st.sampled_from(BEGINNINGS),
        seconds=st.integers(0, 7200),
        said=st.tuples(SAID, SAID),
        signed=st.booleans(),
    )
    def first_visits(self, begin: datetime, seconds: int, said: tuple[Said, Said], signed: bool) -> Any:
        """One person gives a mandate; the other gives one too, or has a text to sign."""
        self._clock_says(begin + timedelta(seconds=seconds))
        return multiple(self.a_visit(0, "nadia", said[0], True), self.a_visit(1, "tom", said[1], signed))

    # The clock

    def _clock_says(self, now: datetime) -> None:
        self.now = now
        type(self).clock_says(now)
        self.counter.keep_signed_in(now)

    @rule(
        passed=st.sampled_from(
            [
                *(timedelta(minutes=1), timedelta(hours=2), timedelta(hours=2, seconds=1), timedelta(hours=13)),
                *(timedelta(hours=24), timedelta(hours=24, seconds=1), timedelta(days=8), timedelta(days=31)),
                *(timedelta(days=182), timedelta(days=366)),
            ]
        )
    )
    def time_passes(self, passed: timedelta) -> None:
        self._clock_says(self.now + passed)

    @rule(late=st.sampled_from([-1, 0, 1]))
    def midnight_comes(self, late: int) -> None:
        self._clock_says(max(self.now, last_second(self.now, 0) + timedelta(seconds=late)))

    @rule(mandate=mandates, late=st.sampled_from([-1, 0, 1]))
    def an_end_comes(self, mandate: Given, late: int) -> None:
        if mandate.ends is not None:
            self._clock_says(max(self.now, mandate.ends + timedelta(seconds=late)))

    @rule()
    def the_daily_job_runs(self) -> None:
        end_what_is_over(self.counter.database)
        for one in self.given:
            self.reached[f"job: {one.at(self.now)}"] += one.state != one.at(self.now)
            one.state = one.at(self.now)

    # Before consent

    @rule(target=mandates, person=PERSON, who=HELPER)
    def start(self, person: int, who: str) -> Any:
        answer = self.counter.post(who, f"/personnes/{self.counter.persons[person]}/mandats")
        if person in self.dead:
            assert answer.status_code == 409
            return multiple()
        assert answer.status_code == 303
        found = answer.headers["location"].rsplit("/", 1)[1]
        mine = [one for one in self.given if (one.person, one.helper) == (person, who)]
        open_drafts = [one for one in mine if one.at(self.now) == "draft"]
        if open_drafts:
            assert found == max(open_drafts, key=lambda one: one.born).id
            return next(one for one in self.given if one.id == found)
        return self._new(Given(found, person, who, self.now))

    @rule(target=mandates, person=PERSON, who=HELPER, said=SAID, signed=st.sampled_from([True, True, False]))
    def a_visit(self, person: int, who: str, said: Said, signed: bool) -> Any:
        """Somebody comes, everything is asked, the text is printed, and most often signed."""
        mandate = self.start(person, who)
        if not isinstance(mandate, Given):
            return mandate
        self.answer(mandate, who, said, 7)
        self.freeze(mandate, who, False)
        if signed:
            self.sign(mandate, who, "right", True, False)
        return mandate

    def _new(self, one: Given) -> Given:
        assert all(known.id != one.id for known in self.given)
        self.given.append(one)
        return one

    @rule(mandate=mandates, who=HELPER, said=SAID, far=st.sampled_from([7, 7, 7, 3]))
    def answer(self, mandate: Given, who: str, said: Said, far: int) -> None:
        open_draft = mandate.at(self.now) == "draft"
        questions: list[tuple[str, dict[str, object]]] = [
            ("demarches", {"demarches": said.procedures}),
            ("autres", {}),
            ("duree", {"duree": said.duration}),
            ("protection", {"protection": "non"}),
            ("accord", {"accord": "witness" if said.witnessed else "paper"}),
            *([("temoins", WITNESSES)] if said.witnessed else []),
            ("lecture", {"lu": "oui"}),
        ]
        for question, fields in questions[:far]:
            assert self.counter.post(who, f"/mandats/{mandate.id}/{question}", fields).status_code == 303
        if not open_draft:
            return
        mandate.procedures, mandate.duration = said.procedures, said.duration
        mandate.complete = far == 7
        if mandate.complete:
            mandate.witnessed = said.witnessed
            mandate.duration = "SHORT" if said.witnessed else said.duration

    @rule(mandate=mandates, who=HELPER, twice=st.booleans())
    def freeze(self, mandate: Given, who: str, twice: bool) -> None:
        for _ in range(1 + twice):
            assert self.counter.post(who, f"/mandats/{mandate.id}/relire").status_code == 303
        if mandate.at(self.now) == "draft" and mandate.complete:
            mandate.state = "awaiting"
            self._frozen(mandate)

    @rule(mandate=mandates, who=HELPER)
    def freeze_again(self, mandate: Given, who: str) -> None:
        assert self.counter.post(who, f"/mandats/{mandate.id}/imprimer-de-nouveau").status_code == 303
        if mandate.at(self.now) == "awaiting":
            self._frozen(mandate)

    def _frozen(self, mandate: Given) -> None:
        mandate.asked, mandate.version = self.now, self.versions[mandate.person]
        short = mandate.duration == "SHORT"
        mandate.ends = self.now + timedelta(hours=24) if short else last_second(self.now, DAYS[mandate.duration])

    @rule(mandate=mandates, who=HELPER)
    def change_something(self, mandate: Given, who: str) -> None:
        answer = self.counter.post(who, f"/mandats/{mandate.id}/changer")
        if mandate.at(self.now) != "awaiting":
            assert answer.status_code == 409
            return
        assert answer.status_code == 303
        mandate.state = "abandoned"
        again = Given(answer.headers["location"].split("/")[2], mandate.person, who, self.now)
        again.procedures, again.duration = mandate.procedures, mandate.duration
        again.complete = not mandate.witnessed
        again.witnessed = mandate.witnessed
        self._new(again)

    @rule(mandate=mandates, who=HELPER, twice=st.booleans())
    def refuse(self, mandate: Given, who: str, twice: bool) -> None:
        before = mandate.at(self.now)
        for _ in range(1 + twice):
            status = self.counter.post(who, f"/mandats/{mandate.id}/refus").status_code
            assert status == (303 if before in (*OPEN, "abandoned") else 409)
        if before in OPEN:
            mandate.state = "abandoned"

    @rule(person=PERSON, phone=st.sampled_from(["05 00 00 00 01", "05 00 00 00 02"]))
    def the_card_changes(self, person: int, phone: str) -> None:
        address = f"/personnes/{self.counter.persons[person]}/modifier"
        nadia = self.counter.browsers["nadia"]
        nadia.open(address)
        assert nadia.submit({"phone": phone}, action=address).status_code == 303
        self.versions[person] = self.counter.version_of(person)

    # Consent

    @rule(
        mandate=mandates,
        who=HELPER,
        code=st.sampled_from(["right", "right", "right", "wrong"]),
        ticked=st.sampled_from([True, True, True, False]),
        twice=st.booleans(),
    )
    def sign(self, mandate: Given, who: str, code: str, ticked: bool, twice: bool) -> None:
        waiting = mandate.at(self.now) == "awaiting"
        for _ in range(1 + twice):
            given = self.counter.browsers[who].code(who) if code == "right" else "0000000"
            fields = {"code": given, **({"signe": "oui"} if ticked else {})}
            status = self.counter.post(who, f"/mandats/{mandate.id}/activer", fields).status_code
            if not waiting or mandate.state == "active":
                assert status == 303
            elif code == "wrong" or not ticked:
                assert status == 422
            elif self._too_late(mandate):
                self.reached["signed too late"] += 1
                assert status == 409
            else:
                assert status == 303
                self._activate(mandate)

    @rule(mandate=mandates, who=HELPER, late=st.sampled_from([0, 1]))
    def sign_at_the_last_moment(self, mandate: Given, who: str, late: int) -> None:
        if mandate.at(self.now) == "awaiting":
            self._clock_says(max(self.now, self._limit(mandate) + timedelta(seconds=late)))
            self.sign(mandate, who, "right", True, False)

    def _limit(self, mandate: Given) -> datetime:
        assert mandate.asked is not None
        midnight = last_second(mandate.asked, 0)
        return min(midnight, mandate.asked + timedelta(hours=2)) if mandate.duration == "SHORT" else midnight

    def _too_late(self, mandate: Given) -> bool:
        return self.now > self._limit(mandate) or mandate.version != self.versions[mandate.person]

    def _activate(self, mandate: Given) -> None:
        self.reached["activated"] += 1
        mandate.state, mandate.granted = "active", dict.fromkeys(mandate.scopes(), "")
        for older in self.given:
            if older is mandate or older.person != mandate.person or older.at(self.now) != "active":
                continue
            standing = [scope for scope, by in older.granted.items() if not by]
            for scope in standing:
                if scope in mandate.granted:
                    older.granted[scope] = "superseded"
                    self.reached["superseded"] += 1
            if standing and all(older.granted.values()):
                older.state, older.superseded = "revoked", True

    # After consent

    @rule(
        mandate=mandates,
        who=HELPER,
        by=st.sampled_from(["resident", "helper"]),
        scope=st.sampled_from(["", "", "logement", "transports", "papiers", "argent"]),
        twice=st.booleans(),
    )
    def stop(self, mandate: Given, who: str, by: str, scope: str, twice: bool) -> None:
        for _ in range(1 + twice):
            before = mandate.at(self.now)
            status = self.counter.post(who, f"/mandats/{mandate.id}/arreter", {"par": by, "theme": scope}).status_code
            if before == "revoked":
                assert status == 303
            elif before != "active":
                assert status == 409
            elif scope and scope not in mandate.granted:
                assert status == 404
            else:
                assert status == 303
                self.reached["stopped"] += 1
                self._taken_back(mandate, scope, by)

    def _taken_back(self, mandate: Given, scope: str, by: str) -> None:
        for held, taken in mandate.granted.items():
            if scope in ("", held) and not taken:
                mandate.granted[held] = by
        if all(mandate.granted.values()):
            mandate.state = "revoked"

    @rule(mandate=mandates, scope=st.sampled_from(["", "", "logement", "transports", "papiers"]), twice=st.booleans())
    def the_person_stops_it_alone(self, mandate: Given, scope: str, twice: bool) -> None:
        """On their own page, which a reported death closes."""
        for _ in range(1 + twice):
            before = mandate.at(self.now)
            path, who = f"/ma-page/mandats/{mandate.id}/arreter", f"person {mandate.person}"
            answer = self.counter.post(who, path, {"theme": scope})
            if mandate.person in self.dead:
                assert answer.headers["location"] == "/ma-page?fermee=1"
            elif not mandate.granted:
                assert answer.status_code == 404
            elif before == "expired":
                assert answer.status_code == 409
            elif before == "active" and scope and scope not in mandate.granted:
                assert answer.status_code == 404
            else:
                assert answer.status_code == 303
                if before == "active":
                    self.reached["stopped alone"] += 1
                    self._taken_back(mandate, scope, "resident")

    @rule(mandate=mandates)
    def somebody_else_stops_it_alone(self, mandate: Given) -> None:
        path = f"/ma-page/mandats/{mandate.id}/arreter"
        answer = self.counter.post(f"person {1 - mandate.person}", path)
        assert answer.status_code == (303 if 1 - mandate.person in self.dead else 404)

    @rule(mandate=mandates, who=HELPER)
    def renew(self, mandate: Given, who: str) -> None:
        answer = self.counter.post(who, f"/mandats/{mandate.id}/renouveler")
        state = mandate.at(self.now)
        late = mandate.ends is not None and self.now > mandate.ends + timedelta(days=365)
        if state not in ("active", "expired") or late or mandate.person in self.dead:
            assert answer.status_code == 409
            return
        assert answer.status_code == 303
        found = answer.headers["location"].split("/")[2]
        if found not in {one.id for one in self.given}:
            again = Given(found, mandate.person, who, self.now, mandate.procedures, mandate.duration)
            again.renews = mandate.id
            self.reached["renewed"] += 1
            self._new(again)
            return
        again = next(one for one in self.given if one.id == found)
        assert (again.renews, again.at(self.now)) == (mandate.id, "draft")

    @rule(person=PERSON, sure=st.sampled_from([True, False, False]), twice=st.booleans())
    def a_death_is_reported(self, person: int, sure: bool, twice: bool) -> None:
        for _ in range(1 + twice):
            path = f"/personnes/{self.counter.persons[person]}/deces"
            status = self.counter.post("nadia", path, {"sur": "oui"} if sure else {}).status_code
            assert status == (303 if sure else 422)
        if not sure or person in self.dead:
            return
        self.dead.add(person)
        for one in self.given:
            if one.person == person and one.state in OPEN:
                one.state = "abandoned"
            elif one.person == person and one.at(self.now) == "active":
                one.state = "revoked"
                self.reached["frozen"] += 1

    @rule(person=PERSON)
    def it_was_a_mistake(self, person: int) -> None:
        assert self.counter.post("tom", f"/personnes/{self.counter.persons[person]}/deces/erreur").status_code == 303
        self.dead.discard(person)

    @rule(mandate=mandates, guide=st.sampled_from(sorted(GUIDES)), who=HELPER)
    def act(self, mandate: Given, guide: str, who: str) -> None:
        """Press « C’est fait » on the step that needs a mandate, and go back to it if that was allowed."""
        person = mandate.person
        named = [name for name in mandate.procedures if name in GUIDES]
        guide = named[0] if named else guide
        allowed = all(
            any(one.allows(scope, guide, self.now) for one in self.given if one.person == person)
            for scope in PROCEDURES[guide].scopes
        )
        self.reached["acted" if allowed else "act refused"] += 1
        run = self.counter.runs[person, guide]
        step, revision = self.counter.place_of(run)
        answer = self.counter.post(who, f"/parcours/{run}", {"step": step, "act": "done", "revision": revision})
        assert answer.status_code == (303 if allowed else 409)
        after, now_at = self.counter.place_of(run)
        assert (after != step) == allowed
        if allowed:
            back = self.counter.post(who, f"/parcours/{run}", {"step": after, "act": "back", "revision": now_at})
            assert back.status_code == 303

    @rule(mandate=mandates)
    def anybody_verifies(self, mandate: Given) -> None:
        code = self.counter.code_of(mandate.id)
        if code is None:
            return
        shown = self.counter.stranger.get(f"/v/{code}")
        state = mandate.at(self.now)
        assert TITLES["superseded" if mandate.superseded else state] in shown.text, (state, mandate)

    @rule(
        mandate=mandates,
        who=st.sampled_from(["youssef", "paul"]),
        act=st.sampled_from(["activer", "refus", "changer", "arreter", "renouveler", "relire", "imprimer-de-nouveau"]),
    )
    def others_try(self, mandate: Given, who: str, act: str) -> None:
        fields = {"signe": "oui", "code": "000000", "par": "resident"}
        status = self.counter.post(who, f"/mandats/{mandate.id}/{act}", fields).status_code
        assert status == (404 if who == "youssef" else 403)
        assert self.counter.browsers[who].get(f"/mandats/{mandate.id}").status_code == status

    # What must hold

    @invariant()
    def the_database_says_what_the_model_says(self) -> None:
        stored = self.counter.mandates()
        assert set(stored) == {one.id for one in self.given}
        for one in self.given:
            (row, held), scopes = stored[one.id], one.scopes()
            assert {"awaiting_consent": "awaiting"}.get(row.state, row.state) == one.state, one
            assert (row.asked_at, row.ends_at) == (one.asked, one.ends), one
            assert held == {scope: (" ".join(scopes[scope]), by) for scope, by in one.granted.items()}, one

    def _check_journal(self) -> None:
        """Each activation, grant and end stands in the journal once."""
        with unit_of_work(self.counter.database, Mode.READ) as work:
            ids = [one.id for one in self.given]
            query = select(JournalRecord).where(col(JournalRecord.mandate).in_(ids))
            said = [(row.mandate, row.type) for row in work.session.exec(query)]
        for one in self.given:
            expected = {
                "mandate_activated": bool(one.granted),
                "consent_given": bool(one.granted),
                "authorisation_granted": len(one.granted),
                "authorisation_superseded": list(one.granted.values()).count("superseded"),
                "authorisation_revoked": sum(by in ("resident", "helper") for by in one.granted.values()),
            }
            assert {kind: said.count((one.id, kind)) for kind in expected} == expected, one


def _walk(database: Database, person: str, guide: str, step: str) -> str:
    with working(database) as work:
        run = start_run(work, receive(work, person).id, guide)
    reach(database, run, step)
    return run


def test_nothing_is_lost_and_none_is_phantom(
    engine: str, settings: Settings, demo_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo_database.dispose()
    time_is = {"at": clock.now()}
    monkeypatch.setattr(clock, "now", lambda: time_is["at"])
    machine: Any = type("Life", (Life,), {})
    machine.template = make_template(settings, _walk)
    machine.clock_says = staticmethod(lambda now: time_is.update(at=now))
    often = hypothesis_settings(
        max_examples=RUNS[engine],
        stateful_step_count=STEPS,
        deadline=None,
        phases=(Phase.reuse, Phase.generate),  # shrinking takes minutes: the failing example is short enough to read
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    run_state_machine_as_test(machine, settings=often)
    if engine == "sqlite":
        assert {turn for turn, times in Life.reached.items() if times} >= TURNS, Life.reached
