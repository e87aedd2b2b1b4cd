"""The sync service: rounds, files and waiting, and the truth about the line for the screen."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from app.kernel.changes import Changes
from app.kernel.clock import Clock
from app.kernel.errors import Damaged, HoaBanError, NotPermitted, Unavailable
from app.store import erasing
from app.store.desk import DeskStore
from app.store.model import OutboxState
from app.store.replica import Replica
from sync.client import keys, wiping
from sync.client.engine import Engine, RoundResult
from sync.client.fileplan import Limits
from sync.client.mover import NOTHING, FilesState, Mover, Wanted
from sync.client.packages import DeskPackages
from sync.client.pulse import Pulse
from sync.client.schedule import Backoff
from sync.client.snapshots import Snapshots
from sync.client.transport import HttpTransport, Prove
from sync.client.truths import truth

T = TypeVar("T")
OK, WIPED = "ok", "wiped"
# Between rounds without news: the long poll wakes sooner, plain polling is enough without it.
IDLE = 60.0
_WAIT = 50


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """Where the line stands.

    `state` is ok, offline, portal, proxy_auth, tls_intercepted, server_down, sign_in or wiped;
    `code` the error behind it; `waiting` counts commands, `bytes_done` of `bytes_total` the
    file on its way, `unlisted` the rows that are here and in no list yet.
    """

    state: str = "offline"
    since: datetime | None = None
    busy: bool = False
    code: str = ""
    waiting: int = 0
    refused: int = 0
    last_sync: datetime | None = None
    retry_at: datetime | None = None
    bytes_done: int = 0
    bytes_total: int = 0
    rules_behind: bool = False
    unlisted: int = 0
    files: FilesState = NOTHING


Listener = Callable[[SyncStatus], None]
LAST_SYNC = "sync.last"
LAST_VERIFIED = "sync.verified"
VERIFIED_EVERY = timedelta(days=1)
KEPT_EVERY = timedelta(seconds=30)


def nothing_wanted() -> Sequence[Wanted]:
    """Fetch no file before somebody opens it."""
    return ()


class SyncService:
    """Keep one profile and its server in step.

    `step` does one round and is called on whatever lane the program likes; `start` runs a
    thread that steps by itself, woken by `poke` and by the server.
    """

    def __init__(
        self,
        store: DeskStore,
        transport: HttpTransport,
        clock: Clock,
        wanted: Callable[[], Sequence[Wanted]] = nothing_wanted,
        chance: random.Random | None = None,
        erase: Callable[[], None] | None = None,
        limits: Callable[[], Limits] = Limits,
    ) -> None:
        self._store = store
        self._replica = Replica(store)
        self._transport = transport
        transport.device = lambda: store.device
        self._erase = erase if erase is not None else lambda: erasing.erase(store)
        self._clock = clock
        self._pulse = Pulse(store, self._replica, clock)
        self._engine = Engine(self._replica, transport, heard=self._hear_time, beat=self._pulse)
        self.mover = Mover(store, transport, clock, wanted, limits)
        self.files = self.mover.transfer
        store.vault.on_missing = self.ask_file
        self._backoff = Backoff(clock, chance or random.SystemRandom())
        self._kept_sync = self._pulse.synced = _moment(store.meta(LAST_SYNC))
        self._status = SyncStatus(since=clock.now(), last_sync=self._kept_sync)
        self._listeners: list[Listener] = []
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._unsubscribe: Callable[[], None] | None = None
        self._stopping = threading.Event()
        self._stepping = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._offered: tuple[str, str] | None = None
        self.packages = DeskPackages(store, transport, clock, self._stepping)
        self._snapshots = Snapshots(store, transport, self._disturbed, self._progress)

    @property
    def status(self) -> SyncStatus:
        """Return where the line stands."""
        return self._status

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Hear of each new status, on the thread that found it; call the answer to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def sign_in(self, login: str, password: str, prove: Prove | None = None) -> str:
        """Sign in to the server; answer the person's id. Opening the desk needs no such thing.

        `prove` answers where the server wants a second factor; raises as the transport does.
        """
        person = self._transport.sign_in(login, password, prove)
        self.poke()
        return person

    def offer(self, login: str, password: str) -> None:
        """Give what was typed at the login, to sign in anew if the server's tokens are no more.

        It is forgotten once the server has answered a round.
        """
        self._offered = (login, password)

    def poke(self) -> None:
        """Sync now: acts do not wait out their hold, and no backoff counts."""
        self._backoff.succeeded()
        self._hurry.set()
        self.mover.retry()
        self.mover.interrupt()
        self._wake.set()

    def line_changed(self) -> None:
        """Try again at once, since the network is another now; what is held stays held."""
        self._backoff.succeeded()
        if self._status.state != OK:
            self._wake.set()

    def _hear_time(self, now: str) -> None:
        """Compare the clocks; what is no time says nothing."""
        self._pulse.heard()
        try:
            at = datetime.fromisoformat(now)
        except ValueError:
            return
        if at.tzinfo is not None:
            self._store.server_time.heard(at)

    def _heard(self, _: Changes) -> None:
        # What a round itself has brought is no reason for another one.
        if not self._stepping.locked():
            self._wake.set()

    def step(self, *, flush: bool = False) -> float:
        """Do one round and the files; answer the seconds until the next is due.

        Raises no error of the line: the status tells. Errors of the store do rise.
        """
        with self._stepping:
            self._tell(busy=True)
            self._snapshots.list_newest()
            try:
                result = self._round(flush=flush)
                # The line is known to be good now, however long the files take.
                self._backoff.succeeded()
                self._tell(
                    state=OK,
                    code="",
                    retry_at=None,
                    last_sync=self._synced(),
                    rules_behind=result.rules_behind,
                )
                keys.introduce(self._store, self._transport)
                left = not self._snapshots.list_newest()
                left |= self._move_files() or not result.caught_up
            except (Unavailable, NotPermitted, Damaged) as error:
                return self._wiped() if error.code == wiping.ORDER else self._failed(error)
            self._tell(busy=False)
            return 0.0 if left else self._due()

    def _round(self, *, flush: bool) -> RoundResult:
        """Do one round, after signing in anew where the tokens are no more and a password is."""
        verify = self._verify_due()
        try:
            result = self._exchange(flush=flush, verify=verify)
        except NotPermitted as error:
            if error.code == wiping.ORDER:
                raise
            offered, self._offered = self._offered, None
            if offered is None:
                raise
            self._transport.sign_in(*offered)
            return self._exchange(flush=flush)
        self._offered = None
        if verify and result.caught_up:
            self._store.set_meta(LAST_VERIFIED, self._clock.now().isoformat())
        return result

    def _exchange(self, *, flush: bool, verify: bool = False) -> RoundResult:
        """Do one round; a desk that has nothing shows one page, then takes snapshots."""
        if not self._replica.state().history:
            first = self._engine.round(flush=flush, once=True)
            if first.caught_up:
                return first
        # Where somebody waits his act goes now, and the snapshots go on after it.
        once = not self._snapshots.fill()
        return self._engine.round(flush=flush, verify=verify and not once, once=once)

    def _disturbed(self) -> bool:
        return self._hurry.is_set() or self._stopping.is_set()

    def _verify_due(self) -> bool:
        """Tell whether a day has passed since every row was compared, or the clock was set back."""
        last = _moment(self._store.meta(LAST_VERIFIED))
        return last is None or abs(self._clock.now() - last) >= VERIFIED_EVERY

    def once(self, *, flush: bool = True) -> RoundResult:
        """Do one round and the files, and let errors rise; for the command line."""
        with self._stepping:
            try:
                result = self._exchange(flush=flush)
            except NotPermitted as error:
                if error.code == wiping.ORDER:
                    self._wiped()
                raise
            keys.introduce(self._store, self._transport)
            self._snapshots.list_newest()
            while self._move_files() and not self._hurry.is_set():
                continue
            self._tell(state=OK, code="", last_sync=self._synced())
            return result

    def _synced(self) -> datetime:
        """Answer the time of now, kept for the next start; a round a second needs no write each."""
        now = self._pulse.synced = self._clock.now()
        if self._kept_sync is None or abs(now - self._kept_sync) >= KEPT_EVERY:
            self._store.set_meta(LAST_SYNC, now.isoformat())
            self._kept_sync = now
        return now

    def start(self) -> None:
        """Step by itself from now on."""
        self._stopping.clear()
        self.mover.begin()
        self._unsubscribe = self._store.changes.subscribe(self._heard)
        for work in (self._run, self._listen):
            thread = threading.Thread(target=work, name=f"sync{work.__name__}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, patience: float = 2.0) -> None:
        """End both threads; one that sits in a long poll ends with it, by itself."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self._stopping.set()
        self.mover.interrupt()
        self._wake.set()
        for thread in self._threads:
            thread.join(patience)
        self._threads.clear()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            hurry = self._hurry.is_set()
            self._hurry.clear()
            self.mover.begin()
            self._wake.wait(self.step(flush=hurry))

    def _listen(self) -> None:
        """Sit in the long poll, and wake the rounds when there is something."""
        while not self._stopping.is_set():
            if self._status.state != OK or self._status.busy:
                self._stopping.wait(1.0)
                continue
            state = self._replica.state()
            try:
                if self._transport.news(state.cursor, state.buckets, _WAIT):
                    self._wake.set()
                    self._stopping.wait(1.0)
            except (Unavailable, NotPermitted, Damaged):
                # Losing it is harmless: the rounds find out what the matter is.
                self._stopping.wait(IDLE)

    def _move_files(self) -> bool:
        """Move files for a while; answer whether any are left that may move."""
        left = self.mover.turn(self._progress)
        self._tell(bytes_done=0, bytes_total=0)
        return left or self._hurry.is_set()

    def ask_file(self, sha256: str) -> None:
        """Fetch a file that somebody has opened; its records' listeners hear when it is here."""
        self.mover.ask(sha256)
        if not self._stepping.locked():
            self._wake.set()

    def cancel_file(self, sha256: str) -> None:
        """Fetch a file no longer."""
        self.mover.cancel(sha256)

    def line_is_metered(self, *, metered: bool) -> None:
        """Hear from the system whether each byte of this line is paid for."""
        if metered != self.mover.metered:
            self.mover.metered = metered
            self._wake.set()

    def _progress(self, done: int, total: int) -> None:
        self._tell(bytes_done=done, bytes_total=total)

    def _wiped(self) -> float:
        """Obey the order to be erased; try again later where the server cannot be told."""
        try:
            wiping.obey(self._store, self._transport, self._erase)
        except (Unavailable, NotPermitted) as error:
            return self._failed(error)
        self._stopping.set()
        self._status = SyncStatus(state=WIPED, since=self._clock.now(), code=wiping.ORDER)
        for listener in tuple(self._listeners):
            listener(self._status)
        return IDLE

    def _failed(self, error: HoaBanError) -> float:
        delay = self._backoff.failed(getattr(error, "retry_at", None))
        self._tell(
            state=truth(error), code=error.code, busy=False, retry_at=self._backoff.at(delay)
        )
        return delay

    def _due(self) -> float:
        """Return when the next round is due: as soon as a held command may go."""
        waits = any(i.state is not OutboxState.REFUSED for i in self._replica.items())
        return 5.0 if waits else IDLE

    def _tell(self, **changes: object) -> None:
        items = self._replica.items()
        refused = sum(i.state is OutboxState.REFUSED for i in items)
        old = self._status
        new = replace(
            old,
            waiting=len(items) - refused,
            refused=refused,
            unlisted=self._replica.unlisted(),
            files=self.mover.state,
            **changes,  # type: ignore[arg-type]
        )
        if new.state != old.state:
            new = replace(new, since=self._clock.now())
        self._status = new
        if new != old:
            for listener in tuple(self._listeners):
                listener(new)


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
