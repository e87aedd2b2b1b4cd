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
    e, v, c = tables.entity.c, tables.event.c, tables.log.c
    lies: set[tuple[str, str, str]] = set()
    for kind, name, buckets in connection.execute(select(e.kind, e.id, e.buckets)):
        lies |= {(b, kind, name) for b in json.loads(buckets)}
    joined = select(v.id, e.buckets).join_from(
        tables.event, tables.entity, (e.kind == v.kind) & (e.id == v.entity)
    )
    for name, buckets in connection.execute(joined):
        lies |= {(b, EVENT, name) for b in json.loads(buckets)}
    query = select(c.bucket, c.kind, c.id).where(~c.gone)
    logged = {(b, k, i) for b, k, i in connection.execute(query)}
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
    d, r = tables.device.c, tables.receipt.c
    query = (
        select(d.id)
        .join_from(tables.device, tables.receipt, r.device == d.id, isouter=True)
        .group_by(d.id, d.last_n)
        .having(func.coalesce(func.max(r.n), 0) != d.last_n)
        .order_by(d.id)
    )
    for device in connection.scalars(query):
        yield Finding("receipt", "device", device)


def _orphans(connection: Connection) -> Iterator[Finding]:
    """See that whatever names a file is there, so that nobody sees one without a reason."""
    r, e = tables.file_ref.c, tables.entity.c
    query = (
        select(r.kind, r.entity)
        .join_from(
            tables.file_ref, tables.entity, (e.kind == r.kind) & (e.id == r.entity), isouter=True
        )
        .where(e.id.is_(None))
        .order_by(r.kind, r.entity)
    )
    for kind, name in connection.execute(query):
        yield Finding("orphan", kind, name)


def _timelines(connection: Connection) -> Iterator[Finding]:
    """See that every entity has as many events as its version says."""
    e, v = tables.entity.c, tables.event.c
    query = (
        select(e.kind, e.id)
        .join_from(
            tables.entity, tables.event, (e.kind == v.kind) & (e.id == v.entity), isouter=True
        )
        .group_by(e.kind, e.id, e.ver)
        .having((func.count(v.id) != e.ver) | (func.coalesce(func.max(v.ver), 0) != e.ver))
    )
    for kind, name in connection.execute(query):
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
    f = tables.file.c
    for sha256, size in connection.execute(select(f.sha256, f.size)):
        path = files.path(sha256)
        if not path.is_file() or path.stat().st_size != size:
            yield Finding("file", "file", sha256)
