"""Numbers in words, for ends of mandates that cannot be altered on paper by one stroke."""

from __future__ import annotations

_TO_NINETEEN = {
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept "
    "dix-huit dix-neuf",
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen",
}
_FRENCH_SMALL, _ENGLISH_SMALL = _TO_NINETEEN["fr"].split(), _TO_NINETEEN["en"].split()
_FRENCH_TENS = {2: "vingt", 3: "trente", 4: "quarante", 5: "cinquante", 6: "soixante", 8: "quatre-vingt"}
_ENGLISH_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ENGLISH_ORDINALS = {
    **{"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth"},
    **{"twelve": "twelfth", "twenty": "twentieth", "thirty": "thirtieth"},
}


def _check_range(number: int) -> None:
    if not 0 <= number <= 9999:
        raise ValueError(f"{number} is not between 0 and 9999")


def french_number(number: int) -> str:
    """Write 0 to 9999 in French words, traditional spelling: « quatre-vingts », « soixante et onze », « deux mille »."""
    _check_range(number)
    thousands, rest = divmod(number, 1000)
    hundreds, rest = divmod(rest, 100)
    words = []
    if thousands:
        words.append("mille" if thousands == 1 else f"{_FRENCH_SMALL[thousands]} mille")
    if hundreds:
        plural = "s" if hundreds > 1 and not rest else ""
        words.append("cent" if hundreds == 1 else f"{_FRENCH_SMALL[hundreds]} cent{plural}")
    if rest or not words:
        words.append(_french_below_100(rest))
    return " ".join(words)


def _french_below_100(number: int) -> str:
    if number < 20:
        return _FRENCH_SMALL[number]
    tens, units = divmod(number, 10)
    if tens in (7, 9):  # counted from sixty and from eighty
        tens, units = tens - 1, units + 10
    if units == 0:
        return "quatre-vingts" if tens == 8 else _FRENCH_TENS[tens]
    joint = " et " if units in (1, 11) and tens < 8 else "-"
    return f"{_FRENCH_TENS[tens]}{joint}{_FRENCH_SMALL[units]}"


def english_number(number: int) -> str:
    """Write 0 to 9999 in English words: "two thousand and twenty-six"."""
    _check_range(number)
    thousands, below = divmod(number, 1000)
    hundreds, rest = divmod(below, 100)
    words = [f"{_ENGLISH_SMALL[thousands]} thousand"] if thousands else []
    words += [f"{_ENGLISH_SMALL[hundreds]} hundred"] if hundreds else []
    if rest or not words:
        words += (["and"] if words else []) + [_english_below_100(rest)]
    return " ".join(words)


def _english_below_100(number: int) -> str:
    if number < 20:
        return _ENGLISH_SMALL[number]
    tens, units = divmod(number, 10)
    return _ENGLISH_TENS[tens] + (f"-{_ENGLISH_SMALL[units]}" if units else "")


def english_ordinal(number: int) -> str:
    """Write 1 to 99 as an English ordinal: "twenty-fourth"."""
    head, joint, last = _english_below_100(number).rpartition("-")
    return head + joint + _ENGLISH_ORDINALS.get(last, f"{last}th")
