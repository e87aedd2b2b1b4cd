"""What a worker process has of the outside: everything is asked of its parent."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from io import SEEK_CUR, SEEK_END, SEEK_SET, BufferedReader, RawIOBase
from typing import Any, BinaryIO, cast

from app.kernel.errors import Unavailable
from app.kernel.ports import HttpReply
from signing.tokens.frames import read_frame, write_frame
from signing.trust.line import Asked, Line

_BLOCK = 1 << 20


class Parent:
    """Ask the process that started this one, one question at a time."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        self._source = source
        self._sink = sink

    def ask(
        self, head: dict[str, Any], blob: bytes | bytearray = b""
    ) -> tuple[dict[str, Any], bytearray]:
        """Return the answer; raises `BrokenFrame` when the parent is gone."""
        write_frame(self._sink, head, blob)
        return read_frame(self._source)


class ToldClock:
    """A clock that shows what the parent's clock showed when the task began."""

    def __init__(self) -> None:
        self._at = datetime.fromtimestamp(0, UTC)

    def tell(self, text: str) -> None:
        """Set the clock."""
        self._at = datetime.fromisoformat(text)

    def now(self) -> datetime:
        """Return the time of the task."""
        return self._at

    def monotonic(self) -> float:
        """Return seconds that only measure differences."""
        return time.monotonic()


class ParentFile(RawIOBase):
    """A file that lies with the parent, read in blocks as they are wanted."""

    def __init__(self, parent: Parent, size: int) -> None:
        super().__init__()
        self._parent = parent
        self._size = size
        self._at = 0

    @classmethod
    def open(cls, parent: Parent) -> BinaryIO:
        """Return the task's file as a buffered stream."""
        head, _ = parent.ask({"ask": "size"})
        return cast("BinaryIO", BufferedReader(cls(parent, int(head["size"])), _BLOCK))

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that places can be jumped to."""
        return True

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Move to a place."""
        start = {SEEK_SET: 0, SEEK_CUR: self._at, SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        """Return the place."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer from the place on."""
        wanted = min(len(buffer), max(0, self._size - self._at), _BLOCK * 4)
        if wanted == 0:
            return 0
        _, data = self._parent.ask({"ask": "read", "at": self._at, "size": wanted})
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


class ParentKept:
    """What authorities answered before, which the parent keeps."""

    def __init__(self, parent: Parent) -> None:
        self._parent = parent

    def kept(self, method: str, url: str, body: bytes) -> tuple[bytes, datetime] | None:
        """Return the body of an earlier answer and when it came, or None."""
        head, answer = self._parent.ask({"ask": "kept", "method": method, "url": url}, body)
        return (bytes(answer), datetime.fromisoformat(head["came"])) if head["came"] else None


class ParentHttp(Line):
    """The guarded session, which the parent holds."""

    def __init__(self, parent: Parent) -> None:
        self._parent = parent

    def ask(self, asked: Asked) -> HttpReply:
        """Ask; raises `Unavailable` with the parent's code."""
        question = {
            "ask": "http",
            "method": asked.method,
            "url": asked.url,
            "headers": dict(asked.headers),
            "timeout": asked.timeout,
            "max_bytes": asked.max_bytes,
        }
        head, blob = self._parent.ask(question, asked.body)
        if "failed" in head:
            raise Unavailable(str(head["failed"]))
        return HttpReply(int(head["status"]), head["headers"], bytes(blob))


class ParentKey:
    """A key that the parent holds, opened by the first question for it."""

    def __init__(self, parent: Parent) -> None:
        head, _ = parent.ask({"ask": "open"})
        self._parent = parent
        self.pss = bool(head["pss"])

    def sign(self, data: bytes) -> bytes:
        """Return the signature over SHA-256 of the bytes."""
        _, signature = self._parent.ask({"ask": "key"}, data)
        return bytes(signature)
