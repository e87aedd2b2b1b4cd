"""Identifiers: UUIDv7 for what people make, hashes for what follows from it."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import datetime

_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def new_id(at: datetime) -> str:
    """Return a UUIDv7 (RFC 9562 §5.7) whose first 48 bits are `at` in milliseconds."""
    millis = int(at.timestamp() * 1000) & ((1 << 48) - 1)
    value = (millis << 80) | (7 << 76) | (secrets.randbits(12) << 64)
    value |= (0b10 << 62) | secrets.randbits(62)
    return str(uuid.UUID(int=value))


def derived_id(*parts: str) -> str:
    """Return the UUIDv8 that both sides derive from the same parts (RFC 9562 §5.8)."""
    h = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
    # Version and variant are put into the text: many are made for each command.
    return f"{h[:8]}-{h[8:12]}-8{h[13:16]}-{_VARIANT[h[16]]}{h[17:20]}-{h[20:32]}"


def event_id(command_id: str, place: int) -> str:
    """Name the event that a command produced at a place, alike on the desk and the server."""
    return derived_id("event", command_id, str(place))
