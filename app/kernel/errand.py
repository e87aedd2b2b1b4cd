"""Something that the server is to send outside, as a feature's reaction names it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Errand:
    """One message over one channel.

    `key` tells the receiver that it has had the message before: derived from what happened, the
    same however often it is sent. Only what is `urgent` goes out in quiet hours.
    """

    channel: str
    key: str
    data: Mapping[str, Any] = field(default_factory=dict)
    urgent: bool = False
