"""Anomaly flags over a real journal: found, explained, answered for good; and acts counted by day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from lxml import html
from sqlmodel import select

from aidants.accounts.models import Membership, Organisation, Person
from aidants.audit import screening
from aidants.audit.anomalies import Rule
from aidants.db import Database, Mode, unit_of_work
from aidants.journal import actions, labels
from aidants.journal.models import JournalRecord
from aidants.journal.seal import seal_now
from aidants.journal.services import open_payload, record, under_installation
from aidants.journal.verify import verify
from tests.security.tools import Clock, actor_of, entries_after, kinds_after, last_entry
from tests.support.client import Browser, text_of
from tests.web.test_audit import numbers

Browse = Callable[..., Browser]
SUNDAY_NIGHT = datetime.fromisoformat("2026-11-22T22:00:00+01:00")
MONDAY = datetime.fromisoformat("2026-11-23T10:00:00+01:00")
DAYS = ("22 novembre 2026", "23 novembre 2026")
"""The local days of those two."""
REASON = "Permanence exceptionnelle, prévue par la mairie"


def work_at_night(database: Database, who: str = "nadia", acts: int = 3) -> None:
    for number in range(acts):
        with unit_of_work(database, Mode.WRITE) as work:
            work.actor = actor_of(work, who)
            record(work, actions.MandateViewed(mandate=f"m{number}"))


@pytest.fixture
def sunday(demo_database: Database, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Nadia worked on Sunday night; it is Monday now."""
    clock = Clock(monkeypatch)
    clock.at = SUNDAY_NIGHT
    work_at_night(demo_database)
    clock.at = MONDAY
    return clock


def keys(page: str, title: str = "Actes de nuit", days: Sequence[str] = DAYS) -> list[str]:
    """The flags of one rule on the page, but those of the demonstration: it was filled today, perhaps at night."""
    marks = html.fromstring(page).xpath("//*[contains(@class, 'notice--notice') or @class = 'card']")
    found = [mark for mark in marks if any(day in mark.text_content() for day in days)]
    links = [
        item.xpath(".//a[starts-with(@href, '/journal/signalements/')]/@href")
        for item in found
        if title in item.text_content()
    ]
    return [link[0].rsplit("/", 1)[1] for link in links if link]


def test_a_flag_is_shown_with_its_rule_and_answered(demo_database: Database, browse: Browse, sunday: Clock) -> None:
    paul = browse("paul")
    page = paul.open("/journal/signalements")
    words = text_of(page)
    assert "Actes de nuit, un dimanche ou un jour férié" in words
    assert "Dimanche 22 novembre 2026" in words
    assert "3 fois" in words
    assert "Nadia" not in page.text
    (key,) = keys(page.text)
    path, before = f"/journal/signalements/{key}", last_entry(demo_database)
    paul.open(path)
    assert paul.submit({"conclusion": "explained", "motif": REASON}, action=path).status_code == 303
    (written,) = [row for row in entries_after(demo_database, before) if row.type == "anomaly_reviewed"]
    assert (written.outcome, written.corrects) == ("explained", None)
    with unit_of_work(demo_database, Mode.READ) as work:
        assert open_payload(work, written.id, under_installation(work, {}).key) == {"answer": REASON}
        assert REASON not in (written.detail or "")
    words = text_of(paul.open("/journal/signalements"))
    assert keys(paul.open("/journal/signalements").text) == [key]
    assert REASON in words.split("Déjà examinés")[1]
    paul.open(path)
    assert (
        paul.submit({"conclusion": "reported", "motif": "À vrai dire, personne ne savait"}, action=path).status_code
        == 303
    )
    second = entries_after(demo_database, before)[-1]
    assert (second.type, second.outcome, second.corrects) == ("anomaly_reviewed", "reported", written.id)
    assert REASON not in text_of(paul.open("/journal/signalements"))


