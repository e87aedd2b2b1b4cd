"""Is the server's database whole? Log against entities, timelines, registers, files, audit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, text

from app.kernel.feature import Registry
from sync.server import derived, digests, tables, trail
from sync.server.files import Files
from sync.server.store import Store
from sync.server.unit import EVENT

_E, _V, _C, _D = tables.entity.c, tables.event.c, tables.log.c, tables.device.c
_R, _F = tables.receipt.c, tables.file_ref.c
_OF_ENTITY = (_E.kind == _V.kind) & (_E.id == _V.entity)
_HOMES = select(_E.kind, _E.id, _E.buckets)
_EVENT_HOMES = select(_V.id, _E.buckets).join_from(tables.event, tables.entity, _OF_ENTITY)
_LOGGED = select(_C.bucket, _C.kind, _C.id).where(~_C.gone)
_UNANSWERED = (
    select(_D.id)
    .join_from(tables.device, tables.receipt, _R.device == _D.id, isouter=True)
    .group_by(_D.id, _D.last_n)
    .having(func.coalesce(func.max(_R.n), 0) != _D.last_n)
    .order_by(_D.id)
)
_ORPHANS = (
    select(_F.kind, _F.entity)
    .join_from(
        tables.file_ref, tables.entity, (_E.kind == _F.kind) & (_E.id == _F.entity), isouter=True
    )
    .where(_E.id.is_(None))
    .order_by(_F.kind, _F.entity)
)
_UNEVEN = (
    select(_E.kind, _E.id)
    .join_from(tables.entity, tables.event, _OF_ENTITY, isouter=True)
    .group_by(_E.kind, _E.id, _E.ver)
    .having((func.count(_V.id) != _E.ver) | (func.coalesce(func.max(_V.ver), 0) != _E.ver))
)
_FILES = select(tables.file.c.sha256, tables.file.c.size)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be."""

    check: str
    kind: str
    id: str


def check(store: Store, registry: Registry, files: Files) -> list[Finding]:
    """Run every check in one snapshot; an empty list means that all is well."""
    where = (store, registry)
    with store.read() as connection:
        return [
            *_log(connection),
            *_numbers(connection, store),
            *_receipts(connection),
            *_orphans(connection),
            *_timelines(connection),
            *_books(connection, registry),
            *_files(connection, files),
            *(Finding("digest", kind, bucket) for bucket, kind in digests.wrong(connection)),
            *(Finding("figure", kind, name) for kind, name in derived.wrong(*where, connection)),
            *(Finding("audit", chain, entry) for chain, entry in trail.faults(connection)),
        ]


def _log(connection: Connection) -> Iterator[Finding]:
    """Compare the live rows of the log with where entities and events lie."""
    lies: set[tuple[str, str, str]] = set()
    for kind, name, buckets in connection.execute(_HOMES):
        lies |= {(b, kind, name) for b in json.loads(buckets)}
    for name, buckets in connection.execute(_EVENT_HOMES):
        lies |= {(b, EVENT, name) for b in json.loads(buckets)}
    logged = {(b, k, i) for b, k, i in connection.execute(_LOGGED)}
    for _, kind, name in sorted(lies ^ logged):
        yield Finding("log", kind, name)


def _numbers(connection: Connection, store: Store) -> Iterator[Finding]:
    """See that the next number of the log lies above all that were given."""
    head = store.head(connection)
    drawn = (
        connection.scalar(text("SELECT last_value FROM log_number"))
        if store.postgres
        else store.meta(connection, "log_number")
    )
    if int(drawn or 0) < head:
        yield Finding("number", "log", str(head))


def _receipts(connection: Connection) -> Iterator[Finding]:
    """See that the last command of every desk has its receipt."""
    for device in connection.scalars(_UNANSWERED):
        yield Finding("receipt", "device", device)


def _orphans(connection: Connection) -> Iterator[Finding]:
    """See that whatever names a file is there, so that nobody sees one without a reason."""
    for kind, name in connection.execute(_ORPHANS):
        yield Finding("orphan", kind, name)


def _timelines(connection: Connection) -> Iterator[Finding]:
    """See that every entity has as many events as its version says."""
    for kind, name in connection.execute(_UNEVEN):
        yield Finding("timeline", kind, name)


def _books(connection: Connection, registry: Registry) -> Iterator[Finding]:
    """See that every number below a register's next one has its row, or is free in a block."""
    if "register" not in registry.kinds:
        return
    e = tables.entity.c
    rows: dict[str, set[int]] = {}
    for data in connection.scalars(select(e.data).where(e.kind == "register_entry")):
        entry = json.loads(data)
        rows.setdefault(str(entry.get("register")), set()).add(int(entry.get("n", 0)))
    for name, data in connection.execute(select(e.id, e.data).where(e.kind == "register")):
        book = json.loads(data)
        there = rows.get(name, set()) | set(book.get("released", ()))
        there.update(n for block in book.get("blocks", ()) for n in block["numbers"])
        upto = int(book.get("next", 1))
        if set(range(int(book.get("first", 1)), upto)) - there:
            yield Finding("register", "register", name)


def _files(connection: Connection, files: Files) -> Iterator[Finding]:
    """See that every file that is said to be here is here, in its size."""
    for sha256, size in connection.execute(_FILES):
        path = files.path(sha256)
        if not path.is_file() or path.stat().st_size != size:
            yield Finding("file", "file", sha256)
