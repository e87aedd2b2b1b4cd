"""How this desk fares, told to the server every few minutes: figures, nothing of its person."""

from __future__ import annotations

import shutil
from datetime import datetime

from app.kernel.clock import Clock
from app.kernel.release import VERSION
from app.store.desk import DeskStore
from app.store.model import OutboxState
from app.store.replica import Replica
from sync.protocol.messages import Beat

EVERY = 300.0
_MIB = 1 << 20


class Pulse:
    """Measure when it is time, and again until the server has answered."""

    def __init__(self, store: DeskStore, replica: Replica, clock: Clock) -> None:
        self._store = store
        self._replica = replica
        self._clock = clock
        self._told: float | None = None
        self._asked = False
        # When this desk last held everything.
        self.synced: datetime | None = None

    def __call__(self) -> Beat | None:
        """Return how the desk fares, or None where that was told a short while ago."""
        now = self._clock.monotonic()
        self._asked = self._told is None or now - self._told >= EVERY
        return self._measured() if self._asked else None

    def heard(self) -> None:
        """Take note that the server has answered what was asked last."""
        if self._asked:
            self._told = self._clock.monotonic()

    def _measured(self) -> Beat:
        items, now = self._replica.items(), self._clock.now()
        refused = sum(item.state is OutboxState.REFUSED for item in items)
        since = -1 if self.synced is None else max(0, int((now - self.synced).total_seconds()))
        return Beat(
            version=VERSION,
            at=int(now.timestamp()),
            waiting=len(items) - refused,
            refused=refused,
            synced=since,
            free=self._free(),
            kept=self._store.vault.size() // _MIB,
        )

    def _free(self) -> int:
        try:
            return shutil.disk_usage(self._store.folder).free // _MIB
        except OSError:
            return -1
