"""Packages on sticks as the screens see them: who writes and reads them, what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.kernel.ports import CancelToken, Progress


@dataclass(frozen=True, slots=True)
class PackageWritten:
    """A package on the stick: the acts and files in it, its size in bytes."""

    path: Path
    commands: int
    files: int
    size: int


@dataclass(frozen=True, slots=True)
class PackageRead:
    """What a package brought: rows, answers to acts, files.

    `whole` says that this desk now holds what the server held when it was written; `differs`
    that both sides hold something else all the same, which the next line puts right.
    """

    rows: int
    accepted: int
    refused: int
    files: int
    whole: bool
    differs: bool


class Packages(Protocol):
    """Carry what waits to the server, and its answer back, without a line."""

    def write(
        self, folder: Path, progress: Progress | None = None, cancel: CancelToken | None = None
    ) -> PackageWritten:
        """Write what waits; raises `NotPermitted`, `Unavailable` and `Cancelled`."""

    def read(
        self, source: Path, progress: Progress | None = None, cancel: CancelToken | None = None
    ) -> PackageRead:
        """Take a package, or the newest for this desk in a folder.

        Raises `Damaged`, `NotPermitted`, `Conflict`, `Unavailable` and `Cancelled`; what was
        taken before that stays, and the same package goes on from there.
        """
