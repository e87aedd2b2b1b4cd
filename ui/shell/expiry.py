"""Warn of certificates that end: once at 60, 30 and 7 days before, and once after it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.desk import Desk
from app.kernel.clock import VIETNAM
from app.kernel.ports import CertificateInfo
from app.kernel.texts import Texts
from signing.tokens.offers import expiry_warning

TOLD = "signing.expiry_told"
URGENT_DAYS = 7
_NEVER = 1000


@dataclass(frozen=True, slots=True)
class Ending:
    """A certificate of which the person is to be warned now."""

    serial: str
    holder: str
    until: datetime
    days: int
    stage: int

    @property
    def tone(self) -> str:
        """Return warn, or bad in the last week and after the end."""
        return "bad" if self.stage <= URGENT_DAYS else "warn"

    def said(self, texts: Texts) -> str:
        """Return what is said of it."""
        key = "shell.expiry.over" if self.stage == 0 else "shell.expiry.soon"
        until = f"{self.until.astimezone(VIETNAM):%d/%m/%Y}"
        return texts(key, holder=self.holder, days=self.days, until=until)


def endings(
    certificates: Sequence[CertificateInfo], told: Mapping[str, int], now: datetime
) -> tuple[Ending, ...]:
    """Return what was not said yet at this stage, the most pressing first."""
    found = []
    for c in certificates:
        stage = expiry_warning(c.not_after, now)
        if stage is not None and stage < told.get(c.serial, _NEVER):
            left = (c.not_after - now).days
            found.append(Ending(c.serial, c.holder, c.not_after, left, stage))
    return tuple(sorted(found, key=lambda e: e.until))


def take_ending(desk: Desk, certificates: Sequence[CertificateInfo]) -> Ending | None:
    """Return the one thing to be said now, and keep that it was; for the store lane."""
    now = desk.clock.now()
    told: dict[str, int] = json.loads(desk.store.meta(TOLD) or "{}")
    found = next(iter(endings(certificates, told, now)), None)
    if found is not None:
        desk.store.set_meta(TOLD, json.dumps({**told, found.serial: found.stage}))
    return found
