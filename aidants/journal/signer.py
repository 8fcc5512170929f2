"""The signer: its key and the last checkpoint it signed, in a folder of its own outside the database.

What the folder holds is all that stands between a rewritten database and a new signature: it signs nothing that is smaller
than, or does not begin with, what it signed before. Back it up apart from the database, and never restore it with it.
"""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from aidants.errors import WritesRefused
from aidants.i18n import N_
from aidants.journal.merkle import consistency_holds
from aidants.journal.notes import ED25519, Checkpoint, NoteError, Signer, Verifier, open_checkpoint, valid_name

KEY_FILE: Final = "signer.key"
LAST_FILE: Final = "checkpoint"
VKEY_FILE: Final = "vkey"
LOCK_FILE: Final = "lock"
_PREFIX: Final = "PRIVATE+KEY"


class SignerRefused(WritesRefused):
    """The database does not go on from what was signed (503): nothing is written until somebody has looked."""

    code = "journal_refused"
    title = N_("Plus rien n’est enregistré")
    message = N_(
        "Le journal de cette base ne prolonge pas ce qui a déjà été signé. C’est le cas après le retour d’une ancienne "
        "sauvegarde. Prévenez votre administrateur. Les guides restent ouverts."
    )


class SignerFolder:
    """A signer and its memory on disk. ``step`` is called between the steps of a signature, for those who test crashes."""

    def __init__(self, folder: Path, signer: Signer, step: Callable[[str], None] = lambda _name: None) -> None:
        self.folder = folder
        self.step = step
        self.verifier = signer.verifier()
        self._signer = signer

    @classmethod
    def create(cls, folder: Path, origin: str) -> SignerFolder:
        """Create the key (mode 0600) of a log named ``origin``. Raises FileExistsError: a key is never replaced."""
        if not valid_name(origin):
            raise ValueError(f"not the name of a log: {origin!r}")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        signer = Signer(origin, secrets.token_bytes(32))
        verifier = signer.verifier()
        key = f"{_PREFIX}+{origin}+{verifier.id.hex()}+{base64.b64encode(ED25519 + signer.seed).decode()}\n"
        temporary = folder / f"{KEY_FILE}.{secrets.token_hex(8)}"
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, folder / KEY_FILE)  # whole or not at all, and only if there is none
        finally:
            temporary.unlink()
        _write(folder / VKEY_FILE, verifier.vkey() + "\n")
        return cls(folder, signer)

    @classmethod
    def load(cls, folder: Path) -> SignerFolder:
        """Read the key. Raises FileNotFoundError when there is none, NoteError when it does not read."""
        text = (folder / KEY_FILE).read_text(encoding="utf-8").strip()
        name, _, rest = text.removeprefix(f"{_PREFIX}+").partition("+")
        identifier, _, encoded = rest.partition("+")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise NoteError("not a signer's key") from error
        if not text.startswith(_PREFIX) or len(key) != 33 or key[:1] != ED25519:
            raise NoteError("not a signer's key")
        signer = Signer(name, key[1:])
        if signer.verifier().id.hex() != identifier:
            raise NoteError("not a signer's key")
        return cls(folder, signer)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only process, and thread, that signs."""
        with (self.folder / LOCK_FILE).open("w", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def last(self) -> tuple[Checkpoint, str] | None:
        """Return the last checkpoint signed and its note, None before the first. Raises SignerRefused when it was altered."""
        try:
            note = (self.folder / LAST_FILE).read_text(encoding="utf-8")
            return open_checkpoint(note, self.verifier), note
        except FileNotFoundError:
            return None
        except (NoteError, UnicodeDecodeError) as error:
            raise SignerRefused from error

    def sign(self, checkpoint: Checkpoint, proof: Sequence[bytes]) -> str:
        """Sign a checkpoint that extends the last, as ``proof`` shows, and remember it; return its note.

        Raises SignerRefused for a smaller tree, or one that does not begin with the last. To be called ``alone``.
        """
        known = self.last()
        if known is not None:
            last = known[0]
            if not consistency_holds(last.size, checkpoint.size, proof, last.root, checkpoint.root):
                raise SignerRefused
        note = self._signer.sign(checkpoint.text())
        _write(self.folder / LAST_FILE, note, lambda: self.step("before rename"))
        return note


def read_vkey(folder: Path) -> Verifier | None:
    """Return the public key left beside a signer's, None when there is none. Raises NoteError when it does not read."""
    try:
        return Verifier.parse((folder / VKEY_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def kept_outside(folder: Path) -> tuple[Verifier | None, tuple[Checkpoint, ...]]:
    """Return the public key and the last checkpoint that a signer's folder holds, as far as this account may read them.

    Raises SignerRefused when they do not agree.
    """
    try:
        verifier = read_vkey(folder)
    except PermissionError:  # the folder belongs to a sealer of its own
        return None, ()
    try:
        note = (folder / LAST_FILE).read_text(encoding="utf-8")
        return verifier, (open_checkpoint(note, verifier),) if verifier else ()
    except FileNotFoundError:
        return verifier, ()
    except (NoteError, UnicodeDecodeError) as error:
        raise SignerRefused from error


def _write(path: Path, text: str, before_rename: Callable[[], None] = lambda: None) -> None:
    """Write a whole file or none of it: temporary file, sync, rename, sync of the folder."""
    temporary = path.with_name(f"{path.name}.new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    before_rename()
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
