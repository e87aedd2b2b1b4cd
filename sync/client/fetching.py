"""Parts of snapshots onto the disk: from wherever the last try stopped, leaf by leaf."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedRandom
from pathlib import Path

from app.kernel.errors import Damaged
from app.store.faults import typed
from app.store.sealed import LEAF
from sync.client.plan import Piece
from sync.client.transport import HttpTransport
from sync.http import Streamed

Told = Callable[[int, int], None]


class Fetch:
    """Fetch files into a folder; they are sealed, so they may lie there as they come."""

    def __init__(
        self, folder: Path, transport: HttpTransport, hurried: Callable[[], bool], tell: Told
    ) -> None:
        self._folder = folder
        self._transport = transport
        self._hurried = hurried
        self._tell = tell

    def path(self, piece: Piece) -> Path:
        """Return where a whole file lies."""
        return self._folder / piece.sha256

    def get(self, piece: Piece) -> bool:
        """Fetch what is missing; False when somebody is in a hurry, what came stays.

        Raises `Unavailable`, `NotPermitted("sync.file_unknown")` and `Damaged("sync.leaf")`.
        """
        if self.path(piece).is_file():
            return True
        with typed():
            self._folder.mkdir(exist_ok=True)
        part = self._folder / f"{piece.sha256}.part"
        with _appending(part) as target:
            while target.tell() < piece.size:
                if not self._pour(piece, target):
                    return False
            _end(target, piece)
        with typed():
            part.replace(self.path(piece))
        return True

    def _pour(self, piece: Piece, target: BufferedRandom) -> bool:
        """Take one reply to its end; False when it was left for a hurry."""
        start = target.tell()
        headers = {
            "Range": f"bytes={start}-{piece.size - 1}",
            "If-Range": f'"sha256-{piece.sha256}"',
        }
        path = f"/snapshots/{piece.sha256}"
        with self._transport.stream("GET", path, b"", headers) as reply:
            _begin(reply, target)
            for chunk in reply.chunks:
                _extend(target, chunk, piece)
                self._tell(target.tell(), piece.size)
                if self._hurried():
                    return target.tell() == piece.size
        if target.tell() == start:
            raise Damaged("sync.leaf")
        return True

    def forget(self) -> None:
        """Remove every file of the folder, and the folder."""
        with typed():
            if self._folder.is_dir():
                for path in self._folder.iterdir():
                    path.unlink()
                self._folder.rmdir()


@contextmanager
def _appending(path: Path) -> Iterator[BufferedRandom]:
    with typed():
        path.touch()
        with path.open("r+b") as target:
            target.seek(0, os.SEEK_END)
            yield target


def _begin(reply: Streamed, target: BufferedRandom) -> None:
    """Begin anew where the server sends the whole."""
    if reply.status != 206:
        target.seek(0)
        target.truncate()


def _extend(target: BufferedRandom, chunk: bytes, piece: Piece) -> None:
    """Append bytes; a leaf that is whole and not what was announced is dropped."""
    before = target.tell()
    target.write(chunk)
    after = target.tell()
    if after > piece.size:
        target.truncate(before)
        raise Damaged("sync.leaf")
    last = after // LEAF if after < piece.size else len(piece.leaves)
    for number in range(before // LEAF, last):
        target.seek(number * LEAF)
        if hashlib.sha256(target.read(LEAF)).hexdigest() != piece.leaves[number]:
            target.truncate(number * LEAF)
            raise Damaged("sync.leaf")
    target.seek(after)


def _end(target: BufferedRandom, piece: Piece) -> None:
    target.seek(0)
    if hashlib.file_digest(target, "sha256").hexdigest() != piece.sha256:
        target.truncate(0)
        raise Damaged("sync.leaf")
    target.flush()
    os.fsync(target.fileno())
