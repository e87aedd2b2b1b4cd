"""Is the server's database whole? Log against entities, timelines, registers, files, audit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from app.kernel.feature import Registry
from sync.server import tables, trail
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
    with store.read() as connection:
        return [
            *_log(connection),
            *_timelines(connection),
            *_books(connection, registry),
            *_files(connection, files),
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
    """See that every number below a register's next one has its row."""
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
        upto = int(book.get("next", 1))
        if book.get("mode") != "block" and set(range(int(book.get("first", 1)), upto)) - there:
            yield Finding("register", "register", name)


def _files(connection: Connection, files: Files) -> Iterator[Finding]:
    """See that every file that is said to be here is here, in its size."""
    f = tables.file.c
    for sha256, size in connection.execute(select(f.sha256, f.size)):
        path = files.path(sha256)
        if not path.is_file() or path.stat().st_size != size:
            yield Finding("file", "file", sha256)
