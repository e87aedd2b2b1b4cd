"""What the screen of the queue shows: each job with the document that it is about."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select

from app.documents.filters import r, visible
from app.documents.model import KIND
from app.files import completions
from app.files.completions import Job, JobState
from app.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A job and, where the reader may see it, the symbol and subject of its document."""

    job: Job
    symbol: str = ""
    subject: str = ""


def queue(
    connection: Connection, actor: Actor, states: Collection[JobState] = tuple(JobState)
) -> tuple[QueueRow, ...]:
    """Return the jobs in some states: alarms first, then what waits, the newest first."""
    found = [j for j in completions.jobs(connection, states) if j.kind == KIND]
    ask = select(r.id, r.symbol, r.subject).where(
        r.id.in_({job.entity for job in found}), visible(actor)
    )
    named = {row.id: (row.symbol, row.subject) for row in connection.execute(ask)}
    return tuple(QueueRow(job, *named.get(job.entity, ("", ""))) for job in found)


def queue_counts(connection: Connection, _: Actor) -> dict[JobState, int]:
    """Return how many jobs stand in each state."""
    return completions.counts(connection)
