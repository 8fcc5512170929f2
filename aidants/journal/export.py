"""The log as files anybody can check: C2SP tiles, entries, signed checkpoints and the public key, in a folder or a zip."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlmodel import Session, col, select

from aidants.db import Database, Mode, unit_of_work
from aidants.errors import NotFound
from aidants.journal import codes, entry
from aidants.journal.canonical import canonical, parse
from aidants.journal.merkle import HASH_BYTES
from aidants.journal.models import JournalCheckpoint, JournalLeaf, JournalRecord
from aidants.journal.notes import Checkpoint, Proof, Verifier
from aidants.journal.seal import last_checkpoint, stored_tiles
from aidants.journal.tiles import WIDTH, Tile, Tree, path, tiles_of, write_bundle

CHECKPOINT: Final = "checkpoint"
EARLIER: Final = "checkpoints/{size}"
VKEY: Final = "vkey"
RECORDS: Final = "records.jsonl"
README: Final = "LISEZMOI.txt"
CODES: Final = "codes.json"
SCHEMA: Final = "schema.json"
BATCH: Final = 500

Condition = sa.ColumnElement[bool]
Write = Callable[[str, Iterable[bytes]], None]
Progress = Callable[[int, int], None]

GUIDE: Final = """\
Journal d'actes d'accompagnement
================================

Ce dossier est un journal au format public C2SP tlog-tiles. Il se vérifie sans base de données et sans réseau :

    aidants journal verify --bundle CE_DOSSIER

ou avec tout logiciel qui lit ces formats (c2sp.org : tlog-tiles, tlog-checkpoint, signed-note).

vkey            la clé publique de la structure. Comparez-la avec celle que vous avez reçue autrement.
checkpoint      le dernier point de contrôle signé : nom du journal, nombre d'entrées, racine.
checkpoints/    les points de contrôle signés plus tôt.
tile/           l'arbre de hachage (RFC 6962), par tuiles de 256 empreintes.
tile/entries/   les entrées : JSON canonique (RFC 8785), sans donnée personnelle.
codes.json      ce que veulent dire les codes des enregistrements, en français et en anglais.
schema.json     la forme des entrées et des enregistrements (JSON Schema 2020-12).
records.jsonl   s'il est là : les enregistrements demandés, avec leur sel. Une ligne chacun : seq, salt, record.
                Leur engagement se recalcule : SHA-256("aidants/entry/1" + sel + JSON canonique de record)
                est le membre « commit » de l'entrée n° seq.

