"""Addresses as the transports take them: an e-mail address in ASCII, a telephone number as E.164 (ITU-T)."""

from __future__ import annotations

import re
from typing import Final

from aidants.errors import Refused
from aidants.i18n import N_
from aidants.messages.models import Channel

_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+")
_LONGEST: Final = 200
_OVERSEAS: Final = {"0690": "590", "0691": "590", "0694": "594", "0696": "596", "0697": "596"}
_OVERSEAS_ISLANDS: Final = {"0692": "262", "0693": "262", "0639": "262"}
"""Mobile numbers of the French numbering plan (ARCEP) whose country code is not 33."""


class BadAddress(Refused):
    """The address or number cannot be written to (409)."""

    code = "bad_address"
    message = N_("Cette adresse ou ce numéro ne permet pas d’envoyer un message. Vérifiez-le.")


def normalise(channel: Channel, address: str) -> str:
    """Return the address as sent to. Raises BadAddress."""
    return _mail(address) if channel is Channel.MAIL else _phone(address)


def _mail(address: str) -> str:
    """Return an e-mail address, its domain in ASCII (IDNA). Line breaks, names and lists are refused, not cleaned."""
    local, _, domain = address.strip(" ").rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise BadAddress from error
    found = f"{local}@{domain}"
    if len(found) > _LONGEST or len(local) > 64 or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise BadAddress
    return found


def _phone(number: str) -> str:
    """Return a number with ``+`` and its country code; ten digits after a zero are French, overseas included."""
    if not re.fullmatch(r"\+?[0-9 .()\u00a0\u202f-]{6,40}", number.strip(" ")):
        raise BadAddress
    digits = re.sub(r"[^0-9+]", "", number.replace("(0)", ""))
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    elif digits.startswith("0") and len(digits) == 10:
        country = (_OVERSEAS | _OVERSEAS_ISLANDS).get(digits[:4], "33")
        digits = f"+{country}{digits[1:]}"
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", digits):
        raise BadAddress
    return digits


def masked(channel: Channel | str, address: str) -> str:
    """Return an address or number that its owner recognises and nobody else learns."""
    if Channel(channel) is Channel.SMS:
        return f"•• •• •• •• {address[-2:]}"
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"
