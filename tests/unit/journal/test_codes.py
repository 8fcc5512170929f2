"""What goes with an exported log: every code explained, and a schema that its files meet."""

from __future__ import annotations

import json

from sqlmodel import Session, col, select

from aidants.db import Database, Mode, unit_of_work
from aidants.journal import codes
from aidants.journal.actions import CATALOGUE, MandateActivated, SignedOut
from aidants.journal.export import record_lines
from aidants.journal.models import JournalLeaf, JournalRecord
from aidants.journal.outcomes import OUTCOMES
from aidants.journal.services import record


def test_every_code_has_its_meaning_in_two_languages() -> None:
    found = json.loads(codes.code_list())
    assert found["actions"].keys() == CATALOGUE.keys()
    assert found["outcomes"].keys() == OUTCOMES.keys()
    for said in (*found["actions"].values(), *found["outcomes"].values()):
        assert said["fr"]
        assert said["en"]
    assert all(action["doc"].endswith((".", "all.")) for action in found["actions"].values())
    assert found["actions"]["mandate_revoked"]["fr"] != found["actions"]["mandate_revoked"]["en"]


def test_the_schema_describes_entries_and_records(database: Database) -> None:
    with unit_of_work(database, Mode.WRITE) as work:
        record(work, SignedOut())
        record(work, MandateActivated(mandate="m", proof="paper", duration="MONTH", procedures=2, ends_at="2026-12-25"))
    schema = json.loads(codes.schema())["$defs"]
    with Session(database.engine) as session:
        leaves = [json.loads(row.leaf) for row in session.exec(select(JournalLeaf))]
        opened = [json.loads(line) for line in record_lines(session, col(JournalRecord.seq) > 0)]
    assert len(leaves) == len(opened) == 2
    for value, form in [
        *((leaf, schema["entry"]) for leaf in leaves),
        *((one, schema["opened_record"]) for one in opened),
    ]:
        meets(value, form)


def meets(value: object, form: dict[str, object]) -> None:
    """Assert what the schema says of a value, as far as ours goes."""
    import re

    kinds = {"object": dict, "string": str, "integer": int, "null": type(None)}
    if "anyOf" in form:
        assert any(_meets(value, choice) for choice in form["anyOf"]), (value, form)  # type: ignore[attr-defined]
        return
    if "const" in form:
        assert value == form["const"]
    if "enum" in form:
        assert value in form["enum"]  # type: ignore[operator]
    if "type" in form:
        names = form["type"] if isinstance(form["type"], list) else [form["type"]]
        assert isinstance(value, tuple(kinds[str(name)] for name in names)), (value, form)
    if "pattern" in form:
        assert re.search(str(form["pattern"]), str(value))
    if isinstance(value, dict) and "properties" in form:
        properties: dict[str, dict[str, object]] = form["properties"]  # type: ignore[assignment]
        assert value.keys() == properties.keys() == set(form["required"])  # type: ignore[call-overload]
        for name, member in value.items():
            meets(member, properties[name])


def _meets(value: object, form: dict[str, object]) -> bool:
    try:
        meets(value, form)
    except AssertionError:
        return False
    return True
