"""Make a profile unreadable, then remove it."""

from __future__ import annotations

import os
from pathlib import Path

from app.store.desk import DeskStore
from app.store.faults import typed
from app.store.logbook_file import LOGBOOK
from app.store.opening import DATABASE
from app.store.profile_file import FILE

# The salt of the database lies in its first page, the wrapped key in the profile's file.
_PAGE = 4096
_LOCK = "lock"


def erase(store: DeskStore) -> None:
    """Close a store and erase its folder but for the lock, the keys first.

    Raises `Unavailable("store.io_failed")`; without its keys what is left is noise.
    """
    folder = store.folder
    store.close()
    with typed():
        for name in (FILE, DATABASE, LOGBOOK):
            _overwrite(folder / name)
        for path in sorted(folder.rglob("*"), reverse=True):
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            elif path != folder / _LOCK:
                path.unlink()


def _overwrite(path: Path) -> None:
    if not path.is_file():
        return
    with path.open("r+b") as target:
        target.write(os.urandom(min(_PAGE, path.stat().st_size)))
        target.flush()
        os.fsync(target.fileno())
