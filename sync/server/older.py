"""What may not begin while desks are at work that would not understand it.

A desk of older rules leaves out the events of blocks: its book would show numbers as free that
are set apart elsewhere. So a book goes over to blocks when the last such desk of its agency is
brought up to date, signed out or erased.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, select

from app.kernel.command import Envelope
from app.kernel.errors import Conflict
from app.registers.commands import SetMode
from app.registers.model import RegisterMode, parts_of
from sync.server import tables

BLOCKS_SINCE = 2
Holds = Callable[[Connection, str, datetime], frozenset[str]]


def check(connection: Connection, holds: Holds, envelope: Envelope, now: datetime) -> None:
    """Raise `Conflict("register.older_desks")` where a book must not go over to blocks yet."""
    if envelope.name != SetMode.NAME or envelope.args.get("mode") != RegisterMode.BLOCK.value:
        return
    try:
        bucket = f"agency:{parts_of(envelope.entity)[0]}"
    except ValueError:
        return  # the rules say that there is no such book
    d, t, s = tables.device.c, tables.token.c, tables.session.c
    alive = select(s.device).join_from(tables.session, tables.token, s.family == t.family)
    older = select(d.person).where(
        d.rules < BLOCKS_SINCE,
        d.id.in_(alive.where(t.expires > int(now.timestamp()))),
    )
    count = sum(bucket in holds(connection, p, now) for p in connection.scalars(older).all())
    if count:
        raise Conflict("register.older_desks", count=count)
