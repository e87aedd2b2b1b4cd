"""Wake the desks that wait: at once within this process, by polling across processes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from anyio.to_thread import run_sync

_POLL = 2.0


class Waker:
    """Tell every waiting desk when the log has moved; one poller for all of them."""

    def __init__(self, head: Callable[[], int], poll: float = _POLL) -> None:
        self._head = head
        self._poll = poll
        self._seen = -1
        self._moved = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to poll."""
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Let every waiter go, and stop polling."""
        if self._task is not None:
            self._task.cancel()
        self._ring()

    def poke(self) -> None:
        """Say from any thread that something was committed here."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._ring)

    async def wait(self, seconds: float) -> bool:
        """Wait for the next movement; False when the time is over."""
        moved = self._moved
        try:
            async with asyncio.timeout(max(seconds, 0.0)):
                await moved.wait()
        except TimeoutError:
            return False
        return True

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