def test_only_new_entries_are_read_again(demo_database: Database, browse: Browse, sunday: Clock) -> None:
    paul = browse("paul")
    assert len(keys(paul.open("/journal/signalements").text)) == 1
    read: list[int] = []
    screener = screening._screeners[demo_database]
    real = screener._screening.read

    def counting(entries: object) -> None:
        found = list(entries)  # type: ignore[call-overload]
        read.append(len(found))
        real(found)

    screener._screening.read = counting  # type: ignore[method-assign]
    work_at_night(demo_database, "tom", 4)
    paul.open("/journal/signalements")
    assert sum(read) == 5, "four acts and the reading of the page"


def test_a_later_act_of_the_day_is_flagged_in_an_open_process(
    demo_database: Database, browse: Browse, sunday: Clock
) -> None:
    paul = browse("paul")
    paul.open("/journal/signalements")
    sunday.at = MONDAY.replace(hour=21)
    work_at_night(demo_database, "youssef")
    assert len(keys(browse("paul").open("/journal/signalements").text)) == 2


@pytest.mark.parametrize(
    ("conclusion", "motif"),
    [("", REASON), ("autre", REASON), ("explained", ""), ("explained", "court"), ("explained", "x" * 501),
     ("explained", "appeler le 1 85 05 78 006 084 91")],
    ids=["none", "unknown", "no reason", "short", "long", "nir"],
)  # fmt: skip
def test_an_answer_that_is_none(
    demo_database: Database, browse: Browse, sunday: Clock, conclusion: str, motif: str
) -> None:
    paul = browse("paul")
    (key,) = keys(paul.open("/journal/signalements").text)
    path, before = f"/journal/signalements/{key}", last_entry(demo_database)
    paul.open(path)
    answer = paul.submit({"conclusion": conclusion, "motif": motif}, action=path)
    assert answer.status_code == 422
    assert "anomaly_reviewed" not in kinds_after(demo_database, before)
    assert "Déjà examinés" not in text_of(paul.open("/journal/signalements"))


def test_a_flag_that_is_none(demo_database: Database, browse: Browse, sunday: Clock) -> None:
    paul = browse("paul")
    for key in ("0" * 32, "x", "%00", "%2e%2e"):
        assert paul.get(f"/journal/signalements/{key}").status_code in {400, 404}
        assert paul.post(f"/journal/signalements/{key}", {"conclusion": "explained", "motif": REASON}).status_code in {
            400,
            404,
        }


@pytest.mark.parametrize("who", ["nadia", "claire", "sofia"])
def test_auditors_only(demo_database: Database, browse: Browse, sunday: Clock, who: str) -> None:
    (key,) = keys(browse("paul").open("/journal/signalements").text)
    before, browser = last_entry(demo_database), browse(who)
    for path in ("/journal/signalements", f"/journal/signalements/{key}", "/journal/tirage", "/journal/actes"):
        assert browser.get(path).status_code == 403
    assert browser.post(f"/journal/signalements/{key}", {"conclusion": "explained", "motif": REASON}).status_code == 403
    assert "anomaly_reviewed" not in kinds_after(demo_database, before)


def limit_paul_to(database: Database, name: str) -> str:
    """Let Paul audit one organisation only; return its id."""
    with unit_of_work(database, Mode.WRITE) as work:
        place = work.session.exec(select(Organisation.id).where(Organisation.name == name)).one()
        paul = work.session.exec(select(Person.id).where(Person.name == "Paul Mérou")).one()
        role = work.session.exec(select(Membership).where(Membership.person_id == paul)).one()
        role.organisation_id = place
        work.session.add(role)
        return place


def test_another_organisation_s_flags_stay_away(demo_database: Database, browse: Browse, sunday: Clock) -> None:
    (key,) = keys(browse("paul").open("/journal/signalements").text)
    limit_paul_to(demo_database, "Association Le Fil d’Orsenne")
    paul = browse("paul")
    assert keys(paul.open("/journal/signalements").text) == []
    assert paul.get(f"/journal/signalements/{key}").status_code == 404
    assert paul.post(f"/journal/signalements/{key}", {"conclusion": "explained", "motif": REASON}).status_code == 404


