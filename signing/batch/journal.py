"""What a batch has made, on the disk before the file takes its name: append-only, one JSON a line.

A line says: under this name comes a file of this hash, made from one of that hash. So a file that
bears the final name and the hash is done, whatever happened since; all else is made anew. Names
are there as hashes only. The first line says which key and which purpose the batch is of.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.kernel.errors import Conflict, RuleViolation, Unavailable

FORM = 1


@dataclass(frozen=True, slots=True)
class Made:
    """A file as it was made: hashes of the original and of the signed one."""

    source: str
    result: str


class Journal:
    """One batch's journal, held by one process at a time; `lines` is what was there."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            self._file = path.open("a+b")
            _hold(self._file.fileno())
        except BlockingIOError as problem:
            self._file.close()
            raise Conflict("batch_in_use") from problem
        except OSError as problem:
            raise Unavailable("sign_no_room") from problem
        self._head, self.made = _read(self._file)

    def claim(self, key: str, purpose: str) -> None:
        """Begin the batch, or go on with it; raises `RuleViolation` for another key's."""
        head = {"form": FORM, "key": key, "purpose": purpose}
        if self._head is None:
            self._append(head)
            self._head = head
        elif self._head != head:
            raise RuleViolation("batch_other_key", "token")

    def note(self, name: str, made: Made) -> None:
        """Write down what takes a name now; it is on the disk when this returns."""
        self._append({"name": name, "source": made.source, "result": made.result})
        self.made[name] = made

    def close(self) -> None:
        """Let go of the journal."""
        self._file.close()

    def _append(self, row: dict[str, Any]) -> None:
        line = json.dumps(row).encode() + b"\n"
        try:
            with self._lock:
                self._file.write(line)
                self._file.flush()
                os.fsync(self._file.fileno())
        except OSError as problem:
            raise Unavailable("sign_no_room") from problem


def _read(file: Any) -> tuple[dict[str, Any] | None, dict[str, Made]]:
    """Return the head and the lines; what a killed process left half written counts as nothing."""
    file.seek(0)
    text = file.read()
    if text and not text.endswith(b"\n"):
        file.write(b"\n")
        file.flush()
    head: dict[str, Any] | None = None
    made: dict[str, Made] = {}
    for line in text.splitlines():
        try:
            row = json.loads(line)
            if "form" in row:
                head = row
            else:
                made[str(row["name"])] = Made(str(row["source"]), str(row["result"]))
        except (ValueError, KeyError, TypeError):
            continue
    return head, made


if os.name == "posix":
    import fcntl

    def _hold(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

else:

    def _hold(handle: int) -> None:
        """Windows keeps others from writing to an open file by itself."""
