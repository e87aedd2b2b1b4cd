"""Moving files for a while: what is asked for first, then what goes up, then what is due.

Small acts must not wait behind large files, so a turn ends after some seconds, or at once when
somebody asks for a round; what was verified stays, and the next turn goes on from there. A
full disk and a page that the server refuses are no matter of the line: those files wait, with
the reason, and the others go on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from app.kernel.changes import Changes
from app.kernel.clock import Clock
from app.kernel.errors import Damaged, NotPermitted, RuleViolation, Unavailable
from app.store import holdings
from app.store.desk import DeskStore
from sync.client.fileplan import Job, Limits, Waiting, Why, counted, planned
from sync.client.files import Paused, Told, Transfer
from sync.client.pace import Pace
from sync.client.transport import HttpTransport

TURN_SECONDS = 20.0
_PER_TURN = 20
# A file that found no room is tried again after this long, one that the server lacks sooner.
_AGAIN_SECONDS = 60.0
_THERE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to fetch, in the order of the list that names it: what is due first, first."""

    sha256: str
    media: str = "application/pdf"


@dataclass(frozen=True, slots=True)
class FilesState:
    """What moves and what waits, for the screens."""

    to_send: int = 0
    to_fetch: int = 0
    waiting: dict[Why, int] = field(default_factory=dict)
    metered: bool = False


NOTHING = FilesState()


