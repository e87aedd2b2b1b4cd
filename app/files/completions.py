"""The queue of signed files whose signatures are to be completed, or proven for longer.

Only this desk knows of it, nothing of it is synced: what it comes to is a command like any
other. A job ends as done or as an alarm and stays to be seen; nothing is dropped in silence.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import Connection, Row

from app.store.sql import marks

KIND = "completion"
"""The kind under which changes of the queue are told, with the file's hash as the id."""

FILE = "file"
"""The kind of a job whose entity is the path of a file on the disk, not a document."""

_SHOWN = 500
_COLUMNS = (
    "kind, id, sha256, task, state, wanted, level, since, next_at, tries, problem, settled_at,"
    " result"
)


class Task(StrEnum):
    """What is to be done: reach the level wanted, or stamp an archived file once more."""

    COMPLETE = "complete"
    RENEW = "renew"


class JobState(StrEnum):
    """Where a job stands; an alarm needs a person."""

    WAITING = "waiting"
    DONE = "done"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Job:
    """A file of an entity to be completed.

    `level` is the least level of its signatures now, `next_at` when it is tried next; `problem`
    is the code of what stood in the way last (a text `error.<code>`), "" for nothing;
    `result` the hash of the file that came of it, once it is done.
    """

    kind: str
    entity: str
    sha256: str
    task: Task
    state: JobState
    wanted: str
    level: str
    since: datetime
    next_at: datetime
    tries: int = 0
    problem: str = ""
    settled_at: datetime | None = None
    result: str = ""


def add(connection: Connection, job: Job) -> None:
    """Put a job in the queue; one that is there for the same file stays as it is."""
    connection.exec_driver_sql(
        "INSERT OR IGNORE INTO completion (kind, id, sha256, task, state, wanted, level, since,"
        " next_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            job.kind,
            job.entity,
            job.sha256,
            job.task.value,
            job.state.value,
            job.wanted,
            job.level,
            job.since.timestamp(),
            job.next_at.timestamp(),
        ),
    )


def next_due(connection: Connection, now: datetime) -> Job | None:
    """Return the waiting job that has been due for longest, or None."""
    ask = (
        f"SELECT {_COLUMNS} FROM completion WHERE state = 'waiting' AND next_at <= ?"  # noqa: S608 - names only
        " ORDER BY next_at LIMIT 1"
    )
    found = connection.exec_driver_sql(ask, (now.timestamp(),)).first()
    return None if found is None else _job(found)


def jobs(connection: Connection, states: Collection[JobState] = tuple(JobState)) -> tuple[Job, ...]:
    """Return jobs in some states: alarms first, then what waits, the newest first."""
    ask = (
        f"SELECT {_COLUMNS} FROM completion WHERE state IN ({marks(len(states))})"  # noqa: S608 - names only
        " ORDER BY state = 'alarm' DESC, state = 'waiting' DESC, since DESC LIMIT ?"
    )
    found = connection.exec_driver_sql(ask, (*(s.value for s in states), _SHOWN)).all()
    return tuple(_job(row) for row in found)


def job_of(connection: Connection, kind: str, entity: str) -> Job | None:
    """Return the newest job about an entity."""
    ask = (
        f"SELECT {_COLUMNS} FROM completion WHERE kind = ? AND id = ?"  # noqa: S608 - names only
        " ORDER BY since DESC LIMIT 1"
    )
    found = connection.exec_driver_sql(ask, (kind, entity)).first()
    return None if found is None else _job(found)


def job_for(connection: Connection, kind: str, entity: str, sha256: str) -> Job | None:
    """Return the job about one file of an entity."""
    ask = f"SELECT {_COLUMNS} FROM completion WHERE kind = ? AND id = ? AND sha256 = ?"  # noqa: S608 - names only
    found = connection.exec_driver_sql(ask, (kind, entity, sha256)).first()
    return None if found is None else _job(found)


def counts(connection: Connection) -> dict[JobState, int]:
    """Return how many jobs stand in each state."""
    ask = "SELECT state, count(*) FROM completion GROUP BY state"
    found = {JobState(state): int(n) for state, n in connection.exec_driver_sql(ask)}
    return {state: found.get(state, 0) for state in JobState}


def settle(connection: Connection, job: Job) -> None:
    """Keep what a try came to."""
    connection.exec_driver_sql(
        "UPDATE completion SET state = ?, level = ?, next_at = ?, tries = ?, problem = ?,"
        " settled_at = ?, result = ? WHERE kind = ? AND id = ? AND sha256 = ?",
        (
            job.state.value,
            job.level,
            job.next_at.timestamp(),
            job.tries,
            job.problem,
            job.settled_at.timestamp() if job.settled_at else None,
            job.result,
            job.kind,
            job.entity,
            job.sha256,
        ),
    )


def forget(connection: Connection, job: Job) -> None:
    """Take a job out: what it was put in for never came about, or a person gave it up."""
    connection.exec_driver_sql(
        "DELETE FROM completion WHERE kind = ? AND id = ? AND sha256 = ?",
        (job.kind, job.entity, job.sha256),
    )


def hasten(connection: Connection, now: datetime) -> None:
    """Make due what waits since it failed: the line is back, or a person asks for it."""
    connection.exec_driver_sql(
        "UPDATE completion SET next_at = ? WHERE state = 'waiting' AND problem <> ''"
        " AND next_at > ?",
        (now.timestamp(), now.timestamp()),
    )


def _job(row: Row[tuple[object, ...]]) -> Job:
    settled = row.settled_at
    return Job(
        kind=row.kind,
        entity=row.id,
        sha256=row.sha256,
        task=Task(row.task),
        state=JobState(row.state),
        wanted=row.wanted,
        level=row.level,
        since=datetime.fromtimestamp(row.since, UTC),
        next_at=datetime.fromtimestamp(row.next_at, UTC),
        tries=row.tries,
        problem=row.problem,
        settled_at=None if settled is None else datetime.fromtimestamp(settled, UTC),
        result=row.result,
    )
