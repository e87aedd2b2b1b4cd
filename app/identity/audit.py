"""The audit log: append-only, each entry bound to the one before it by its hash.

Invariant: `hash` = SHA-256 over the entry's own fields and the hash before it, so a changed,
removed or reordered entry breaks every later one. Cutting off the end shows only against
a hash that was noted elsewhere: `verify_chain` answers the last one for that purpose.
Entries carry ids and codes only: no names, no content, no secrets.

A desk has one chain. A server has one per device, per account and for its own work, since
writers of one chain have to take turns and those of two need not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, text

from app.identity.actions import Action
from app.identity.tables import AUDIT
from app.kernel.errors import Damaged

START = "0" * 64
DESK = "desk"
_C = AUDIT.c
# Built once: putting a query together takes longer than running it.
_LAST = select(_C.seq, _C.hash).where(_C.chain == bindparam("of")).order_by(_C.seq.desc()).limit(1)
_INSERT = insert(AUDIT)
_CHAINS = select(_C.chain).distinct().order_by(_C.chain)
_ENTRIES = (
    select(AUDIT)
    .where(_C.chain == bindparam("of"), _C.seq > bindparam("after"))
    .order_by(_C.seq)
    .limit(bindparam("most"))
)
_NEWEST = (
    select(AUDIT)
    .where(_C.chain == bindparam("of"), _C.action == bindparam("act"))
    .order_by(_C.seq.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Note:
    """What an entry says; `objects` are ids, `detail` a code, a purpose or a count."""

    action: Action
    person: str = ""
    post: str = ""
    acting_for: str = ""
    device: str = ""
    objects: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry of a chain, with what `Note` says and its place in the chain."""

    chain: str
    seq: int
    at: str
    person: str
    post: str
    acting_for: str
    device: str
    action: str
    objects: tuple[str, ...]
    detail: str
    prev: str
    hash: str


def create(connection: Connection) -> None:
    """Create the audit table; the database itself refuses to change or remove entries."""
    AUDIT.create(connection, checkfirst=True)
    for statement in _GUARDS[connection.dialect.name]:
        connection.execute(text(statement))


_SAYS = "the audit log only grows"
_GUARDS = {
    "sqlite": tuple(
        f"CREATE TRIGGER IF NOT EXISTS audit_no_{act.lower()} BEFORE {act} ON audit"
        f" BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END"
        for act in ("UPDATE", "DELETE")
    ),
    "postgresql": (
        f"""CREATE OR REPLACE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN RAISE EXCEPTION ''{_SAYS}''; END'""",
        """CREATE OR REPLACE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE
            ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows()""",
    ),
}


def append(connection: Connection, at: datetime, note: Note, chain: str = DESK) -> AuditEntry:
    """Write the next entry in the caller's transaction, and return it.

    Writers of one chain must take turns (a desk's transactions do); a second one at the same
    time fails on the entry's number.
    """
    last = connection.execute(_LAST, {"of": chain}).first()
    seq, prev = (last.seq + 1, last.hash) if last is not None else (1, START)
    values = (
        chain,
        seq,
        at.isoformat(),
        note.person,
        note.post,
        note.acting_for,
        note.device,
        note.action.value,
        note.objects,
        note.detail,
    )
    entry = AuditEntry(*values, prev=prev, hash=_digest(values, prev))
    row = {name: getattr(entry, name) for name in AuditEntry.__slots__}
    connection.execute(_INSERT, {**row, "objects": json.dumps(entry.objects)})
    return entry


def chains(connection: Connection) -> list[str]:
    """Return the names of the chains."""
    return list(connection.scalars(_CHAINS))


def entries(
    connection: Connection, after: int = 0, limit: int = 200, chain: str = DESK
) -> list[AuditEntry]:
    """Return entries in order, from the one after `after`."""
    asked = {"of": chain, "after": after, "most": limit}
    return [_entry(row) for row in connection.execute(_ENTRIES, asked).mappings()]


def newest(connection: Connection, action: Action, chain: str = DESK) -> AuditEntry | None:
    """Return the last entry of an action, or None."""
    asked = {"of": chain, "act": action.value}
    row = connection.execute(_NEWEST, asked).mappings().first()
    return None if row is None else _entry(row)


def verify_chain(connection: Connection, chain: str = DESK) -> str:
    """Return the last hash of an unbroken chain (`START` when empty).

    Raises `Damaged("audit.broken", seq=…)` with the first entry that does not follow.
    """
    prev, after = START, 0
    while page := entries(connection, after, chain=chain):
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
