"""The audit log: append-only, each entry bound to the one before it by its hash.

Invariant: `hash` = SHA-256 over the entry's own fields and the hash before it, so a changed,
removed or reordered entry breaks every later one. Cutting off the end shows only against
a hash that was noted elsewhere: `verify_chain` answers the last one for that purpose.
Entries carry ids only: no names, no content, no secrets.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select, text

from app.identity.tables import AUDIT
from app.kernel.errors import Damaged

START = "0" * 64


class Action(StrEnum):
    """What is written down (security: who, when, what, from which device)."""

    LOGIN = "login"
    LOGIN_FAILED = "login_failed"
    LOCK = "lock"
    UNLOCK = "unlock"
    SIGN = "sign"
    REFUSED = "refused"
    EXPORT = "export"
    VIEW_SENSITIVE = "view_sensitive"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry; `objects` are ids, `detail` a code of an error or a purpose."""

    seq: int
    at: str
    person: str
    post: str
    device: str
    action: str
    objects: tuple[str, ...]
    detail: str
    prev: str
    hash: str


def create(connection: Connection) -> None:
    """Create the audit table; the database itself refuses to change or remove entries.

    The triggers are SQLite's; a PostgreSQL server grants INSERT and SELECT only.
    """
    AUDIT.create(connection, checkfirst=True)
    if connection.dialect.name != "sqlite":
        return
    for act in ("UPDATE", "DELETE"):
        connection.execute(
            text(
                f"CREATE TRIGGER IF NOT EXISTS audit_no_{act.lower()} BEFORE {act} ON audit"
                " BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END"
            )
        )


def append(
    connection: Connection,
    at: datetime,
    action: Action,
    *,
    person: str = "",
    post: str = "",
    device: str = "",
    objects: Sequence[str] = (),
    detail: str = "",
) -> AuditEntry:
    """Write the next entry in the caller's transaction, and return it.

    Writers must take turns (a desk's transactions do); a second one at the same time fails
    on the entry's number.
    """
    c = AUDIT.c
    last = connection.execute(select(c.seq, c.hash).order_by(c.seq.desc()).limit(1)).first()
    seq, prev = (last.seq + 1, last.hash) if last is not None else (1, START)
    values = (seq, at.isoformat(), person, post, device, action.value, tuple(objects), detail)
    entry = AuditEntry(*values, prev=prev, hash=_digest(values, prev))
    row = {name: getattr(entry, name) for name in AuditEntry.__slots__}
    connection.execute(AUDIT.insert().values({**row, "objects": json.dumps(entry.objects)}))
    return entry


def entries(connection: Connection, after: int = 0, limit: int = 200) -> list[AuditEntry]:
    """Return entries in order, from the one after `after`."""
    ask = select(AUDIT).where(AUDIT.c.seq > after).order_by(AUDIT.c.seq).limit(limit)
    return [_entry(row) for row in connection.execute(ask).mappings()]


def verify_chain(connection: Connection) -> str:
    """Return the last hash of an unbroken chain (`START` when empty).

    Raises `Damaged("audit.broken", seq=…)` with the first entry that does not follow.
    """
    prev, after = START, 0
    while page := entries(connection, after):
        for entry in page:
            values = tuple(getattr(entry, name) for name in AuditEntry.__slots__[:-2])
            broken = entry.seq != after + 1 or entry.prev != prev
            if broken or entry.hash != _digest(values, prev):
                raise Damaged("audit.broken", seq=after + 1)
            prev, after = entry.hash, entry.seq
    return prev


def _digest(values: Sequence[Any], prev: str) -> str:
    text = json.dumps([*values, prev], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _entry(row: Any) -> AuditEntry:
    return AuditEntry(**{**row, "objects": tuple(json.loads(row["objects"]))})
