"""Which documents have something to decide: proposals that wait, suspected twins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from app.documents.likeness import SUSPECTED
from app.documents.model import KIND, Document, State
from app.documents.tables import DOUBTS, seq_of
from app.store.sql import marks


class DoubtProjection:
    """Keep a row for each document that has something to decide."""

    kind = KIND
    name = "document_doubt"

    def create(self, connection: Connection) -> None:
        """Create the table."""
        DOUBTS.create(connection, checkfirst=True)

    def write(self, connection: Connection, rows: Sequence[tuple[str, Any]]) -> None:
        """Insert, replace or take away the rows of these documents."""
        latest: dict[str, Document] = dict(rows)
        placed = [(seq_of(d.id, d.created_at), d) for d in latest.values()]
        _clear(connection, [seq for seq, _ in placed])
        found = [(seq, *counts(d)) for seq, d in placed]
        held = [row for row in found if any(row[1:])]
        if held:
            connection.exec_driver_sql("INSERT INTO document_doubt VALUES (?, ?, ?)", held)

    def delete(self, connection: Connection, ids: Sequence[str]) -> None:
        """Remove the rows of documents that are no more; their own rows go at the same time."""
        if ids:
            connection.exec_driver_sql(
                "DELETE FROM document_doubt WHERE seq NOT IN (SELECT seq FROM document_row)"
            )


def _clear(connection: Connection, seqs: Sequence[int]) -> None:
    if seqs:
        connection.exec_driver_sql(
            "DELETE FROM document_doubt WHERE seq = ?", [(seq,) for seq in seqs]
        )


def counts(document: Document) -> tuple[int, int]:
    """Return how many proposals wait and how many twins are suspected."""
    if document.state is State.DISCARDED:
        return 0, 0
    return len(document.proposals), sum(t.verdict == SUSPECTED for t in document.twins)


def of(connection: Connection, seqs: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return the counts of those documents that have something to decide."""
    if not seqs:
        return {}
    ask = f"SELECT seq, proposals, twins FROM document_doubt WHERE seq IN ({marks(len(seqs))})"  # noqa: S608 - marks only
    found = connection.exec_driver_sql(ask, tuple(seqs))
    return {seq: (proposals, twins) for seq, proposals, twins in found}
