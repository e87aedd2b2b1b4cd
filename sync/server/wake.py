"""Wake the desks that wait: at once in every process that hears of the commit, else by polling."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from anyio.to_thread import run_sync
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from sync.server.logs import LOG
from sync.server.store import CHANNEL, Store

POLL = 2.0
# A busy server looks no more often than this: those who are woken ask the database.
_REST = 0.25
_AGAIN = 1.0
_LOOK = 0.5


class Waker:
    """Wake the waiting desks whose buckets have moved; one look at the log for all of them.

    `moved` answers the newest number of the log and the buckets that moved since a number.
    """

    def __init__(
        self, moved: Callable[[int], tuple[int, Iterable[str]]], poll: float = POLL
    ) -> None:
        self._moved = moved
        self._poll = poll
        self._seen = -1
        self._news = asyncio.Event()
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look."""
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Let every waiter go, and look no more."""
        if self._task is not None:
            self._task.cancel()
        self._loop = None
        self._ring(tuple(self._waiting))

    def poke(self) -> None:
        """Say from any thread that something was committed."""
        self._from_any_thread(self._news.set)

    def let_go(self) -> None:
        """Wake everybody, from any thread: this process is about to end."""
        self._from_any_thread(lambda: self._ring(tuple(self._waiting)))

    def _from_any_thread(self, work: Callable[[], None]) -> None:
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(work)

    @contextmanager
    def waiting(self, buckets: Iterable[str]) -> Iterator[asyncio.Event]:
        """Give what is set when one of the buckets moves; clear it before looking for news."""
        moved, held = asyncio.Event(), frozenset(buckets)
        for bucket in held:
            self._waiting.setdefault(bucket, set()).add(moved)
        try:
            yield moved
        finally:
            for bucket in held:
                self._waiting[bucket].discard(moved)
                if not self._waiting[bucket]:
                    del self._waiting[bucket]

    async def wait(self, moved: asyncio.Event, seconds: float) -> bool:
        """Wait for a movement; False when the time is over."""
        try:
            async with asyncio.timeout(max(seconds, 0.0)):
                await moved.wait()
        except TimeoutError:
            return False
        return True

    def _ring(self, buckets: Iterable[str]) -> None:
        for bucket in buckets:
            for moved in self._waiting.get(bucket, ()):
                moved.set()

    async def _watch(self) -> None:
        while True:
            await self.wait(self._news, self._poll)
            self._news.clear()
            before = self._seen
            try:
                self._seen, buckets = await run_sync(self._moved, before)
            except SQLAlchemyError:
                # Every request says so too; the next look finds what was missed.
                LOG.warning("log unseen")
            else:
                # The first look has nothing to compare with: whoever waits already looks again.
                self._ring(buckets if before >= 0 else tuple(self._waiting))
            await asyncio.sleep(_REST)


class Listener:
    """Hear from PostgreSQL of what other processes commit, on a connection of its own.

    Losing it is harmless: it comes back by itself, and the poller finds what was missed.
    """

    def __init__(self, store: Store, heard: Callable[[], None]) -> None:
        self._store = store
        self._heard = heard
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen from now on; nothing to do where there is only one process."""
        if self._store.postgres:
            self._thread = threading.Thread(target=self._run, name="listener")
            self._thread.start()

    def stop(self) -> None:
        """Stop listening, and wait for the thread."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        url = self._store.engine.url
        engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        if self._store.cluster is not None:
            self._store.cluster.watch(engine)
        while not self._ending.is_set():
            try:
                self._listen(engine)
            except DBAPIError:
                LOG.warning("listener lost")
                self._ending.wait(_AGAIN)

    def _listen(self, engine: Any) -> None:
        with engine.connect() as connection:
            connection.execute(text(f"LISTEN {CHANNEL}"))
            raw = connection.connection.driver_connection
            # What was committed before this line is told by nobody.
            self._heard()
            while not self._ending.is_set():
                try:
                    for _ in raw.notifies(timeout=_LOOK, stop_after=1):
                        self._heard()
                except raw.Error as error:
                    connection.invalidate()
                    raise DBAPIError("LISTEN", None, error) from error
