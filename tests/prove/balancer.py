"""The least balancer there can be: each new connection goes to the next server that answers."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

_PIECE = 1 << 16


class Balancer:
    """A port before several others; `carried` counts the connections of each."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.port = 0
        self.carried: Counter[int] = Counter()
        self._ports = ports
        self._turn = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="balancer")
        self._thread.start()
        self._ready.wait()

    def close(self) -> None:
        """Hang up and end the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._carry, "127.0.0.1", 0))
        self.port = int(server.sockets[0].getsockname()[1])
        self._ready.set()
        self._loop.run_forever()
        server.close()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far = await self._next()
        if far is None:
            writer.close()
            return
        ways = ((reader, far[1]), (far[0], writer))
        # Cancelled only when the balancer ends
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*(_pump(*way) for way in ways))

    async def _next(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for _ in self._ports:
            port = self._ports[next(self._turn) % len(self._ports)]
            with suppress(OSError):
                found = await asyncio.open_connection("127.0.0.1", port)
                self.carried[port] += 1
                return found
        return None


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await source.read(_PIECE):
            sink.write(piece)
            await sink.drain()
    with suppress(OSError):
        sink.close()


@contextmanager
def balancing(ports: Sequence[int]) -> Iterator[Balancer]:
    """Put a balancer before the ports."""
    made = Balancer(ports)
    try:
        yield made
    finally:
        made.close()
