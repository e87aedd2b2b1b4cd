"""Desks filled in bulk: the product's own store and projections, without a command each."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from app.documents.projection import DocumentProjection
from app.features import registry
from app.kernel.clock import FixedClock
from app.kernel.codec import to_json
from app.store.desk import DeskStore
from app.store.model import Page, Row
from app.store.replica import Replica
from tests.bench import corpus
from tests.bench.corpus import AGENCY, NOW, Entity

KEY = bytes(range(32))
_BATCH = 5000


def opened(folder: Path) -> DeskStore:
    """Open or make the database of a folder."""
    return DeskStore.open(folder, KEY, registry(), FixedClock(NOW))


def filled(folder: Path, count: int) -> DeskStore:
    """Return a desk that has pulled the office and so many documents; kept for a second use."""
    home = folder / f"desk-{count}"
    made = home.exists()
    home.mkdir(exist_ok=True)
    store = opened(home)
    if not made:
        fill(store, count)
    return store


def fill(store: DeskStore, count: int) -> None:
    """Write the office and the documents as the sync client writes what it pulls."""
    replica = Replica(store)
    replica.apply(Page(rows=tuple(map(row, corpus.office(store.device))), grants=("province",)))
    found = (("document", d.id, d) for d in corpus.documents(count))
    for part in batches(found, _BATCH):
        replica.apply(Page(rows=tuple(map(row, part))))
    settle(store)


def indexed(folder: Path, count: int) -> DeskStore:
    """Return a desk with the lists and the search of so many documents, without their JSON.

    Search reads nothing else, and a million documents are made in half the time and space.
    """
    home = folder / f"index-{count}"
    made = home.exists()
    home.mkdir(exist_ok=True)
    store = opened(home)
    if not made:
        projection = DocumentProjection()
        found = ((d.id, d) for d in corpus.documents(count))
        for part in batches(found, _BATCH):
            with store.writing() as connection:
                projection.write(connection, part)
        settle(store)
    return store


def settle(store: DeskStore) -> None:
    """Move the log into the database, as an idle desk has done long ago."""

    def checkpoint(connection: Connection) -> None:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()  # type: ignore[attr-defined]

    with store._writer.connect() as connection:
        checkpoint(connection)


def row(entity: Entity) -> Row:
    """Return an entity as it comes from the server."""
    kind, name, value = entity
    bucket = "province" if kind in ("unit", "person", "post") else f"agency:{AGENCY}"
    return Row(kind, name, 1, (bucket,), to_json(value))


def batches(values: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Cut values into lists of a size."""
    walk = iter(values)
    while part := list(itertools.islice(walk, size)):
        yield part
