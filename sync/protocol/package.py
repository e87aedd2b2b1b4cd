"""A package on a stick: named outside, sealed for one reader, signed by one writer.

It opens with a line that says for whom it is, then the sealed key, then pieces under ChaCha20-
Poly1305 (each numbered, the last one marked), and closes with a signature over all of it. What
was only half copied has no close. Inside lie entries: a line with name and size, then bytes.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from app.kernel.codec import from_json
from app.kernel.errors import Damaged, NotPermitted, RuleViolation, Unavailable
from app.store.faults import typed
from app.store.sealing import KEY_BYTES
from app.store.sql import dumps
from sync.protocol.sealing import Private, Public, seal

UP, DOWN = "up", "down"
SUFFIX = ".hbgoi"
_MAGIC = b"HOABANGOI1\n"
_END = b"\nGOIHOABAN1"
_SIGNATURE = 64
_TAG = 16
_SEALED = KEY_BYTES * 2 + _TAG
_PIECE = 256 * 1024
_MOST_LINE = 4096
_PURPOSE = b"hoa-ban package 1 "


@dataclass(frozen=True, slots=True)
class Label:
    """What stands outside: the way, the desk, the server, a number that rises, when."""

    way: str
    device: str
    server: str
    seq: int
    made: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing inside: its name, its size, its bytes."""

    name: str
    size: int
    pieces: Iterable[bytes]


def write(
    path: Path, label: Label, writer: Private, reader: Public, entries: Iterable[Entry]
) -> int:
    """Write a package under its name once it is whole on the disk; answer its size."""
    fresh = path.with_name(f"{path.name}.part")
    try:
        with typed(), fresh.open("wb") as target:
            digest = hashlib.sha256()
            for piece in _sealed(label, reader, entries):
                target.write(piece)
                digest.update(piece)
            target.write(writer.signature(digest.digest()) + _END)
            target.flush()
            os.fsync(target.fileno())
            size = target.tell()
        with typed():
            fresh.replace(path)
    except BaseException as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        # What is wrong with the place written to is said of the stick, not of the machine.
        if isinstance(error, Unavailable) and error.code == "store.disk_full":
            raise Unavailable("package.full") from error
        if isinstance(error, Unavailable) and error.code == "store.io_failed":
            raise Unavailable("package.pulled") from error
        raise
    return size


def _sealed(label: Label, reader: Public, entries: Iterable[Entry]) -> Iterator[bytes]:
    line = dumps(asdict(label)).encode() + b"\n"
    key = secrets.token_bytes(KEY_BYTES)
    yield _MAGIC + line + seal(reader.seal, key, _PURPOSE + hashlib.sha256(line).digest())
    cipher, number = ChaCha20Poly1305(key), 0
    held = bytearray()
    for piece in _inside(entries):
        held += piece
        while len(held) > _PIECE:
            yield cipher.encrypt(_nonce(number, last=False), bytes(held[:_PIECE]), None)
            del held[:_PIECE]
            number += 1
    yield cipher.encrypt(_nonce(number, last=True), bytes(held), None)


def _inside(entries: Iterable[Entry]) -> Iterator[bytes]:
    for entry in entries:
        yield dumps({"name": entry.name, "size": entry.size}).encode() + b"\n"
        left = entry.size
        for piece in entry.pieces:
            left -= len(piece)
            yield piece
        if left:
            raise Damaged("package.damaged")


def _nonce(number: int, *, last: bool) -> bytes:
    return struct.pack(">QI", number, last)


def look(path: Path) -> Label:
    """Return what stands outside.

    Raises `Damaged("package.foreign")` for what is no package, `Damaged("package.cut")` for one
    that was copied in part.
    """
    with typed(), path.open("rb") as source:
        return _opened(source)[0]


def _opened(source: BinaryIO) -> tuple[Label, bytes]:
    if source.read(len(_MAGIC)) != _MAGIC:
        raise Damaged("package.foreign")
    line = source.readline(_MOST_LINE)
    at = source.tell()
    size = source.seek(0, os.SEEK_END)
    tail = len(_END) + _SIGNATURE
    source.seek(max(0, size - len(_END)))
    if size < at + _SEALED + _TAG + tail or source.read() != _END:
        raise Damaged("package.cut")
    source.seek(at)
    try:
        return from_json(Label, orjson.loads(line)), line
    except (ValueError, RuleViolation) as error:
        raise Damaged("package.foreign") from error


@contextmanager
def opened(path: Path, writer: Public, reader: Private) -> Iterator[Iterator[Entry]]:
    """Open a package whose every byte was checked before the first is given out.

    Entries come in order; what is left of one when the next is asked for is passed over.
    Raises as `look`, `Damaged("package.damaged")`, `NotPermitted("package.not_for_you")`.
    """
    with typed(), path.open("rb") as source:
        _, line = _opened(source)
        start = source.tell()
        stop = source.seek(0, os.SEEK_END) - len(_END) - _SIGNATURE
        _check(source, stop, writer)
        source.seek(start)
        sealed = source.read(_SEALED)
        try:
            key = reader.unseal(sealed, _PURPOSE + hashlib.sha256(line).digest())
        except Damaged as error:
            raise NotPermitted("package.not_for_you") from error
        yield _Inside(_pieces(source, stop, key)).entries()


def _check(source: BinaryIO, stop: int, writer: Public) -> None:
    source.seek(0)
    digest = hashlib.sha256()
    left = stop
    while left and (piece := source.read(min(_PIECE, left))):
        digest.update(piece)
        left -= len(piece)
    try:
        writer.check(source.read(_SIGNATURE), digest.digest())
    except Damaged as error:
        raise Damaged("package.damaged") from error


def _pieces(source: BinaryIO, stop: int, key: bytes) -> Iterator[bytes]:
    cipher, number = ChaCha20Poly1305(key), 0
    while (left := stop - source.tell()) > 0:
        piece = source.read(min(_PIECE + _TAG, left))
        try:
            yield cipher.decrypt(_nonce(number, last=len(piece) == left), piece, None)
        except InvalidTag as error:
            raise Damaged("package.damaged") from error
        number += 1


class _Inside:
    """Cut a stream of bytes into entries."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = b""
        self._left = 0

    def entries(self) -> Iterator[Entry]:
        while (line := self._line()) is not None:
            try:
                value = orjson.loads(line)
                name, self._left = str(value["name"]), int(value["size"])
            except (ValueError, KeyError, TypeError) as error:
                raise Damaged("package.damaged") from error
            yield Entry(name, self._left, self._body())
            for _ in self._body():
                continue

    def _line(self) -> bytes | None:
        while b"\n" not in self._held:
            if len(self._held) > _MOST_LINE:
                raise Damaged("package.damaged")
            piece = next(self._pieces, None)
            if piece is None:
                if self._held:
                    raise Damaged("package.damaged")
                return None
            self._held += piece
        line, _, self._held = self._held.partition(b"\n")
        return line

    def _body(self) -> Iterator[bytes]:
        while self._left:
            piece = self._held or next(self._pieces, None)
            if piece is None:
                raise Damaged("package.damaged")
            given, self._held = piece[: self._left], piece[self._left :]
            self._left -= len(given)
            yield given
