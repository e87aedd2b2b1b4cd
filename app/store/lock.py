"""One process per profile: a lock of the operating system, which dies with its holder."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import BinaryIO

from app.kernel.errors import Conflict
from app.store.faults import typed

# Windows locks bytes against reading too, so the lock lies behind what is written.
_PLACE = 1 << 20


class ProfileLock:
    """Hold a folder; raises `Conflict("profile_in_use", pid, host)` when another does."""

    def __init__(self, folder: Path) -> None:
        with typed():
            handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        self._file = os.fdopen(handle, "r+b")
        try:
            _lock(self._file)
        except OSError as error:
            other = _holder(self._file)
            self._file.close()
            raise Conflict("profile_in_use", **other) from error
        holder = {"pid": os.getpid(), "host": socket.gethostname()}
        with typed():
            self._file.truncate(0)
            self._file.seek(0)
            self._file.write(json.dumps(holder).encode())
            self._file.flush()

    def release(self) -> None:
        """Let go of the folder."""
        self._file.close()


def _holder(file: BinaryIO) -> dict[str, str | int]:
    try:
        held = json.loads(file.read(400))
        return {"pid": int(held["pid"]), "host": str(held["host"])}
    except (ValueError, KeyError, TypeError):
        # The other has the lock but has not signed it yet.
        return {"pid": 0, "host": socket.gethostname()}


if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> None:
        file.seek(_PLACE)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        file.seek(0)

else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
