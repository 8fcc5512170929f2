"""A resident's identity and how it is found again: pure, no database.

Search tokens : the first three letters of each name cut to 12 bits, a phonetic code cut
to 12 bits, the birth date and the phone. Short tokens are shared by many names, so that counting them in a stolen
database names few people; candidates are opened and filtered in memory.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from aidants.crypto import blind_index

NAME_BITS: Final = 12
PREFIX: Final = 3
_LATIN: Final = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "đ": "d", "ł": "l"})


@dataclass(frozen=True, slots=True)
class Identity:
    """What is sealed. ``birth_date`` is ISO 8601, possibly partial (``1948``, ``1948-03``) or empty when unknown."""

    birth_name: str
    given_names: str
    usual_name: str = ""
    birth_date: str = ""
    birthplace: str = ""
    phone: str = ""
    email: str = ""
    language: str = "fr"
    document_seen: str = ""
    sex: str = ""
    birthplace_insee: str = ""
    birthcountry_insee: str = ""
    aids: str = ""
    """Reading aids wanted: codes of ``forms.AIDS``, separated by spaces."""
    reminders: str = ""
    """How they want to be told that a mandate ends soon: ``sms``, ``mail``, or not at all."""

    @property
    def short_name(self) -> str:
        """The name people use every day: first given name and usual (else birth) name."""
        first = re.split(r"[\s,]+", self.given_names)[0]
        return f"{first} {self.usual_name or self.birth_name}".strip()

    @property
    def full_name(self) -> str:
        """All given names, birth name, and the usual name when it differs."""
        usual = f" ({self.usual_name})" if self.usual_name and self.usual_name != self.birth_name else ""
        return f"{self.given_names} {self.birth_name}{usual}"

    def to_dict(self) -> dict[str, str]:
        """Return the fields as sealed."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Identity:
        """Read sealed fields; what a later version no longer knows is left aside."""
        return cls(**{name: str(value) for name, value in values.items() if name in _FIELDS})


_FIELDS: Final = frozenset(field.name for field in fields(Identity))


def fold(text: str) -> str:
    """Return a name for comparison: lower case, no accents, no punctuation; other scripts are kept."""
    lower = unicodedata.normalize("NFKD", text).lower()
    decomposed = unicodedata.normalize("NFKD", lower.translate(_LATIN))
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join("".join(letter if letter.isalnum() else " " for letter in letters).split())


def words(text: str) -> list[str]:
    """Return the folded words of a name."""
    return fold(text).split()


def bears(identity: Identity, typed: str) -> bool:
    """Tell whether what is typed is this person's name.

    Every word typed is one of their names; a whole family name (of birth or usual) and one given name are among them.
    """
    given, names = set(words(identity.given_names)), [words(identity.birth_name), words(identity.usual_name)]
    known, said = given.union(*names), set(words(typed))
    family = any(name and said.issuperset(name) for name in names)
    return family and bool(said & given) and said <= known


def is_named(identity: Identity, typed: str, born: str) -> bool:
    """Tell whether a name and a birth date (ISO), typed from an identity document, are this person's; unknown is no."""
    return bool(born) and born == identity.birth_date and bears(identity, typed)


def phone_digits(text: str) -> str:
    """Return the national number of a phone as typed: digits only, ``+33``, ``0033`` and a first zero dropped."""
    digits = "".join(letter for letter in text if letter.isdecimal())
    for prefix in ("0033", "33") if text.strip().startswith(("+", "00")) else ():
        digits = digits.removeprefix(prefix)
    return digits.lstrip("0")


def phonetic(word: str) -> str:
    """Return a coarse French sound of a folded word, for look-alikes (``dupond`` and ``dupont`` share one)."""
    sound = word
    for pattern, replacement in _SOUNDS:
        sound = re.sub(pattern, replacement, sound)
    return sound


