"""Messages to bytes and back: JSON requests, NDJSON frames in a compressed stream.

The compressor is flushed at each mark, so that a stream cut at 80 % keeps 80 %. Reading is
strict and bounded: a wrong type, an endless line or a bomb is `Damaged`, never a crash.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, cast

import zstandard

from app.kernel.codec import from_json, to_json
from app.kernel.errors import Damaged, RuleViolation
from app.store import sql
from sync.protocol.messages import (
    FRAMES,
    MEDIA_GZIP,
    MEDIA_JSON,
    MEDIA_ZSTD,
    End,
    Frame,
    Hello,
    Mark,
    Request,
    RowFrame,
)

MAX_REQUEST = 16 << 20
MAX_LINE = 4 << 20
_LEVEL = 3
# One slice of raw bytes can hardly become more than 32 MiB, however it was packed.
_SLICE = 1024
_WINDOW = 1 << 23
dumps = sql.dumps


def encode_request(request: Request) -> tuple[bytes, str]:
    """Return the body of a request and its media type; small ones are left unpacked."""
    body = dumps(to_json(request)).encode()
    if len(body) < 400:
        return body, MEDIA_JSON
    return zstandard.ZstdCompressor(level=_LEVEL).compress(body), MEDIA_ZSTD


def decode_request(body: bytes, media: str = MEDIA_JSON) -> Request:
    """Parse a request; raises `RuleViolation("sync.request")` for anything that is none."""
    if media == MEDIA_ZSTD:
        body = _unpacked_request(body)
    if len(body) > MAX_REQUEST:
        raise RuleViolation("sync.too_large")
    try:
        value = json.loads(body)
        return from_json(Request, value)
    except RuleViolation as error:
        raise RuleViolation("sync.request", field=error.field) from error
    except (ValueError, RecursionError) as error:
        raise RuleViolation("sync.request") from error


def _unpacked_request(body: bytes) -> bytes:
    reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(body)
    try:
        return reader.read(MAX_REQUEST + 1)
    except zstandard.ZstdError as error:
        raise RuleViolation("sync.request") from error


def encode_frame(frame: Frame) -> bytes:
    """Return the line of a frame: its name under "f" beside its fields."""
    if isinstance(frame, RowFrame):
        return _encode_row(frame)
    return dumps({"f": frame.NAME, **to_json(frame)}).encode() + b"\n"


def _encode_row(frame: RowFrame) -> bytes:
    head = dumps(
        {"f": "row", "kind": frame.kind, "id": frame.id, "ver": frame.ver, "buckets": frame.buckets}
    )
    return f'{head[:-1]},"data":{frame.raw or dumps(frame.data)}}}\n'.encode()


def decode_frame(line: bytes) -> Frame | None:
    """Parse a line; None for a frame of a later protocol; raises `Damaged("sync.frame")`."""
    try:
        value = json.loads(line)
        name = value.pop("f")
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise Damaged("sync.frame") from error
    if name == "row":
        return _decode_row(value)
    model = FRAMES.get(name) if isinstance(name, str) else None
    if model is None:
        return None
    try:
        return cast("Frame", from_json(model, value))
    except RuleViolation as error:
        raise Damaged("sync.frame") from error


def _decode_row(value: Mapping[str, Any]) -> RowFrame:
    kind, entity, ver = value.get("kind"), value.get("id"), value.get("ver")
    buckets, data = value.get("buckets"), value.get("data")
    if not (
        isinstance(kind, str)
        and isinstance(entity, str)
        and type(ver) is int
        and isinstance(buckets, list)
        and isinstance(data, dict)
        and all(isinstance(b, str) for b in buckets)
    ):
        raise Damaged("sync.frame")
    return RowFrame(kind, entity, ver, tuple(buckets), data)


class _Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...


def pack(frames: Iterable[Frame], media: str = MEDIA_ZSTD) -> Iterator[bytes]:
    """Compress frames as they come; bytes leave at each hello, mark and end."""
    zstd = zstandard.ZstdCompressor(level=_LEVEL).compressobj()
    gzip = zlib.compressobj(6, zlib.DEFLATED, 31)
    packer: _Compressor = gzip if media == MEDIA_GZIP else zstd
    pieces: list[bytes] = []
    for frame in frames:
        pieces.append(encode_frame(frame))
        if isinstance(frame, Mark | Hello | End):
            out = packer.compress(b"".join(pieces))
            pieces.clear()
            if packer is gzip:
                yield out + gzip.flush(zlib.Z_SYNC_FLUSH)
            else:
                yield out + zstd.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    out = packer.compress(b"".join(pieces))
    yield out + (gzip.flush() if packer is gzip else zstd.flush())


class Unpacker:
    """Turn the raw bytes of a reply into frames, piece by piece."""

    def __init__(self, media: str = MEDIA_ZSTD) -> None:
        if media == MEDIA_GZIP:
            self._inflate: Callable[[bytes], bytes] = zlib.decompressobj(31).decompress
        else:
            reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
            self._inflate = reader.decompressobj().decompress
        self._rest = b""

    def feed(self, raw: bytes) -> Iterator[Frame]:
        """Yield the frames that are whole by now; raises `Damaged("sync.frame")`."""
        for at in range(0, len(raw), _SLICE):
            yield from self._lines(self._inflated(raw[at : at + _SLICE]))

    def _inflated(self, raw: bytes) -> bytes:
        try:
            return self._inflate(raw)
        except (zstandard.ZstdError, zlib.error, EOFError) as error:
            raise Damaged("sync.frame") from error

    def _lines(self, text: bytes) -> Iterator[Frame]:
        *lines, self._rest = (self._rest + text).split(b"\n")
        if len(self._rest) > MAX_LINE:
            raise Damaged("sync.frame")
        for line in lines:
            frame = decode_frame(line)
            if frame is not None:
                yield frame


def pages(frames: Iterable[Frame]) -> Iterator[list[Frame]]:
    """Group frames into lists that each close with a mark or the end; drop what was cut."""
    page: list[Frame] = []
    for frame in frames:
        page.append(frame)
        if isinstance(frame, Mark | End):
            yield page
            page = []


def parse_object(body: bytes) -> dict[str, Any]:
    """Parse a JSON object; raises `RuleViolation("sync.request")` for anything else."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RuleViolation("sync.request") from error
    if not isinstance(value, dict):
        raise RuleViolation("sync.request")
    return value
