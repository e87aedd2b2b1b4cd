"""Wake the desks that wait: at once in every process that hears of the commit, else by polling."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from anyio.to_thread import run_sync
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from sync.server.logs import LOG
from sync.server.store import CHANNEL, Store

POLL = 2.0
# Every ring makes all who wait ask the database: a busy server rings no more often than this.
_REST = 0.25
_AGAIN = 1.0
_LOOK = 0.5


class Waker:
    """Tell every waiting desk when the log has moved; one poller for all of them."""

    def __init__(self, head: Callable[[], int], poll: float = POLL) -> None:
        self._head = head
        self._poll = poll
        self._seen = -1
        self._moved = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._rang = float("-inf")
        self._soon: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Begin to poll."""
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Let every waiter go, and stop polling."""
        if self._task is not None:
            self._task.cancel()
        if self._soon is not None:
            self._soon.cancel()
        self._loop = None
        self._ring()

    def poke(self) -> None:
        """Say from any thread that something was committed."""
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._ring_soon, loop)

    def next_move(self) -> asyncio.Event:
        """Return what the next movement sets: take it before looking, and none is missed."""
        return self._moved

    async def wait(self, moved: asyncio.Event, seconds: float) -> bool:
        """Wait for a movement; False when the time is over."""
        try:
            async with asyncio.timeout(max(seconds, 0.0)):
                await moved.wait()
        except TimeoutError:
            return False
        return True

    def _ring_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._soon is None:
            self._soon = loop.call_at(max(self._rang + _REST, loop.time()), self._ring_at, loop)

    def _ring_at(self, loop: asyncio.AbstractEventLoop) -> None:
        self._soon, self._rang = None, loop.time()
        self._ring()

    def _ring(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    async def _watch(self) -> None:
        while True:
            head = await run_sync(self._head)
            if head != self._seen:
                self._seen = head
                self._ring()
            await asyncio.sleep(self._poll)


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
