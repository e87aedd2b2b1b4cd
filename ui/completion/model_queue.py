"""The rows of the queue: jobs of completion and verdicts still open, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from app.desk import Desk
from app.documents.queue import OpenVerdict, QueueRow, open_verdicts, queue
from app.files.completions import FILE, JobState, Task
from app.kernel.actor import Actor
from app.kernel.clock import VIETNAM
from app.kernel.errors import Damaged, Unavailable
from app.kernel.ports import CancelToken
from app.kernel.texts import Texts

ALARM, WAITING, RECHECK, DONE = "alarm", "waiting", "recheck", "done"
STATES = (ALARM, WAITING, RECHECK, DONE)
TONES = {ALARM: "bad", WAITING: "info", RECHECK: "warn", DONE: "ok"}


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the queue; `reason` says why it still stands there.

    `path` is where a file of the disk lies, "" for a document.
    """

    key: tuple[str, str]
    document: str
    title: str
    state: str
    what: str
    reason: str
    last: str
    following: str
    path: str = ""

    @property
    def droppable(self) -> bool:
        """Tell whether a person may give it up: a file of the disk that is not done."""
        return bool(self.path) and self.state != DONE


@dataclass(frozen=True, slots=True)
class Standing:
    """All that is in the queue as of now, alarms first."""

    jobs: tuple[QueueRow, ...]
    verdicts: tuple[OpenVerdict, ...]


def standing(connection: Connection, actor: Actor, now: datetime) -> Standing:
    """Read the queue."""
    return Standing(queue(connection, actor), open_verdicts(connection, actor, now))


def items(texts: Texts, found: Standing) -> tuple[Item, ...]:
    """Put the queue into words: alarms, what waits, verdicts still open, what is done."""
    made = [_of_job(texts, row) for row in found.jobs]
    made += [_of_verdict(texts, one) for one in found.verdicts]
    return tuple(sorted(made, key=lambda item: STATES.index(item.state)))


def counts(rows: Sequence[Item]) -> dict[str, int | None]:
    """Return how many lines stand in each state."""
    return {state: sum(r.state == state for r in rows) for state in STATES}


def complete_now(desk: Desk, cancel: CancelToken) -> int:
    """Try what waits since it failed; return how many were tried. For the network lane."""
    desk.completions.try_now()
    return desk.completions.run_due(cancel)


def drop(desk: Desk, item: Item) -> bool:
    """Take a file of the disk out of the queue; tell whether it stood there. For the store lane."""
    return desk.completions.drop_file(item.path, item.key[0])


def recheck(desk: Desk, hashes: Sequence[str], cancel: CancelToken) -> int:
    """Judge anew what is open; return how many could be read. For the query lane.

    A file that is not here, or that cannot be read, must not stop the others.
    """
    tried = 0
    for sha256 in dict.fromkeys(hashes):
        cancel.raise_if_cancelled()
        try:
            desk.arrivals.check(sha256, cancel)
        except (Damaged, Unavailable):
            continue
        tried += 1
    return tried


def _of_job(texts: Texts, row: QueueRow) -> Item:
    job = row.job
    reason = texts(f"error.{job.problem}") if job.problem else ""
    if job.state is JobState.ALARM or (job.kind == FILE and job.problem):
        reason = f"{reason} {texts(f'error.{job.problem}.do')}"
    renewing = job.task is Task.RENEW
    key = "completion.what.renew" if renewing else "completion.what.complete"
    return Item(
        key=(job.sha256, job.entity),
        document=job.entity,
        title=_title(texts, row.symbol, row.subject),
        state=job.state.value,
        what=texts(key, level=job.level or texts("completion.no_level"), wanted=job.wanted),
        reason=reason or texts(f"completion.reason.{job.state.value}"),
        last=_tried(texts, job.tries, job.settled_at),
        following=_moment(job.next_at) if job.state is JobState.WAITING else "",
        path=job.entity if job.kind == FILE else "",
    )


def _of_verdict(texts: Texts, one: OpenVerdict) -> Item:
    reasons = " ".join(texts(f"verify.reason.{reason}") for reason in one.reasons)
    return Item(
        key=(one.sha256, one.document),
        document=one.document,
        title=_title(texts, one.symbol, one.subject),
        state=RECHECK,
        what=texts("completion.what.recheck"),
        reason=reasons or texts("completion.reason.recheck"),
        last=_moment(one.checked_at),
        following="",
    )


def _title(texts: Texts, symbol: str, subject: str) -> str:
    return " · ".join(part for part in (symbol, subject) if part) or texts("completion.hidden")


def _tried(texts: Texts, tries: int, at: datetime | None) -> str:
    if not tries:
        return texts("completion.never")
    said = texts("completion.tries", n=tries)
    return f"{_moment(at)} · {said}" if at is not None else said


def _moment(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(VIETNAM):%d/%m/%Y %H:%M}"
