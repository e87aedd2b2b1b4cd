"""The worker that sends what waits: one errand of each channel in turn, until it is ended."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from contextlib import closing
from datetime import date
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from app.kernel.clock import Clock
from app.kernel.errors import RuleViolation, Unavailable
from sync.http import Session
from sync.server.channels import QUIET_HOURS, Channel, quiet_hours, shipped
from sync.server.errands import Errands, Job
from sync.server.logs import LOG
from sync.server.sending import HttpsSender, Secrets, Sender, setting_of
from sync.server.store import Store

POLL = 5.0
_REST = 60.0


class Worker:
    """Send what is due; any number may work on one database."""

    def __init__(
        self,
        store: Store,
        sender: Sender,
        clock: Clock,
        channels: Mapping[str, Channel] | None = None,
        chance: random.Random | None = None,
    ) -> None:
        self.errands = Errands(store, clock, chance)
        self._sender = sender
        self._clock = clock
        self._channels = shipped() if channels is None else channels
        self._settings = setting_of(store)
        self._chance = chance or random.SystemRandom()
        # Channels that failed rest a while, so that a silent receiver does not hold up the others.
        self._resting: dict[str, tuple[float, int]] = {}
        self._tidied: date | None = None

    def step(self) -> int:
        """Send one errand of each channel; answer how many were taken."""
        self._tidy()
        quiet = quiet_hours(self._settings(QUIET_HOURS)).holds(self._clock.now())
        return sum(self._one(channel, quiet=quiet) for channel in self._channels.values())

    def run(self, ending: threading.Event, poll: float = POLL) -> None:
        """Work until the end; what is in hand is brought to an end first."""
        while not ending.is_set():
            try:
                if self.step():
                    continue
            except (SQLAlchemyError, Unavailable) as error:
                LOG.warning("outside stopped", exc_info=error)
            ending.wait(poll)

    def _one(self, channel: Channel, *, quiet: bool) -> bool:
        until, failures = self._resting.get(channel.name, (0.0, 0))
        if failures and self._clock.monotonic() < until:
            return False
        job = self.errands.claim(channel, quiet=quiet)
        if job is None:
            return False
        code = self._send(job, channel)
        if code:
            rest = self._chance.uniform(0, min(_REST, 2.0**failures))
            self._resting[channel.name] = (self._clock.monotonic() + rest, min(failures + 1, 10))
        else:
            self._resting.pop(channel.name, None)
        said = {"errand": job.id, "channel": channel.name, "tries": job.tries, "code": code}
        LOG.info("sent outside", extra={"said": said})
        return True

    def _send(self, job: Job, channel: Channel) -> str:
        """Send; answer the code of what came in the way of all that goes there, or nothing."""
        try:
            self._sender.send(job, channel)
        except Unavailable as error:
            self.errands.failed(job, error.code, channel.tries, error.retry_at)
            return error.code
        except RuleViolation as error:
            self.errands.refused(job, error.code)
            return ""
        self.errands.sent(job)
        return ""

    def _tidy(self) -> None:
        today = self._clock.now().date()
        if self._tidied != today:
            self.errands.tidy()
            self._tidied = today


def work(store: Store, secrets: Path, clock: Clock, ending: threading.Event) -> None:
    """Send what waits over the product's channels, until the end."""
    with closing(Session(clock, tls=True)) as http:
        sender = HttpsSender(http, setting_of(store), Secrets(secrets), clock)
        Worker(store, sender, clock).run(ending)
