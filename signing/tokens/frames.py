"""The small language between the desk and the helper process that owns a token library.

A frame is a JSON object and a blob, each behind its length in four bytes. Secrets travel in the
blob, which both sides hold in a `bytearray` and overwrite after use.
"""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

MAX_PART = 1 << 24
_LENGTH = struct.Struct(">I")


class BrokenFrame(Exception):
    """Say that the other side is gone or talks nonsense; never leaves `signing`."""


def write_frame(stream: BinaryIO, head: dict[str, Any], blob: bytes | bytearray = b"") -> None:
    """Write one frame and flush it; where a PIN may pass, the stream has no buffer of its own."""
    encoded = json.dumps(head).encode()
    _write(stream, _LENGTH.pack(len(encoded)) + encoded + _LENGTH.pack(len(blob)))
    _write(stream, blob)
    stream.flush()


def read_frame(stream: BinaryIO) -> tuple[dict[str, Any], bytearray]:
    """Return the next frame; raises `BrokenFrame` at the end of the stream."""
    try:
        head = json.loads(bytes(_read_part(stream)))
    except ValueError as problem:
        raise BrokenFrame("head") from problem
    if not isinstance(head, dict):
        raise BrokenFrame("head")
    return head, _read_part(stream)


def wipe(secret: bytearray) -> None:
    """Overwrite a secret in place."""
    secret[:] = bytes(len(secret))


def _read_part(stream: BinaryIO) -> bytearray:
    (length,) = _LENGTH.unpack(_read_exactly(stream, _LENGTH.size))
    if length > MAX_PART:
        raise BrokenFrame("length")
    return _read_exactly(stream, length)


def _read_exactly(stream: BinaryIO, count: int) -> bytearray:
    data = bytearray(count)
    into: Any = stream
    with memoryview(data) as view:
        done = 0
        while done < count:
            part = into.readinto(view[done:])
            if not part:
                raise BrokenFrame("end")
            done += part
    return data


def _write(stream: BinaryIO, data: bytes | bytearray) -> None:
    with memoryview(data) as view:
        done = 0
        while done < len(view):
            done += stream.write(view[done:])
