"""Where an exported log lies: a folder or a zip. Files are read by name, never beyond what they may hold, never unpacked."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

from aidants.i18n import gettext as _


class Unreadable(Exception):
    """There is nothing here that can be verified; the message is one sentence."""


class Files(Protocol):
    """Where the files of a log are."""

    def read(self, name: str, most: int) -> bytes | None:
        """Return a file of at most ``most`` bytes, None when there is none. Raises Unreadable for one that is larger."""

    def lines(self, name: str, most: int) -> Iterator[bytes]:
        """Yield the lines of a file, none when there is no such file. Raises Unreadable for a line longer than ``most``."""

    def names(self, folder: str) -> list[str]:
        """Return the names of the files directly in a folder."""


class Folder:
    """A log in a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, name: str, most: int) -> bytes | None:
        """See Files."""
        try:
            with (self._root / name).open("rb") as file:
                return _bounded(name, file.read(most + 1), most)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise Unreadable(_("Ce fichier ne se lit pas : {name}.").format(name=name)) from error

    def lines(self, name: str, most: int) -> Iterator[bytes]:
        """See Files."""
        if (self._root / name).is_file():
            with (self._root / name).open("rb") as file:
                yield from _lines(name, file, most)

    def names(self, folder: str) -> list[str]:
        """See Files."""
        place = self._root / folder
        return [found.name for found in place.iterdir() if found.is_file()] if place.is_dir() else []


class Zip:
    """A log in a zip. A name that comes twice could be read differently by others, so it is refused."""

    def __init__(self, source: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(source)
            names = self._zip.namelist()
        except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
            raise Unreadable(_("Ce fichier n’est pas une archive zip entière.")) from error
        self._names = frozenset(names)
        if len(self._names) != len(names):
            raise Unreadable(_("Cette archive contient deux fois le même nom."))

    def read(self, name: str, most: int) -> bytes | None:
        """See Files."""
        if name not in self._names:
            return None
        try:
            with self._zip.open(name) as file:
                return _bounded(name, file.read(most + 1), most)
        except (
            OSError,
            EOFError,
            RuntimeError,
            ValueError,
            NotImplementedError,
            zipfile.BadZipFile,
            zlib.error,
        ) as error:
            raise Unreadable(_("Ce fichier ne se lit pas : {name}.").format(name=name)) from error

    def lines(self, name: str, most: int) -> Iterator[bytes]:
        """See Files."""
        if name in self._names:
            try:
                with self._zip.open(name) as file:
                    yield from _lines(name, file, most)
            except (OSError, EOFError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
                raise Unreadable(_("Ce fichier ne se lit pas : {name}.").format(name=name)) from error

    def names(self, folder: str) -> list[str]:
        """See Files."""
        start = folder + "/"
        found = [name.removeprefix(start) for name in self._names if name.startswith(start)]
        return [name for name in found if name and "/" not in name]


def open_files(source: Path) -> Files:
    """Return the files of a log in a folder or a zip. Raises Unreadable."""
    if source.is_dir():
        return Folder(source)
    if not source.exists():
        raise Unreadable(_("Rien ici : {name}.").format(name=source))
    return Zip(source)


def _bounded(name: str, data: bytes, most: int) -> bytes:
    if len(data) > most:
        raise Unreadable(_("Ce fichier est trop grand pour un journal : {name}.").format(name=name))
    return data


def _lines(name: str, file: IO[bytes], most: int) -> Iterator[bytes]:
    while line := file.readline(most + 1):
        yield _bounded(name, line, most)
