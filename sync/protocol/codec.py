"""Messages to bytes and back: JSON requests, NDJSON frames in a compressed stream.

The compressor is flushed at each mark, so that a stream cut at 80 % keeps 80 %. Reading is
strict and bounded: a wrong type, an endless line or a bomb is `Damaged`, never a crash.
"""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, cast

import orjson
import zstandard

from app.kernel.codec import from_json, to_json
from app.kernel.errors import Damaged, RuleViolation
from app.kernel.ids import event_id
from app.store import sql
from sync.protocol import names, strict
from sync.protocol.messages import (
    FRAMES,
    MEDIA_GZIP,
    MEDIA_JSON,
    MEDIA_TIGHT,
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
# The first level packs rows as well as the third, in half the time.
_LEVEL = 1
# A tenth less to carry for twenty times the work: where the line is slower than the work.
_TIGHT = 13
_PATIENCE = 2.0
# What a reply begins with is what a screen waits for: packed tightly before the line is known.
_BEGINNING = 256 << 10
# Of the length of a page's names.
_DIGITS = 9
# One slice of raw bytes can hardly become more than 32 MiB, however it was packed.
_SLICE = 1024
_WINDOW = 1 << 23
EVENT = "event"
_STRINGS = frozenset({str})
# What the id of an event is made of, as the event itself spells it.
_MADE_BY = re.compile(r'"command":"([^"\\]+)","place":(\d{1,4}),')
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
        value = strict.parse(body)
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
    """Spell a row without what the desk derives: ids in the data, ids of events."""
    data = frame.raw or dumps(frame.data)
    name = dumps(frame.id)
    if data.startswith(f'{{"id":{name},'):
        data = "{" + data[len(name) + 7 :]
        if frame.kind == EVENT and _is_derived(frame.id, data):
            name = ""
    named = f',"id":{name}' if name else ""
    places = _places(frame.buckets)
    head = f'{{"f":"row","kind":{_quoted(frame.kind)}{named},"ver":{frame.ver}'
    return f'{head},"buckets":{places},"data":{data}}}\n'.encode()


@lru_cache(maxsize=256)
def _quoted(kind: str) -> str:
    return dumps(kind)


@lru_cache(maxsize=4096)
def _places(buckets: tuple[str, ...]) -> str:
    return dumps(buckets)


def _is_derived(name: str, data: str) -> bool:
    made = _MADE_BY.search(data)
    return made is not None and event_id(made[1], int(made[2])) == name


def decode_frame(line: bytes) -> Frame | None:
    """Parse a line; None for a frame of a later protocol; raises `Damaged("sync.frame")`."""
    try:
        value = orjson.loads(line)
        name = value.pop("f")
    except (ValueError, AttributeError, KeyError, TypeError) as error:
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
    if type(data) is not dict:
        raise Damaged("sync.frame")
    if entity is None and kind == EVENT:
        entity = _derived(data)
    if not (
        type(kind) is str
        and type(entity) is str
        and type(ver) is int
        and type(buckets) is list
        and _STRINGS.issuperset(map(type, buckets))
    ):
        raise Damaged("sync.frame")
    # As the server spells it, the id first.
    whole = data if "id" in data else {"id": entity, **data}
    return RowFrame(kind, entity, ver, tuple(buckets), whole)


def _derived(data: Mapping[str, Any]) -> str | None:
    command, place = data.get("command"), data.get("place")
    return event_id(command, place) if type(command) is str and type(place) is int else None


class _Gzip:
    """The fallback for those who cannot read zstd."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj(6, zlib.DEFLATED, 31)

    def page(self, data: bytes, *, waited: bool) -> bytes:
        """Return the bytes of a page, readable at once."""
        del waited
        return self._packer.compress(data) + self._packer.flush(zlib.Z_SYNC_FLUSH)

    def close(self) -> bytes:
        """Return what closes the stream."""
        return self._packer.flush()


class _Zstd:
    """Zstd that packs fast until the line is what it waits for, and tightly from then on."""

    def __init__(self) -> None:
        self._tight = False
        self._packer = zstandard.ZstdCompressor(level=_LEVEL).compressobj()

    def page(self, data: bytes, *, waited: bool) -> bytes:
        """Return the bytes of a page, readable at once; `waited` tells of a slow line."""
        closed = b""
        if waited and not self._tight:
            self._tight = True
            closed = self._packer.flush()
            self._packer = zstandard.ZstdCompressor(level=_TIGHT).compressobj()
        packed = self._packer.compress(data)
        return closed + packed + self._packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)

    def close(self) -> bytes:
        """Return what closes the stream."""
        return self._packer.flush()


class _Tight:
    """Zstd with names as bytes: tightly at first and where the line is slow, else fast.

    Where the line bears more than the work, names stay in the text.
    """

    def __init__(self) -> None:
        self._tight = True
        self._seen = 0
        self._packer = zstandard.ZstdCompressor(level=_TIGHT).compressobj()

    def page(self, data: bytes, *, waited: bool) -> bytes:
        """Return the bytes of a page, readable at once; `waited` tells of a slow line."""
        closed = self._turned(tight=waited or self._seen < _BEGINNING)
        self._seen += len(data)
        block = zstandard.COMPRESSOBJ_FLUSH_BLOCK
        if self._tight:
            # Bytes and text in blocks of their own: each is packed by what it is made of.
            named, data = names.taken_out(data)
            if named:
                closed += self._packer.compress(named) + self._packer.flush(block)
        return closed + self._packer.compress(data) + self._packer.flush(block)

    def _turned(self, *, tight: bool) -> bytes:
        if tight == self._tight:
            return b""
        closed = self._packer.flush()
        self._tight = tight
        level = _TIGHT if tight else _LEVEL
        self._packer = zstandard.ZstdCompressor(level=level).compressobj()
        return closed

    def close(self) -> bytes:
        """Return what closes the stream."""
        return self._packer.flush()


_PACKERS: Mapping[str, Callable[[], _Gzip | _Zstd | _Tight]] = {
    MEDIA_GZIP: _Gzip,
    MEDIA_ZSTD: _Zstd,
    MEDIA_TIGHT: _Tight,
}


def pack(frames: Iterable[Frame], media: str = MEDIA_ZSTD) -> Iterator[bytes]:
    """Compress frames as they come; bytes leave at each hello, mark and end."""
    packer = _PACKERS[media]()
    pieces: list[bytes] = []
    began, waited = time.perf_counter(), 0.0
    for frame in frames:
        pieces.append(encode_frame(frame))
        if isinstance(frame, Mark | Hello | End):
            worked = time.perf_counter() - began
            out = packer.page(b"".join(pieces), waited=waited > _PATIENCE * worked)
            pieces.clear()
            left = time.perf_counter()
            yield out
            began = time.perf_counter()
            waited = began - left
    yield packer.close()


class Unpacker:
    """Turn the raw bytes of a reply into frames, piece by piece."""

    def __init__(self, media: str = MEDIA_ZSTD) -> None:
        if media == MEDIA_GZIP:
            self._inflate: Callable[[bytes], bytes] = zlib.decompressobj(31).decompress
        else:
            reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
            # A reply may go on in a second frame that is packed more tightly.
            self._inflate = reader.decompressobj(read_across_frames=True).decompress
        self._named = media == MEDIA_TIGHT
        self._names = names.Names()
        self._awaited = 0
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
        self._rest += text
        if self._named:
            yield from self._pages_with_names()
            if self._awaited:
                return
        *lines, self._rest = self._rest.split(b"\n")
        if len(self._rest) > MAX_LINE:
            raise Damaged("sync.frame")
        yield from self._frames(lines)

    def _pages_with_names(self) -> Iterator[Frame]:
        """Yield the frames before each head of names, and take the names that are whole."""
        while self._awaited or names.HEAD in self._rest:
            if not self._awaited:
                before, _, after = self._rest.partition(names.HEAD)
                digits, ended, after = after.partition(b"\n")
                if not ended and len(digits) < _DIGITS:
                    return
                self._awaited, self._rest = names.length(digits), after
                yield from self._frames(before.split(b"\n"))
            if len(self._rest) < self._awaited:
                return
            self._names = names.Names(self._rest[: self._awaited])
            self._rest, self._awaited = self._rest[self._awaited :], 0

    def _frames(self, lines: Iterable[bytes]) -> Iterator[Frame]:
        for line in lines:
            if line:
                frame = decode_frame(self._names.put_back(line) if self._named else line)
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
        value = strict.parse(body)
    except (ValueError, RecursionError) as error:
        raise RuleViolation("sync.request") from error
    if not isinstance(value, dict):
        raise RuleViolation("sync.request")
    return value
