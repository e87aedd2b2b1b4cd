"""What a failure of the database or the disk means for a caller."""

from __future__ import annotations

import errno
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.requests import ClientDisconnect

from app.kernel.clock import Clock
from app.kernel.errors import HoaBanError, RuleViolation, Unavailable

AGAIN_SECONDS = 5
# A statement or a lock took too long, the server is starting, ending or full, or no primary.
_LATER = frozenset(
    {"57014", "55P03", "53300", "57P01", "57P02", "57P03", "40001", "40P01", "25006"}
)
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_NO_ROOM_CODE = "53100"


def typed(error: Exception, clock: Clock) -> HoaBanError:
    """Return the typed error of any exception; `Unavailable("sync.internal")` for a bug."""
    if isinstance(error, HoaBanError):
        return error
    if isinstance(error, ClientDisconnect):
        return Unavailable("sync.cut")
    later = clock.now() + timedelta(seconds=AGAIN_SECONDS)
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return Unavailable("sync.no_room", later)
    if isinstance(error, PoolTimeout):
        return Unavailable("sync.busy", later)
    if isinstance(error, DBAPIError):
        return _of_database(error, later)
    return Unavailable("sync.internal", later)


def _of_database(error: DBAPIError, later: Any) -> HoaBanError:
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if state == _NO_ROOM_CODE:
        return Unavailable("sync.no_room", later)
    if state.startswith("22"):
        # A value that the database cannot hold.
        return RuleViolation("sync.request")
    if state in _LATER or state.startswith("08"):
        return Unavailable("sync.busy", later)
    lost = isinstance(error, OperationalError) and not state
    return Unavailable("sync.busy" if lost else "sync.internal", later)
