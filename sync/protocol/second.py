"""The second factor: what a server asks a signing device to sign, and the text that is signed.

The text can be no document's: a PDF, an XML file and the attributes of a CMS signature all begin
with other bytes (`%PDF`, `<`, 0x31), and its first line says what it is for. Both sides build it
from the fields, so nobody is made to sign what somebody else has chosen.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sync.protocol.codec import dumps

FIRST_LINE = "HOA BAN SIGN-IN 1: no document, only proof of who signs in to a server\n"
# What a desk says that it can answer.
KNOWN = "signature"


@dataclass(frozen=True, slots=True)
class Challenge:
    """What is to be signed once, for one login on one device, before the time `until`."""

    id: str
    server: str
    login: str
    device: str
    nonce: str
    at: int
    until: int


def statement(challenge: Challenge) -> bytes:
    """Return the bytes to sign."""
    return (FIRST_LINE + dumps(asdict(challenge)) + "\n").encode()
