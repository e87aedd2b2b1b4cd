"""How much one process takes on at once, and from one caller."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from app.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server process may be asked for; beyond it callers are told when to come back."""

    # Requests in work at once, and desks that wait for news.
    busy: int = 96
    waiting: int = 5000
    # Requests a second of one sign-in, and how many at once after a pause: files go in pieces.
    each: float = 100.0
    each_burst: float = 2000.0
    # Of one address without a good token; behind one address there may be a whole commune.
    unknown: float = 5.0
    unknown_burst: float = 300.0
    # Path and query: a desk names its buckets there.
    address: int = 60_000


class Rates:
    """Buckets of tokens by caller; those who were quiet the longest are forgotten first."""

    _MOST = 20_000

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str, rate: float, burst: float) -> float:
        """Take a token; answer the seconds until there is one, 0 where it was had."""
        now = self._clock.monotonic()
        tokens, since = self._held.pop(who, (burst, now))
        tokens = min(burst, tokens + (now - since) * rate)
        left = tokens - 1.0
        self._held[who] = (left if left >= 0 else tokens, now)
        if len(self._held) > self._MOST:
            self._held.popitem(last=False)
        return 0.0 if left >= 0 else -left / rate

    def spent(self, who: str, rate: float, burst: float) -> float:
        """Answer the seconds until a caller has a token again, without taking one."""
        tokens, since = self._held.get(who, (burst, self._clock.monotonic()))
        tokens = min(burst, tokens + (self._clock.monotonic() - since) * rate)
        return 0.0 if tokens >= 1.0 else (1.0 - tokens) / rate
