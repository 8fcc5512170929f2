"""What a photo or scan of a signed paper may be, and what is taken out of it before it is sealed. Pure.

A telephone writes in a JPEG where and with what it was taken: that is nobody's business, and goes. What stands after the end
of a picture goes too: it is no picture. A PDF is kept as it came; it is never opened here.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

LARGEST: Final = 10 * 1024 * 1024
"""Bytes of one file."""
EXTENSIONS: Final = {"jpeg": "jpg", "png": "png", "pdf": "pdf"}

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"gAMA", b"cHRM", b"sRGB", b"iCCP"})
_LONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
"""JPEG markers without length: TEM and the restarts."""
_APP0, _APP15, _COMMENT, _SCAN, _END, _ICC, _ADOBE = 0xE0, 0xEF, 0xFE, 0xDA, 0xD9, 0xE2, 0xEE


class BadPicture(ValueError):
    """Neither a JPEG, a PNG nor a PDF, or one that is cut off."""


def clean(data: bytes) -> tuple[str, bytes]:
    """Return the format (``jpeg``, ``png``, ``pdf``) by its first bytes, and the file without what it says of its maker.

    Raises BadPicture.
    """
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg", _jpeg(data)
    if data.startswith(_PNG):
        return "png", _png(data)
    if data.startswith(b"%PDF-") and b"%%EOF" in data[-2048:]:
        return "pdf", data
    raise BadPicture


def _jpeg(data: bytes) -> bytes:
    """Keep pixels and colours (ITU-T T.81): application segments but ICC and Adobe, and comments, are left out."""
    kept, place = [data[:2]], 2
    while True:
        if place + 2 > len(data) or data[place] != 0xFF:
            raise BadPicture
        marker = data[place + 1]
        if marker == 0xFF:  # padding
            place += 1
        elif marker in _LONE:
            place += 2
        elif marker == _END:
            return b"".join([*kept, data[place : place + 2]])
        else:
            end = place + 2 + _length(data, place + 2)
            if marker == _SCAN:
                end = _scan_end(data, end)
            if not (_APP0 < marker <= _APP15 and marker not in {_ICC, _ADOBE}) and marker != _COMMENT:
                kept.append(data[place:end])
            place = end


def _length(data: bytes, place: int) -> int:
    """Return the length of a segment, its two bytes of length included."""
    if place + 2 > len(data):
        raise BadPicture
    length = struct.unpack_from(">H", data, place)[0]
    if length < 2 or place + length > len(data):
        raise BadPicture
    return int(length)


def _scan_end(data: bytes, place: int) -> int:
    """Return where the coded pixels end: at the next marker that is neither a stuffed byte nor a restart."""
    while True:
        place = data.find(b"\xff", place)
        if place < 0 or place + 1 >= len(data):
            raise BadPicture
        if data[place + 1] != 0 and data[place + 1] not in _LONE:
            return place
        place += 2


def _png(data: bytes) -> bytes:
    """Keep the chunks that draw (ISO/IEC 15948); texts, times and Exif are left out."""
    kept, place = [_PNG], len(_PNG)
    while True:
        if place + 12 > len(data):
            raise BadPicture
        length, name = struct.unpack_from(">I4s", data, place)
        end = place + 12 + length
        if end > len(data) or zlib.crc32(data[place + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]:
            raise BadPicture
        if name in _PNG_KEPT:
            kept.append(data[place:end])
        if name == b"IEND":
            return b"".join(kept)
        place = end
