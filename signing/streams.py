"""Where a PDF comes from and where the signed one goes: a path, or a stream of the caller's.

A path is for the command line: the signed file is made beside it and takes its name at the very
end. A stream is for the desk, whose files lie encrypted: nothing of them touches the disk here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO


@dataclass(slots=True)
class WorkingCopy:
    """A stream that a signature is made in; `keep` gives it its name if it has one."""

    stream: BinaryIO
    part: Path | None = None
    _target: Path | None = None

    def keep(self) -> Path | None:
        """Make the finished file lasting and return its path; None for a caller's stream."""
        self.stream.flush()
        if self.part is None or self._target is None:
            self.stream.seek(0)
            return None
        os.fsync(self.stream.fileno())
        self.stream.close()
        self.part.replace(self._target)
        sync_folder(self._target.parent)
        return self._target


def reading(source: Path | BinaryIO) -> AbstractContextManager[BinaryIO]:
    """Return the source from its beginning; a caller's stream is left open."""
    if isinstance(source, Path):
        return source.open("rb")
    source.seek(0)
    return nullcontext(source)


@contextmanager
def working_copy(target: Path | BinaryIO) -> Iterator[WorkingCopy]:
    """Yield an empty place to work in; unless it was kept, nothing of it is left behind."""
    if isinstance(target, Path):
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{os.urandom(8).hex()}.part")
        try:
            with part.open("x+b") as stream:
                yield WorkingCopy(stream, part, target)
        finally:
            part.unlink(missing_ok=True)
        return
    _empty(target)
    with ExitStack() as undo:
        undo.callback(_empty, target)
        yield WorkingCopy(target)
        undo.pop_all()


def _empty(stream: BinaryIO) -> None:
    stream.seek(0)
    stream.truncate()


def sync_folder(folder: Path) -> None:
    """Make the new name lasting; Windows has no such call and needs none."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
