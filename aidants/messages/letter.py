"""A message as an e-mail (RFC 5322): headers that no value can break, a Message-ID that makes a duplicate recognisable."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from aidants.messages.transports import Outgoing

_POLICY: Final = SMTP.clone(cte_type="7bit")


def compose(message: Outgoing, sender: str) -> bytes:
    """Return the bytes of the e-mail, the same at each attempt. Raises ValueError for a line break in a header."""
    letter = EmailMessage(policy=_POLICY)
    letter["From"] = f"Aidants <{sender}>"
    letter["To"] = message.to
    letter["Subject"] = message.subject
    letter["Date"] = message.date
    letter["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    letter["Content-Language"] = message.language
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.text, cte="quoted-printable")
    return letter.as_bytes()
