"""An export read by Go's own transparency log packages: a reader written by others, for another log of the same format."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from aidants.db import Database, Mode, unit_of_work
from aidants.journal.actions import SignedOut
from aidants.journal.export import export, writer
from aidants.journal.notes import Signer
from aidants.journal.seal import seal_now, signer_of
from aidants.journal.services import record

SOURCE = Path(__file__).with_name("checklog.go")
GOPATH = Path("/usr/share/gocode")
LIBRARY = GOPATH / "src/golang.org/x/mod/sumdb/tlog"
SIZES = (100, 255, 256, 257, 511, 512, 513, 700)
"""Sizes sealed on the way: around the ends of tiles."""

pytestmark = pytest.mark.sqlite_only("reads files, which are the same whatever they were exported from")


@pytest.fixture(scope="session")
def checklog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, built without network from Debian's packages."""
    if shutil.which("go") is None or not LIBRARY.is_dir():
        missing = (
            "NOT RUN, Go does not read our log here: golang-go or golang-golang-x-mod-dev is missing. `make interop`"
        )
        pytest.fail(missing) if os.environ.get("INTEROP") == "required" else pytest.skip(
            f"{missing} installs and runs it."
        )
    folder = tmp_path_factory.mktemp("checklog")
    offline = {"GO111MODULE": "off", "GOPATH": str(GOPATH), "GOFLAGS": "", "GOPROXY": "off", "GOTOOLCHAIN": "local"}
    environment = {**os.environ, **offline, "GOCACHE": str(folder / "cache")}
    command = ["go", "build", "-o", str(folder / "checklog"), str(SOURCE)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "checklog"


@pytest.fixture
def vkey(demo_database: Database) -> str:
    """The key of the journal."""
    return signer_of(demo_database).verifier.vkey()


@pytest.fixture
def log(demo_database: Database, tmp_path: Path) -> Path:
    """The demonstration's journal, grown to three tiles and sealed on the way, as a folder."""
    size = seal_now(demo_database).size
    for wanted in SIZES:
        with unit_of_work(demo_database, Mode.WRITE) as work:
            for _ in range(wanted - size):
                record(work, SignedOut())
        size = seal_now(demo_database).size
        assert size == wanted
    with writer(tmp_path / "log") as write:
        export(demo_database, signer_of(demo_database).verifier, write)
    return tmp_path / "log"


def read(checklog: Path, vkey: str, log: Path) -> tuple[int, str]:
    """Exit code of the program and what it said."""
    done = subprocess.run([str(checklog), vkey, str(log)], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_go_accepts_the_log(checklog: Path, vkey: str, log: Path, demo_database: Database) -> None:
    earlier = len(list((log / "checkpoints").iterdir()))
    assert earlier > 2
    root = seal_now(demo_database).root.hex()
    assert read(checklog, vkey, log) == (0, f"{SIZES[-1]} entries, {earlier} earlier checkpoints, root {root}\n")


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def another_log(log: Path) -> None:
    """Put the same tree under the key of somebody else, with our name."""
    text = (log / "checkpoint").read_text(encoding="utf-8").rpartition("\n\n")[0] + "\n"
    signer = Signer(text.split("\n", 1)[0], secrets.token_bytes(32))
    (log / "checkpoint").write_text(signer.sign(text), encoding="utf-8")


def go_back(log: Path) -> None:
    """Publish an earlier checkpoint as the last."""
    shutil.copy(log / "checkpoints" / "513", log / "checkpoint")


def exchange(log: Path) -> None:
    first, second = log / "tile/entries/000", log / "tile/entries/001"
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)


TAMPERINGS: dict[str, tuple[Callable[[Path], object], str]] = {
    "an entry of the first bundle": (lambda log: flip(log / "tile/entries/000", 40), "entry 0"),
    "an entry of the last bundle": (lambda log: flip(log / "tile/entries/002.p/188", -20), "entry 699"),
    "two bundles exchanged": (exchange, "entry 0"),
    "a bundle cut": (lambda log: os.truncate(log / "tile/entries/001", 100), "too short"),
    "a full tile": (lambda log: flip(log / "tile/0/001", 32 * 7), "entry 256"),
    "the partial tile": (lambda log: flip(log / "tile/0/002.p/188", -1), "inconsistent tile"),
    "the tile above": (lambda log: flip(log / "tile/1/000.p/2", 0), "inconsistent tile"),
    "a tile gone": (lambda log: (log / "tile/0/000").unlink(), "tile/0/000"),
    "the checkpoint": (lambda log: flip(log / "checkpoint", 60), "checkpoint: "),
    "the checkpoint's signature": (lambda log: flip(log / "checkpoint", -10), "checkpoint: "),
    "the checkpoint of a shorter log": (go_back, "002.p"),
    "an earlier checkpoint": (lambda log: flip(log / "checkpoints/257", 60), "checkpoints/257"),
    "somebody else's signature": (another_log, "checkpoint: "),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_go_refuses(checklog: Path, vkey: str, log: Path, name: str) -> None:
    tamper, named = TAMPERINGS[name]
    tamper(log)
    code, said = read(checklog, vkey, log)
    assert code == 1, said
    assert said.startswith("refused: ")
    assert named in said


def test_go_refuses_the_key_of_another_log(checklog: Path, vkey: str, log: Path) -> None:
    other = Signer(vkey.split("+")[0], secrets.token_bytes(32)).verifier().vkey()
    code, said = read(checklog, other, log)
    assert (code, said.startswith("refused: checkpoint: ")) == (1, True)
    assert read(checklog, vkey.replace("+", "+0", 1), log)[0] == 1
