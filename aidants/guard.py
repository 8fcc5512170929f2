"""Recognises what must never be stored: social security numbers, bank cards, bank accounts, control characters.

The CNIL forbids any use of the social security number (NIR) outside décret 2019-341; cards and passwords of a resident are
none of a helper's business (CNIL kit for social workers). Every field where text can be typed goes through ``clean``.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from typing import Final

_NIR: Final = re.compile(
    r"(?<!\d)[1-478]\s?\d{2}\s?(?:0[1-9]|[1-9]\d)\s?(?:2[AaBb]|\d{2})\s?\d{3}\s?\d{3}(?:\s?\d{2})?(?!\d)"
)
_SEPARATORS: Final = re.compile(r"[\s.\-_/·\u00a0\u202f]+")
_CARD: Final = re.compile(r"(?<!\d)\d{13,19}(?!\d)")
_GROUPED_CARD: Final = re.compile(r"(?<!\d)(?:[2-6]\d{3}(?: ?\d{4}){3}|3[47]\d\d ?\d{6} ?\d{5})(?!\d)")
"""As embossed on the card: found even when the expiry date and the security code follow."""
_IBAN: Final = re.compile(r"(?<![A-Z0-9])(?=([A-Z]{2} ?\d{2}(?: ?[A-Z0-9]){11,30}))")
_IBAN_LENGTHS: Final = {
    code: length
    for length, codes in {
        15: "NO",
        16: "BE",
        18: "DK FI NL",
        19: "SI",
        20: "AT EE LT LU",
        21: "CH HR LI LV",
        22: "BG DE GB IE",
        24: "AD CZ ES RO SE SK TN",
        25: "PT",
        26: "DZ IS TR",
        27: "FR GR IT MC MR SM",
        28: "BF BJ CI CY HU MA ML PL SN",
        29: "UA",
        31: "MT",
    }.items()
    for code in codes.split()
}
"""Letters and digits of an account number by country (ISO 13616 registry): it ends there, whatever words follow."""
_BIDI: Final = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C])


class ForbiddenText(ValueError):
    """The text holds something that is refused everywhere; ``code`` says what: control, nir, card or iban."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def clean(text: str) -> str:
    """Return the text NFC-normalised, trimmed, without invisible direction marks (Unicode TR 36).

    Raises ForbiddenText for control characters, a social security number (Corsica included, spaced or not), a bank card
    (Luhn) or an IBAN (ISO 13616 check digits).
    """
    text = unicodedata.normalize("NFC", text).translate(_BIDI).strip()
    if any(unicodedata.category(letter) in {"Cc", "Cs", "Co", "Cn"} and letter not in "\n\t" for letter in text):
        raise ForbiddenText("control")
    found = forbidden(text)
    if found:
        raise ForbiddenText(found)
    return text


def forbidden(text: str) -> str | None:
    """Return ``nir``, ``card`` or ``iban`` when the text holds one, else None."""
    folded = unicodedata.normalize("NFKC", text)
    ascii_digits = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in folded)
    compact, spaced = _SEPARATORS.sub("", ascii_digits), _SEPARATORS.sub(" ", ascii_digits)
    for candidate in (spaced, compact):
        if any(_is_nir(_SEPARATORS.sub("", match.group())) for match in _NIR.finditer(candidate)):
            return "nir"
    cards = [*_CARD.findall(compact), *_GROUPED_CARD.findall(spaced)]
    if any(_luhn(card.replace(" ", "")) for card in cards):
        return "card"
    if any(_iban(match.group(1).replace(" ", "")) for match in _IBAN.finditer(spaced.upper())):
        return "iban"
    return None


def _is_nir(number: str) -> bool:
    """Thirteen digits look like one; with fifteen, the key 97 − (number mod 97) must not contradict."""
    if len(number) == 13:
        return True
    body, key = number[:13].upper().replace("2A", "19").replace("2B", "18"), number[13:]
    return 97 - int(body) % 97 == int(key) or number[5:7].upper() in {"2A", "2B"}


def _luhn(number: str) -> bool:
    digits = [int(letter) for letter in reversed(number)]
    total = sum(digits[0::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return total % 10 == 0 and len(set(number)) > 1


def _iban(text: str) -> bool:
    length = _IBAN_LENGTHS.get(text[:2], 0)
    if not 0 < length <= len(text):
        return False
    moved = text[4:length] + text[:4]
    return int("".join(str(int(letter, 36)) for letter in moved)) % 97 == 1


def network(address: str) -> str:
    """Return what one subscriber cannot change at will: the address, or the /64 of an IPv6 one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False))
