"""Tell the world's faults (disk full, lock, damage) from bugs: one place, typed errors."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc
from sqlcipher3 import dbapi2

from app.kernel.errors import Damaged, HoaBanError, Unavailable

# sqlcipher3 carries no error numbers, so SQLite's fixed English messages are the only mark.
_DAMAGE = ("file is not a database", "malformed", "file is encrypted", "integrity")
_FULL = "database or disk is full"
_LOCKED = ("database is locked", "database table is locked", "database schema is locked")
_IO = ("disk I/O error", "unable to open database file", "readonly database", "out of memory")


@contextmanager
def typed() -> Iterator[None]:
    """Raise the store's typed errors in place of the driver's; bugs pass unchanged."""
    try:
        yield
    except (exc.DBAPIError, dbapi2.Error) as error:
        known = _known(error)
        if known is None:
            raise
        raise known from error
    except OSError as error:
        raise from_os(error) from error


def _known(error: exc.DBAPIError | dbapi2.Error) -> HoaBanError | None:
    said = str(error.orig if isinstance(error, exc.DBAPIError) else error)
    if _FULL in said:
        return Unavailable("store.disk_full")
    if any(mark in said for mark in _LOCKED):
        return Unavailable("store.locked")
    if any(mark in said for mark in _IO):
        return Unavailable("store.io_failed")
    if any(mark in said for mark in _DAMAGE):
        return Damaged("store.damaged")
    return None


def from_os(error: OSError) -> HoaBanError:
    """Return the typed error of a failed file operation."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Unavailable("store.disk_full")
    return Unavailable("store.io_failed")
