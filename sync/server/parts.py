"""Uploads on their way: a part and its announcement per file and person, in a folder.

Everything is on the disk, so an upload goes on after a restart, and at another process that
shares the folder. What a power cut has torn is found when the part is first met again: whole
leaves are read once per process, and the part is cut back to the last good one. A part that
nobody has touched for a week is removed.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path
from typing import BinaryIO

from app.kernel.errors import Conflict, Damaged, RuleViolation
from sync.protocol.codec import dumps

LEAF = 256 * 1024
KEPT_SECONDS = 7 * 86400.0
_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What an upload announced."""

    size: int
    leaves: tuple[str, ...]


class Parts:
    """The parts of one folder; names are checked before they come here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._locks = folder / "locks"
        self._locks.mkdir(parents=True, exist_ok=True)
        self._sound: set[Path] = set()
        self._purged = 0.0

    def path(self, sha256: str, person: str) -> Path:
        """Return where the part of a file and a person lies."""
        owner = hashlib.sha256(person.encode()).hexdigest()[:16]
        return self._folder / f"{sha256}-{owner}.part"

    @contextmanager
    def alone(self, sha256: str) -> Iterator[None]:
        """Keep out every other writer of a file's parts, in this process and in others.

        A late duplicate of a request could else write into what has just become the file.
        """
        with (self._locks / sha256[:2]).open("ab") as lock:
            _wait_for(lock)
            yield

    def begin(self, sha256: str, person: str, plan: Plan) -> int:
        """Note an announcement; answer how many good bytes of it are here."""
        part = self.path(sha256, person)
        described = part.with_suffix(".json")
        text = dumps({"size": plan.size, "leaves": plan.leaves})
        if not described.is_file() or described.read_text("utf-8") != text:
            part.unlink(missing_ok=True)
            fresh = described.with_suffix(".new")
            fresh.write_text(text, "utf-8")
            fresh.replace(described)
        elif part.is_file() and part not in self._sound:
            _cut_back(part, plan)
        os.utime(described)
        self._purge_daily(described.stat().st_mtime)
        self._sound.add(part)
        return part.stat().st_size if part.is_file() else 0

    def plan(self, sha256: str, person: str) -> Plan | None:
        """Return what was announced, or None."""
        described = self.path(sha256, person).with_suffix(".json")
        if not described.is_file():
            return None
        value = json.loads(described.read_text("utf-8"))
        return Plan(value["size"], tuple(value["leaves"]))

    def offset(self, sha256: str, person: str) -> int | None:
        """Return how many bytes of an announced upload are here; None when unannounced."""
        part = self.path(sha256, person)
        if not part.with_suffix(".json").is_file():
            return None
        return part.stat().st_size if part.is_file() else 0

    def append(self, sha256: str, person: str, offset: int, pieces: Iterable[bytes]) -> int:
        """Append bytes; whole leaves are verified as they close; answer the new offset.

        Raises `Conflict("sync.offset")`, `Damaged("sync.leaf")`; then the bad leaf is dropped.
        """
        plan = self.plan(sha256, person)
        if plan is None:
            raise Conflict("sync.offset")
        part = self.path(sha256, person)
        part.touch()
        with part.open("r+b") as target:
            if target.seek(0, os.SEEK_END) != offset:
                raise Conflict("sync.offset")
            for piece in pieces:
                _extend(target, piece, plan)
            return target.tell()

    def cut_back(self, sha256: str, person: str, plan: Plan) -> None:
        """Drop from the first bad leaf on."""
        _cut_back(self.path(sha256, person), plan)

    def drop(self, sha256: str, person: str) -> None:
        """Forget a part and its announcement."""
        part = self.path(sha256, person)
        part.unlink(missing_ok=True)
        part.with_suffix(".json").unlink(missing_ok=True)
        self._sound.discard(part)

    def purge(self, before: float) -> int:
        """Remove what nobody has touched since a time of the disk; answer how many parts."""
        removed = 0
        for described in self._folder.glob("*.json"):
            part = described.with_suffix(".part")
            last = max(p.stat().st_mtime for p in (described, part) if p.is_file())
            if last >= before:
                continue
            with self.alone(described.name):
                part.unlink(missing_ok=True)
                described.unlink(missing_ok=True)
            self._sound.discard(part)
            removed += 1
        return removed

    def _purge_daily(self, now: float) -> None:
        """Purge by the time of the disk, which is the one that the parts bear."""
        if now - self._purged >= _DAY:
            self._purged = now
            self.purge(now - KEPT_SECONDS)


def _extend(target: BufferedRandom, piece: bytes, plan: Plan) -> None:
    before = target.tell()
    if before + len(piece) > plan.size:
        raise RuleViolation("sync.file_size", field="size")
    target.write(piece)
    after = target.tell()
    last = after // LEAF if after < plan.size else len(plan.leaves)
    for number in range(before // LEAF, last):
        target.seek(number * LEAF)
        if hashlib.sha256(target.read(LEAF)).hexdigest() != plan.leaves[number]:
            target.truncate(number * LEAF)
            raise Damaged("sync.leaf")
    target.seek(after)


def _cut_back(part: Path, plan: Plan) -> None:
    with part.open("r+b") as target:
        for number, leaf in enumerate(plan.leaves):
            held = target.read(LEAF)
            whole = len(held) == min(LEAF, plan.size - number * LEAF)
            if whole and hashlib.sha256(held).hexdigest() == leaf:
                continue
            # What is begun of a leaf cannot be judged, and may be holes: it comes again.
            target.truncate(number * LEAF)
            return
        target.truncate(plan.size)


if sys.platform == "win32":
    import msvcrt

    def _wait_for(lock: BinaryIO) -> None:
        lock.seek(0)
        msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK, 1)

else:
    import fcntl

    def _wait_for(lock: BinaryIO) -> None:
        fcntl.flock(lock.fileno(), fcntl.LOCK_EX)