class Mover:
    """Move the files of one desk; called by the service's one lane, asked from any thread."""

    def __init__(
        self,
        store: DeskStore,
        transport: HttpTransport,
        clock: Clock,
        wanted: Callable[[], Sequence[Wanted]],
        limits: Callable[[], Limits] = Limits,
    ) -> None:
        self._store, self._vault, self._clock = store, store.vault, clock
        self._wanted, self.limits = wanted, limits
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._asked: dict[str, Wanted] = {}
        self._sizes: dict[str, int] = {}
        self._later: dict[str, tuple[float, Why]] = {}
        self._dropped: str = ""
        self._current: str = ""
        self._ends = 0.0
        self.metered = False
        self.state = FilesState()
        self.transfer = Transfer(
            store.vault,
            transport,
            clock,
            up=Pace(clock, lambda: limits().up, self._over.wait),
            down=Pace(clock, lambda: limits().down, self._over.wait),
            paused=self._is_over,
        )

    def ask(self, sha256: str, media: str = "application/pdf") -> None:
        """Fetch a file now, whatever the limits say: a person has opened it."""
        with self._lock:
            self._asked[sha256] = Wanted(sha256, media)
            self._later.pop(sha256, None)

    def cancel(self, sha256: str) -> None:
        """Fetch a file no longer; what has come of it stays for another time."""
        with self._lock:
            self._asked.pop(sha256, None)
            if self._current == sha256:
                self._dropped = sha256

    def retry(self) -> None:
        """Try at the next turn what was put off."""
        self._later.clear()

    def interrupt(self) -> None:
        """End the turn at the next leaf."""
        self._over.set()

    def begin(self) -> None:
        """Let turns go on again after an interruption."""
        self._over.clear()

    def turn(self, tell: Told) -> bool:
        """Move files for some seconds; answer whether to go on at once after a round.

        Raises the errors of the line.
        """
        self._ends = self._clock.monotonic() + TURN_SECONDS
        going, waiting = self._plan()
        moved = 0
        try:
            for job in self._unhurried(going[:_PER_TURN]):
                moved += self._move(job, tell)
        except Paused:
            moved += 1
        self._make_room()
        going, waiting = self._plan()
        self.state = _state(going, waiting, metered=self.metered)
        return bool(going) and (moved > 0 or self._over.is_set())

    def _unhurried(self, jobs: Sequence[Job]) -> Iterator[Job]:
        for job in jobs:
            if self._is_over():
                return
            yield job

    def _is_over(self) -> bool:
        late = self._clock.monotonic() >= self._ends
        return (
            self._over.is_set() or late or (self._dropped != "" and self._dropped == self._current)
        )

    def _plan(self) -> tuple[tuple[Job, ...], tuple[Waiting, ...]]:
        jobs: list[Job] = []
        with self._lock:
            asked = tuple(self._asked.values())
        with self._store.reader() as connection:
            sizes = {**self._sizes, **holdings.sizes(connection)}
            sending = holdings.to_send(connection)
        jobs += [Job(w.sha256, up=False, media=w.media, asked=True) for w in asked]
        jobs += [Job(sha256, up=True, size=size) for sha256, size in sending]
        known = {w.sha256 for w in asked}
        jobs += [
            Job(w.sha256, up=False, size=sizes.get(w.sha256, 0), media=w.media)
            for w in self._wanted()
            if w.sha256 not in known
        ]
        going, waiting = planned(jobs, self.limits(), self._clock.now(), metered=self.metered)
        ready = tuple(job for job in going if not self._is_later(job))
        late = tuple(Waiting(j, self._later[j.sha256][1]) for j in going if self._is_later(j))
        return ready, waiting + late

    def _is_later(self, job: Job) -> bool:
        until, _ = self._later.get(job.sha256, (0.0, None))
        return until > self._clock.monotonic()

    def _put_off(self, job: Job, why: Why, seconds: float = _AGAIN_SECONDS) -> int:
        self._later[job.sha256] = (self._clock.monotonic() + seconds, why)
        return 0

    def _move(self, job: Job, tell: Told) -> int:
        with self._lock:
            self._current, self._dropped = job.sha256, ""
        try:
            return self._send(job, tell) if job.up else self._fetch(job, tell)
        except Unavailable as error:
            if error.code != "store.disk_full":
                raise
            self._make_room()
            return self._put_off(job, Why.DISK)
        finally:
            with self._lock:
                self._current = ""

    def _send(self, job: Job, tell: Told) -> int:
        try:
            self.transfer.upload(job.sha256, tell)
        except RuleViolation as error:
            if error.code != "document.secret":
                raise
            # The server takes no marked page, now or later; the others shall not wait for it.
            return self._put_off(job, Why.REFUSED, float("inf"))
        except Damaged as error:
            if error.code != "vault.damaged":
                raise
            return self._put_off(job, Why.REFUSED, float("inf"))
        return 1

    def _fetch(self, job: Job, tell: Told) -> int:
        try:
            plan = self.transfer.plan(job.sha256, job.media)
            why = self._too_much(job, plan.size)
            if why in (Why.HOURS, Why.METERED):
                # From now on the plan knows its size.
                self._sizes[job.sha256] = plan.size
                return 0
            if why is not None:
                return self._put_off(job, why)
            self.transfer.download(job.sha256, job.media, tell)
        except NotPermitted as error:
            # Its record came before the file did: another desk is still sending it.
            if error.code != "sync.file_unknown":
                raise
            return self._put_off(job, Why.THERE, _THERE_SECONDS)
        with self._lock:
            self._asked.pop(job.sha256, None)
        with self._store.reader() as connection:
            holders = holdings.holders(connection, job.sha256)
        self._store.changes(Changes.of(holders))
        return 1

    def _too_much(self, job: Job, size: int) -> Why | None:
        """Tell what stands against a file whose size is known at last."""
        limits = self.limits()
        sized = Job(job.sha256, up=False, size=size, asked=job.asked)
        _, waiting = planned((sized,), limits, self._clock.now(), metered=self.metered)
        if waiting:
            return waiting[0].why
        if job.asked:
            return None
        room = limits.quota - size
        if room < 0:
            return Why.QUOTA
        self._vault.evict(room)
        return None if self._vault.held() <= room else Why.QUOTA

    def _make_room(self) -> None:
        self._vault.evict(self.limits().quota)


def _state(going: Sequence[Job], waiting: Sequence[Waiting], *, metered: bool) -> FilesState:
    every = [*going, *(w.job for w in waiting)]
    return FilesState(
        to_send=sum(job.up for job in every),
        to_fetch=sum(not job.up for job in every),
        waiting=counted(waiting),
        metered=metered,
    )
