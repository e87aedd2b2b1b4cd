"""What the screen of the queue shows: each job with the document that it is about."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePath

from sqlalchemy import Connection, select

from app.documents.filters import r, visible
from app.documents.model import KIND
from app.files import checks, completions
from app.files.completions import FILE, Job, JobState
from app.kernel.actor import Actor

_MOST = 200


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A job and, where the reader may see it, the symbol and subject of its document.

    The subject of a file of the disk is its name.
    """

    job: Job
    symbol: str = ""
    subject: str = ""


def queue(
    connection: Connection, actor: Actor, states: Collection[JobState] = tuple(JobState)
) -> tuple[QueueRow, ...]:
    """Return the jobs in some states: alarms first, then what waits, the newest first."""
    found = [j for j in completions.jobs(connection, states) if j.kind in (KIND, FILE)]
    ask = select(r.id, r.symbol, r.subject).where(
        r.id.in_({job.entity for job in found}), visible(actor)
    )
    named = {row.id: (row.symbol, row.subject) for row in connection.execute(ask)}
    named |= {j.entity: ("", PurePath(j.entity).name) for j in found if j.kind == FILE}
    return tuple(QueueRow(job, *named.get(job.entity, ("", ""))) for job in found)


def queue_counts(connection: Connection, _: Actor) -> dict[JobState, int]:
    """Return how many jobs stand in each state."""
    return completions.counts(connection)


@dataclass(frozen=True, slots=True)
class OpenVerdict:
    """A file whose signatures could not be judged yet, with its document and the reasons."""

    sha256: str
    document: str
    symbol: str
    subject: str
    checked_at: datetime | None
    reasons: tuple[str, ...]


def open_verdicts(connection: Connection, actor: Actor, now: datetime) -> tuple[OpenVerdict, ...]:
    """Return the files that are judged again once authorities can be asked, as the reader may see."""
    found: list[OpenVerdict] = []
    for sha256 in checks.unsettled(connection, now + timedelta(days=1))[:_MOST]:
        report = checks.report_of(connection, sha256)
        documents = checks.holders(connection, sha256, KIND)
        ask = select(r.id, r.symbol, r.subject).where(r.id.in_(documents), visible(actor))
        if report is None:
            continue
        told = (*report.reasons, *(n for s in report.signatures for n in s.reasons))
        reasons = tuple(dict.fromkeys(told))
        for row in connection.execute(ask):
            one = OpenVerdict(sha256, row.id, row.symbol, row.subject, report.checked_at, reasons)
            found.append(one)
    return tuple(found)
