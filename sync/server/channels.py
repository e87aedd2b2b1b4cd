"""The channels by which the server speaks to the outside, and the hours in which it is silent.

What a channel is stands in `resources/outside/channels.json`; the province's settings name its
address and may change the quiet hours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache
from importlib.resources import files
from typing import Any

from app.kernel.clock import VIETNAM

QUIET_HOURS = "quiet_hours"
_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Channel:
    """One way out: `address` is the setting that names where to, `quiet` that people hear it."""

    name: str
    address: str
    quiet: bool = True
    per_minute: int = 60
    tries: int = 20


@dataclass(frozen=True, slots=True)
class Quiet:
    """The hours without messages to people, local time; they may lie across midnight."""

    start: time
    end: time

    def holds(self, at: datetime) -> bool:
        """Tell whether it is quiet at an aware time; equal ends mean never."""
        now = at.astimezone(VIETNAM).time()
        if self.start <= self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end


@cache
def shipped() -> Mapping[str, Channel]:
    """Return the channels of the product by name."""
    return {name: Channel(name, **values) for name, values in _table()["channels"].items()}


def quiet_hours(text: str = "") -> Quiet:
    """Return the hours that the province set, the product's where it set none or nonsense."""
    match = _WINDOW.fullmatch(text) or _WINDOW.fullmatch(_table()["quiet_hours"])
    if match is None:
        raise ValueError(QUIET_HOURS)
    a, b, c, d = map(int, match.groups())
    return Quiet(time(a, b), time(c, d))


@cache
def _table() -> Mapping[str, Any]:
    source = files("resources") / "outside" / "channels.json"
    return dict(json.loads(source.read_text(encoding="utf-8")))