_SOUNDS: Final = (
    (r"ph", "f"),
    (r"(?<=[aeiouy])bv", "v"),
    (r"qu|ck|c(?=[aouklrt])|q|c$", "k"),
    (r"c(?=[eiy])|ç|sch|sh|ch", "s"),
    (r"g(?=[eiy])", "j"),
    (r"eau|au|ault|aud", "o"),
    (r"ai|ei|ay|ey|er$|ez$|et$", "e"),
    (r"[aei][nm](?=[^aeiouynm]|$)", "n"),
    (r"y", "i"),
    (r"h", ""),
    (r"z", "s"),
    (r"[tdspx]+$", ""),
    (r"e+$", ""),
    (r"(.)\1+", r"\1"),
)


def name_words(identity: Identity) -> set[str]:
    """Return every word of every name."""
    return {*words(identity.birth_name), *words(identity.usual_name), *words(identity.given_names)}


def tokens(key: bytes, identity: Identity) -> Iterator[tuple[str, int]]:
    """Yield the blind index entries (kind, token) of an identity under an organisation's search key."""
    for prefix in {word[:PREFIX] for word in name_words(identity) if len(word) >= PREFIX}:
        yield "n", blind_index(key, "name", prefix, NAME_BITS)
    for sound in {phonetic(word) for word in words(f"{identity.birth_name} {identity.usual_name}")}:
        yield "p", blind_index(key, "sound", sound, NAME_BITS)
    if identity.birth_date:
        yield "b", blind_index(key, "birth", identity.birth_date)
    if identity.phone:
        yield "t", blind_index(key, "phone", phone_digits(identity.phone))


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed in the search box, understood."""

    words: tuple[str, ...] = ()
    birth_date: str = ""
    phone: str = ""

    def matches(self, identity: Identity) -> bool:
        """Tell whether an opened identity is what was asked: every word starts a name, date and phone are equal."""
        names = name_words(identity)
        return (
            all(any(name.startswith(word) for name in names) for word in self.words)
            and (not self.birth_date or identity.birth_date == self.birth_date)
            and (not self.phone or phone_digits(identity.phone) == self.phone)
        )

    def tokens(self, key: bytes) -> list[tuple[str, int]]:
        """Return the blind index entries that a match must all have; none when the query is too short to search."""
        prefixes = sorted({word[:PREFIX] for word in self.words if len(word) >= PREFIX})
        found = [("n", blind_index(key, "name", prefix, NAME_BITS)) for prefix in prefixes]
        found += [("b", blind_index(key, "birth", self.birth_date))] if self.birth_date else []
        found += [("t", blind_index(key, "phone", self.phone))] if self.phone else []
        return found

    def sounds(self, key: bytes) -> list[tuple[str, int]]:
        """Return the entries of names that sound like a word of the query; a look-alike has one of them."""
        return [
            ("p", blind_index(key, "sound", phonetic(word), NAME_BITS)) for word in self.words if len(word) >= PREFIX
        ]

    def resembles(self, identity: Identity) -> bool:
        """Tell whether a family name sounds like a word of the query."""
        asked = {phonetic(word) for word in self.words if len(word) >= PREFIX}
        return bool(asked & {phonetic(word) for word in words(f"{identity.birth_name} {identity.usual_name}")})


_DATE: Final = re.compile(r"\b(\d{1,2})[\s./-](\d{1,2})[\s./-](\d{4})\b")


def understand(text: str) -> Query:
    """Read a search: names in any order, a birth date (``4/3/1948``), or a phone number."""
    birth_date = ""
    found = _DATE.search(text)
    if found:
        day, month, year = (int(part) for part in found.groups())
        birth_date = f"{year:04}-{month:02}-{day:02}"
        text = text[: found.start()] + " " + text[found.end() :]
    digits = phone_digits(text)
    if len(digits) >= 6 and not any(letter.isalpha() for letter in text):
        return Query(birth_date=birth_date, phone=digits)
    return Query(words=tuple(words(text)[:6]), birth_date=birth_date)
