"""What the parent answers a worker: the bytes of a file, the line, and a key."""

from __future__ import annotations

from collections.abc import Mapping
from io import SEEK_END
from typing import Any, BinaryIO

from app.kernel.errors import HoaBanError
from app.kernel.ports import Http
from signing.trust.cache import StatusCache
from signing.trust.line import Asked
from signing.work.worker import Answer

_MOST = 8 << 20


def file_answers(stream: BinaryIO) -> Mapping[str, Answer]:
    """Serve a seekable stream by places."""

    def size(_head: dict[str, Any], _blob: bytearray) -> tuple[dict[str, Any], bytes]:
        return {"size": stream.seek(0, SEEK_END)}, b""

    def read(head: dict[str, Any], _blob: bytearray) -> tuple[dict[str, Any], bytes]:
        stream.seek(int(head["at"]))
        return {}, stream.read(min(int(head["size"]), _MOST))

    return {"size": size, "read": read}


def line_answers(http: Http | None) -> Mapping[str, Answer]:
    """Serve what is asked of time stamp and revocation services."""

    def ask(head: dict[str, Any], blob: bytearray) -> tuple[dict[str, Any], bytes]:
        if http is None:
            return {"failed": "no_line"}, b""
        asked = Asked(
            str(head["method"]),
            str(head["url"]),
            bytes(blob),
            head["headers"],
            float(head["timeout"]),
            int(head["max_bytes"]),
        )
        try:
            reply = asked.over(http)
        except HoaBanError as error:
            return {"failed": error.code}, b""
        return {"status": reply.status, "headers": dict(reply.headers)}, reply.body

    return {"http": ask}


def kept_answers(cache: StatusCache | None) -> Mapping[str, Answer]:
    """Serve what authorities answered before."""

    def kept(head: dict[str, Any], blob: bytearray) -> tuple[dict[str, Any], bytes]:
        held = None
        if cache is not None:
            held = cache.kept(str(head["method"]), str(head["url"]), bytes(blob))
        return ({"came": ""}, b"") if held is None else ({"came": held[1].isoformat()}, held[0])

    return {"kept": kept}


def target_answers(stream: BinaryIO) -> Mapping[str, Answer]:
    """Take a file that was made, part by part; the stream is emptied by the first."""
    begun = False

    def write(_head: dict[str, Any], blob: bytearray) -> tuple[dict[str, Any], bytes]:
        nonlocal begun
        if not begun:
            stream.seek(0)
            stream.truncate()
            begun = True
        stream.write(blob)
        return {}, b""

    return {"write": write}
