"""The server's rows out of a damaged database: shown at once, without a line, and compared later.

Where so little is missing that the comparison of digests finds it, the new database goes on from
the old position; else it begins at the first, and what is held already is not written twice.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from app.kernel.feature import Registry
from app.store import meta, pull
from app.store.logbook import State
from app.store.model import EVENT, Row
from app.store.salvage import Wreck

Tell = Callable[[str, int, int], None]
# Rows of the new database that stand for themselves: who works here, and at which posts
SELF = "desk.self"
# The name of a chain of what stood behind a hole in another
BEHIND = ".behind"
_MANY = 500
# The search by digests asks for 64 parts at a time: so many rows it finds in one round for sure.
_FEW = 48


def take_over(
    connection: Connection, registry: Registry, found: Wreck, state: State, tell: Tell
) -> None:
    """Write what the damaged database still tells of the server, and go on from there or not."""
    counted: Counter[tuple[str, str]] = Counter()
    done = 0
    rows = _rows(found, state)
    while part := list(islice(rows, _MANY)):
        pull.write_rows(connection, registry, part)
        counted.update((bucket, row.kind) for row in part for bucket in row.buckets)
        done += len(part)
        tell("keeping", done, 0)
    pull.write_rows(connection, registry, _self(connection, state))
    _go_on(connection, found, counted)


def audit_rows(found: Wreck) -> list[dict[str, Any]]:
    """Return the audit log; what stands behind a hole in a chain goes to a chain of its own.

    So the chain goes on from its last whole entry, and the next one tells of the repair.
    """
    rows = sorted(found.rows("audit"), key=lambda row: (row["chain"], row["seq"]))
    ends: dict[str, int] = {}
    for row in rows:
        if row["seq"] == ends.get(row["chain"], 0) + 1:
            ends[row["chain"]] = row["seq"]
        else:
            row["chain"] += BEHIND
    return rows


def _rows(found: Wreck, state: State) -> Iterator[Row]:
    """Yield rows as the server sent them: never what a command that waits has made of one."""
    shadows = {(row["kind"], row["id"]): row for row in found.rows("shadow")}
    touched = {(kind, entity) for keys in state.touch.values() for kind, entity in keys}
    for row in found.rows("entity"):
        key = (row["kind"], row["id"])
        told = shadows.get(key, row)
        if told["ver"] and told["data"] is not None and (key in shadows or key not in touched):
            yield Row(*key, told["ver"], _names(told), json.loads(told["data"]))
    for row in found.rows(EVENT):
        if row["ver"] is not None:
            yield Row(EVENT, row["id"], row["ver"], _names(row), json.loads(row["data"]))


def _names(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(json.loads(row["buckets"]))


def _self(connection: Connection, state: State) -> list[Row]:
    told = json.loads(state.meta.get(SELF, "[]"))
    known = "SELECT 1 FROM entity WHERE kind = ? AND id = ?"
    return [
        Row(kind, name, ver, tuple(buckets), data)
        for kind, name, ver, buckets, data in told
        if connection.exec_driver_sql(known, (kind, name)).first() is None
    ]


def _go_on(connection: Connection, found: Wreck, counted: Counter[tuple[str, str]]) -> None:
    values = {row["key"]: row["value"] for row in found.rows("meta")}
    scope = [(row["bucket"],) for row in found.rows("scope")]
    digests = {(r["bucket"], r["kind"]): r["count"] for r in found.rows("digest")}
    missing = sum(max(0, count - counted[pair]) for pair, count in digests.items())
    if not digests or not scope or missing > _FEW or meta.CURSOR not in values:
        return
    connection.exec_driver_sql("INSERT OR IGNORE INTO scope VALUES (?)", scope)
    meta.write(connection, meta.CURSOR, values[meta.CURSOR])
    meta.write(connection, meta.LAG, values.get(meta.LAG, "{}"))
    meta.write(connection, meta.COMPARED, "-1")


def keep_self(connection: Connection, keys: Sequence[tuple[str, str]]) -> None:
    """Write down, for the second journal, the rows without which nobody could begin to work."""
    rows = []
    for kind, name in sorted(set(keys)):
        row = connection.exec_driver_sql(
            "SELECT e.ver, e.buckets, coalesce(s.data, e.data) FROM entity e LEFT JOIN shadow s"
            " ON s.kind = e.kind AND s.id = e.id WHERE e.kind = ? AND e.id = ? AND e.ver > 0",
            (kind, name),
        ).first()
        if row is not None:
            rows.append([kind, name, row[0], json.loads(row[1]), json.loads(row[2])])
    told = json.dumps(rows, ensure_ascii=False)
    if rows and told != meta.read(connection, SELF):
        meta.write(connection, SELF, told)


def insert(connection: Connection, table: str, rows: Sequence[dict[str, Any]]) -> None:
    """Put rows in a table, the columns that it has, in place of others under their key."""
    if not rows:
        return
    known = {row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({table})")}
    names = [name for name in rows[0] if name in known]
    connection.exec_driver_sql(
        f"INSERT OR REPLACE INTO {table} ({', '.join(names)})"
        f" VALUES ({', '.join('?' * len(names))})",
        [tuple(row[name] for name in names) for row in rows],
    )
