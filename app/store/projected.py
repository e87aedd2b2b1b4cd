"""Keep what follows from entities in step: the features' tables and the references to files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from app.kernel.feature import Kind, Registry
from app.store.digests import Sums, forget
from app.store.sql import Key

LEAVE_BUCKET = "DELETE FROM entity_bucket WHERE bucket = ? AND kind = ? AND id = ?"
_NO_FILES = Kind.__dataclass_fields__["files"].default


def project(connection: Connection, registry: Registry, written: Iterable[tuple[Key, Any]]) -> None:
    """Tell the projections of entities written, and note the files that these refer to."""
    by_kind: dict[str, list[tuple[str, Any]]] = {}
    for (kind, entity), value in written:
        by_kind.setdefault(kind, []).append((entity, value))
    for name, rows in by_kind.items():
        for projection in registry.projections.get(name, ()):
            projection.write(connection, rows)
        _note_files(connection, registry, name, rows)


def _note_files(
    connection: Connection, registry: Registry, name: str, rows: Sequence[tuple[str, Any]]
) -> None:
    kind = registry.kinds.get(name)
    if kind is None or not names_files(registry, name):
        return
    connection.exec_driver_sql(
        "DELETE FROM file_ref WHERE kind = ? AND id = ?", [(name, entity) for entity, _ in rows]
    )
    refs = [(name, entity, sha) for entity, value in rows for sha in kind.files(value)]
    if refs:
        connection.exec_driver_sql("INSERT INTO file_ref VALUES (?, ?, ?)", refs)


def names_files(registry: Registry, name: str) -> bool:
    """Tell whether entities of a kind may refer to files."""
    kind = registry.kinds.get(name)
    return kind is not None and kind.files is not _NO_FILES


def remove(connection: Connection, registry: Registry, keys: Iterable[Key]) -> None:
    """Delete entities with their buckets, file references and projected rows."""
    by_kind: dict[str, list[str]] = {}
    for kind, entity in keys:
        by_kind.setdefault(kind, []).append(entity)
    for kind, ids in by_kind.items():
        rows = [(kind, entity) for entity in ids]
        sums = Sums()
        forget(connection, sums, "entity", ids, kind)
        sums.write(connection)
        _leave_buckets(connection, rows)
        for table in ("entity", "file_ref"):
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE kind = ? AND id = ?", rows)
        for projection in registry.projections.get(kind, ()):
            projection.delete(connection, ids)


def _leave_buckets(connection: Connection, keys: Iterable[Key]) -> None:
    places: list[tuple[str, str, str]] = []
    for key in keys:
        held = connection.exec_driver_sql(
            "SELECT buckets FROM entity WHERE kind = ? AND id = ?", key
        ).scalar()
        places += [(bucket, *key) for bucket in json.loads(held or "[]")]
    if places:
        connection.exec_driver_sql(LEAVE_BUCKET, places)