Ce que cela prouve : rien de ce que couvre un point de contrôle gardé par vous n'a été changé, retiré ou déplacé.
Ce que cela ne prouve pas : l'heure des actes, et qu'ils ont tous été notés.
"""


def tile_bytes(session: Session, tile: Tile) -> bytes:
    """Return a tile or an entry bundle of the published tree. Raises NotFound for one it does not have."""
    stored = last_checkpoint(session)
    size = stored.size if stored else 0
    height = 8 * (tile.level or 0)
    if tile.number * WIDTH + tile.width > size >> height:
        raise NotFound
    if tile.level is not None:
        data = stored_tiles(session)(tile)
        if len(data) != tile.width * HASH_BYTES:
            raise NotFound
        return data
    seq, first = col(JournalLeaf.seq), tile.number * WIDTH
    query = select(JournalLeaf.leaf).where(seq > first, seq <= first + tile.width).order_by(seq)
    return write_bundle(session.exec(query))


def into_zip(archive: zipfile.ZipFile) -> Write:
    """Return what writes files into an open zip."""

    def to_zip(name: str, parts: Iterable[bytes]) -> None:
        with archive.open(name, "w", force_zip64=name == RECORDS) as file:
            file.writelines(parts)

    return to_zip


@contextmanager
def writer(target: Path) -> Iterator[Write]:
    """Return what writes files below a new folder, or into a new zip when the name ends so; a zip is whole or not there."""
    if target.suffix.lower() != ".zip":
        target.mkdir(parents=True, exist_ok=True)

        def to_folder(name: str, parts: Iterable[bytes]) -> None:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            with (target / name).open("wb") as file:
                file.writelines(parts)

        yield to_folder
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f"{target.name}.part")
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
            yield into_zip(archive)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def export(
    database: Database,
    verifier: Verifier,
    write: Write,
    progress: Progress | None = None,
    records: Condition | None = None,
) -> int:
    """Hand every file of the published log to ``write`` (path, parts), the checkpoint last; return the number of entries.

    ``records`` adds those that meet the condition, with their salts: pseudonyms are personal data, such an export is not for
    publication.
    Raises NotFound while nothing is signed.
    """
    with unit_of_work(database, Mode.READ) as work:
        stored = last_checkpoint(work.session)
    if stored is None or stored.note is None:
        raise NotFound
    for done, tile in enumerate(tiles_of(stored.size), start=1):
        with unit_of_work(database, Mode.READ) as work:
            write(path(tile), [tile_bytes(work.session, tile)])
        if progress is not None:
            progress(min(done * WIDTH, stored.size), stored.size)
    if records is not None:
        covered = sa.and_(records, col(JournalRecord.seq) <= stored.size)
        with unit_of_work(database, Mode.READ) as work:
            write(RECORDS, record_lines(work.session, covered))
    for size, note in _earlier(database, stored.size):
        write(EARLIER.format(size=size), [note.encode()])
    write(README, [GUIDE.encode()])
    write(CODES, [codes.code_list()])
    write(SCHEMA, [codes.schema()])
    write(VKEY, [f"{verifier.vkey()}\n".encode()])
    write(CHECKPOINT, [stored.note.encode()])
    return stored.size


def _earlier(database: Database, size: int) -> Iterator[tuple[int, str]]:
    """Yield size and note of a few earlier checkpoints: the last ones, then fewer and fewer, about thirty in all."""
    wanted = {size - (1 << power) for power in range(size.bit_length()) if size > 1 << power}
    known = size
    for limit in sorted(wanted, reverse=True):
        query = select(JournalCheckpoint).where(
            col(JournalCheckpoint.size) <= limit, col(JournalCheckpoint.note).is_not(None)
        )
        with unit_of_work(database, Mode.READ) as work:
            found = work.session.exec(query.order_by(col(JournalCheckpoint.size).desc()).limit(1)).first()
        if found is not None and found.note is not None and found.size < known:
            known = found.size
            yield found.size, found.note


def record_line(row: JournalRecord) -> bytes:
    """Return a record with its number and its salt, as one line of ``records.jsonl``: enough to recompute its commitment."""
    opened = {"seq": row.seq, "salt": row.salt.hex(), "record": canonical_record(row)}
    return json.dumps(opened, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def canonical_record(row: JournalRecord) -> dict[str, object]:
    """Return the members that a record's commitment covers, in the form that is hashed."""
    values = {name: getattr(row, name) for name in entry.FIELDS}
    return values | {"detail": parse(row.detail) if row.detail is not None else None}


def record_lines(session: Session, condition: Condition) -> Iterator[bytes]:
    """Yield the lines of ``records.jsonl`` for the records that meet the condition, in the order of the journal."""
    query = select(JournalRecord).where(condition).order_by(col(JournalRecord.seq))
    for row in session.exec(query.execution_options(yield_per=BATCH)):
        yield record_line(row)


def proof_of(session: Session, row: JournalRecord) -> tuple[Proof, Checkpoint]:
    """Return the inclusion proof of an entry in the published tree, and the checkpoint it leads to.

    Its extra data opens the entry: leaf, record and salt.

    Raises NotFound while no signed checkpoint covers the entry.
    """
    stored = last_checkpoint(session)
    leaf = session.get(JournalLeaf, row.seq)
    if stored is None or stored.note is None or leaf is None or row.seq > stored.size:
        raise NotFound
    opened = {"leaf": parse(leaf.leaf.decode()), "record": canonical_record(row), "salt": row.salt.hex()}
    hashes = Tree(stored.size, stored_tiles(session)).inclusion(row.seq - 1)
    checkpoint = Checkpoint(stored.note.split("\n", 1)[0], stored.size, stored.root)
    return Proof(row.seq - 1, tuple(hashes), stored.note, canonical(opened)), checkpoint


def proof_headers(seq: int) -> dict[str, str]:
    """Return the headers under which a browser keeps a proof as a file."""
    return {"Content-Disposition": f'attachment; filename="entree-{seq}.tlog-proof"'}
