"""What a serving process does beside its requests, each in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Chore = Callable[[threading.Event], None]


@contextmanager
def beside(**chores: Chore) -> Iterator[None]:
    """Run chores while the block runs, by the names of their threads; wait for their end."""
    ending = threading.Event()
    threads = [
        threading.Thread(target=chore, args=(ending,), name=name) for name, chore in chores.items()
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ending.set()
        for thread in threads:
            thread.join()
