"""The form of the second journal on the disk: sealed frames, each found even after a bad one.

A frame is a head (mark, book, length, sequence number) and a body under AES-256-GCM with a
nonce of chance; the head is authenticated with it. `book` is drawn anew whenever the file is
written anew, so a frame of an older file never passes for one of this. The body names the tag
of the frame before: a frame that was cut out or exchanged shows.
"""

from __future__ import annotations

import os
import secrets
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.store.faults import typed
from app.store.sealed import sync, sync_folder

LOGBOOK = "desk.logbook"
_MARK = b"\xf1HB1"
_HEAD = struct.Struct(">4s8sIQ")
_NONCE, _TAG = 12, 16
# Parts of the first state are this long at most, so that one bad sector costs little of it.
_PART = 1 << 16

# (table, key, row), the row None where it is no more
Entry = tuple[str, str, Any]


@dataclass(frozen=True, slots=True)
class Frame:
    """What one transaction changed, or a part of the state that the file began with."""

    seq: int
    first: bool
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds. `whole`: nothing in it is damaged; `torn`: its last frame is not whole.

    A torn end is what a power cut leaves of a frame that was never answered for; that of the
    last frame's damage looks the same.
    """

    frames: tuple[Frame, ...] = ()
    whole: bool = False
    torn: bool = False
    end: int = 0
    first_end: int = 0
    book: bytes = b""
    tag: str = ""

    @property
    def seq(self) -> int:
        """Return the number of the last transaction."""
        return self.frames[-1].seq if self.frames else 0


def cipher_of(key: bytes) -> AESGCM:
    """Return the cipher of the journal of a profile, from the profile's key."""
    info = b"hoa-ban second journal 1"
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key))


def read(path: Path, cipher: AESGCM) -> Reading:
    """Read a file as far as it can be read; one that is not there holds nothing."""
    with typed():
        data = path.read_bytes() if path.is_file() else b""
    return _Reader(data, cipher).read()


class _Reader:
    def __init__(self, data: bytes, cipher: AESGCM) -> None:
        self._data = data
        self._cipher = cipher
        self._book = b""
        self._tag = ""
        self._at = self._end = self._first_end = 0
        self._parts = 0
        self._whole = True

    def read(self) -> Reading:
        frames: list[Frame] = []
        bad = False
        while self._at < len(self._data):
            frame = self._frame()
            if frame is None:
                bad = True
                self._at = self._data.find(_MARK, self._at + 1)
                if self._at < 0:
                    break
                continue
            # Something whole stands behind what is not: no power cut does that.
            self._whole = self._whole and not bad
            bad = False
            frames.append(frame)
            self._end = self._at
            if frame.first:
                self._first_end = self._at
        if not frames or self._parts:
            self._whole = False
        return Reading(
            tuple(frames),
            self._whole,
            bad and bool(frames),
            self._end,
            self._first_end,
            self._book,
            self._tag,
        )

    def _frame(self) -> Frame | None:
        start = self._at
        head = self._data[start : start + _HEAD.size]
        if len(head) < _HEAD.size:
            return None
        mark, book, length, seq = _HEAD.unpack(head)
        body = self._data[start + _HEAD.size : start + _HEAD.size + length]
        if mark != _MARK or len(body) < length or length <= _NONCE + _TAG:
            return None
        if self._book not in (b"", book):
            return None
        try:
            plain = self._cipher.decrypt(body[:_NONCE], body[_NONCE:], head)
        except InvalidTag:
            return None
        told = orjson.loads(plain)
        if not self._book:
            self._whole = told["part"] == 0
            self._book = book
        elif told["before"] != self._tag:
            self._whole = False
        first = "part" in told
        self._parts = told.get("left", self._parts)
        self._tag = body[-_TAG:].hex()
        self._at = start + _HEAD.size + length
        return Frame(seq, first, tuple((t, k, row) for t, k, row in told["entries"]))


class Writer:
    """Append frames to a file; each is on the disk when `append` returns."""

    def __init__(self, path: Path, cipher: AESGCM, reading: Reading) -> None:
        self._path = path
        self._cipher = cipher
        self._book = reading.book
        self._tag = self._before = reading.tag
        self._end = self._start = reading.end
        with typed():
            self._file = path.open("r+b", buffering=0)
            self._cut()

    @property
    def size(self) -> int:
        """Return the length of the file."""
        return self._end

    def append(self, seq: int, entries: Sequence[Entry]) -> None:
        """Put a frame at the end; raises `Unavailable("store.disk_full" | "store.io_failed")`."""
        sealed, tag = _seal(
            self._cipher, self._book, seq, {"before": self._tag, "entries": entries}
        )
        self._start, self._before = self._end, self._tag
        with typed():
            try:
                self._cut()
                self._file.seek(self._end)
                _write(self._file, sealed)
                os.fsync(self._file.fileno())
            except OSError:
                self._cut()
                raise
        self._end += len(sealed)
        self._tag = tag

    def take_back(self) -> None:
        """Cut off the last frame, since what it tells did not come to pass."""
        self._end, self._tag = self._start, self._before
        with typed():
            self._cut()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _cut(self) -> None:
        """Leave nothing behind the last frame that counts."""
        if os.fstat(self._file.fileno()).st_size > self._end:
            self._file.truncate(self._end)
            os.fsync(self._file.fileno())


def _write(file: Any, data: bytes) -> None:
    done = 0
    while done < len(data):
        done += file.write(data[done:])


def begin(path: Path, cipher: AESGCM, seq: int, state: Sequence[Entry]) -> Reading:
    """Put a file that holds just this state in the place of what was there, at once or not."""
    book, tag, end = secrets.token_bytes(8), "", 0
    new = path.with_name(f"{path.name}.new")
    with typed(), new.open("wb") as target:
        for number, left, part in _parted(state):
            told = {"before": tag, "part": number, "left": left, "entries": part}
            sealed, tag = _seal(cipher, book, seq, told)
            target.write(sealed)
            end += len(sealed)
        sync(target)
    with typed():
        new.replace(path)
        sync_folder(path.parent)
    frame = Frame(seq, first=True, entries=tuple(state))
    return Reading((frame,), whole=True, end=end, first_end=end, book=book, tag=tag)


def _parted(state: Sequence[Entry]) -> Iterator[tuple[int, int, list[Entry]]]:
    parts: list[list[Entry]] = [[]]
    size = 0
    for entry in state:
        if size > _PART:
            parts.append([])
            size = 0
        parts[-1].append(entry)
        size += len(orjson.dumps(entry))
    for number, part in enumerate(parts):
        yield number, len(parts) - number - 1, part


def _seal(cipher: AESGCM, book: bytes, seq: int, told: dict[str, Any]) -> tuple[bytes, str]:
    plain = orjson.dumps(told)
    nonce = secrets.token_bytes(_NONCE)
    head = _HEAD.pack(_MARK, book, _NONCE + len(plain) + _TAG, seq)
    sealed = cipher.encrypt(nonce, plain, head)
    return head + nonce + sealed, sealed[-_TAG:].hex()