def test_sign_in_failures_of_an_account(demo_database: Database, browse: Browse) -> None:
    browser = browse()
    for _ in range(5):
        browser.open("/connexion")
        browser.submit({"email": "tom.lacaze@brivette.example", "password": "faux mot de passe"}, action="/connexion")
    with unit_of_work(demo_database, Mode.READ) as work:
        query = select(Person.id).where(Person.name == "Tom Lacaze")
        tom = work.session.exec(query).one()
        failed = work.session.exec(select(JournalRecord).where(JournalRecord.type == "sign_in_failed")).all()
    assert len(failed) == 5
    assert {labels.detail(row)["person"] for row in failed} == {tom}
    paul = browse("paul")
    page = paul.open("/journal/signalements")
    assert "Beaucoup de refus" in text_of(page)
    flag = html.fromstring(paul.open(f"/journal/signalements/{keys(page.text, 'Beaucoup de refus', [''])[0]}").text)
    (entries,) = flag.xpath("//a[normalize-space() = 'Voir ces entrées']/@href")
    assert {row.seq for row in failed} <= set(numbers(paul.open(entries).text))


# Acts by day


def test_the_plot_and_its_table_say_the_same(demo_database: Database, browse: Browse, sunday: Clock) -> None:
    seal_now(demo_database)
    paul = browse("paul")
    page = paul.open("/journal/actes?du=2026-11-20&au=2026-11-23")
    assert page.text.count("<rect") == 4 + page.text.count("plot__share")
    words = text_of(page)
    assert "Dimanches et jours fériés : 22 nov. (4)" in words.replace("\u00a0", " ")
    assert "dimanche 22 novembre 2026314" in words, "three acts, and the clock that went back"
    assert 'class="plot__bars"' in paul.open("/journal").text


@pytest.mark.parametrize(
    ("du", "au"),
    [("2026-11-24", "2026-11-20"), ("2020-01-01", "2026-01-01"), ("demain", ""), ("", "31/02/2026"), ("9" * 11, "")],
)
def test_a_period_that_is_none(demo_database: Database, browse: Browse, du: str, au: str) -> None:
    answer = browse("paul").get(f"/journal/actes?du={du}&au={au}")
    assert answer.status_code == 422
    assert "Une chose à corriger" in text_of(answer)


@pytest.mark.parametrize("query", ["du=2026-11-01", "au=2026-11-24", "du=01/11/2026&au=24/11/2026", ""])
def test_half_a_period(demo_database: Database, browse: Browse, query: str) -> None:
    assert browse("paul").get(f"/journal/actes?{query}").status_code == 200


def test_acts_of_other_organisations_are_not_counted(demo_database: Database, browse: Browse) -> None:
    seal_now(demo_database)
    here = limit_paul_to(demo_database, "Association Le Fil d’Orsenne")
    with unit_of_work(demo_database, Mode.READ) as work:
        own = work.session.exec(select(JournalRecord.seq).where(JournalRecord.organisation == here)).all()
        everything = work.session.exec(select(JournalRecord.seq)).all()
    assert f"Par jour{len(own)}" in text_of(browse("paul").open("/journal/actes"))
    assert len(own) < len(everything)


def test_the_rules_on_the_page_are_all_there(demo_database: Database, browse: Browse) -> None:
    words = text_of(browse("paul").open("/journal/signalements"))
    assert len(Rule) == 9
    assert "Un mandat arrêté moins d’une heure après avoir commencé." in words
    assert timedelta(days=screening.DAYS) > timedelta(days=90)


@pytest.mark.parametrize("detail", ["[" * 100_000, '{"person": ["a"]}', "7", '{"person": null}'])
def test_a_spoiled_entry_is_left_to_the_verification(demo_database: Database, browse: Browse, detail: str) -> None:
    with demo_database.engine.begin() as connection:
        spoil = sa.text("UPDATE journal_record SET type = 'sign_in_failed', detail = :detail WHERE seq = 5")
        connection.execute(spoil, {"detail": detail})
    paul = browse("paul")
    for path in ("/journal/signalements", "/journal?avant=20", "/journal/actes"):
        assert paul.get(path).status_code == 200, path
    seal_now(demo_database)
    assert {fault.seq for fault in verify(demo_database).faults} == {5}
