"""A notice of the province, and the mark that one person has read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.kernel.ids import derived_id


@dataclass(frozen=True, slots=True)
class Bulletin:
    """A notice; withdrawn ones stay with the reason. `agency` published it."""

    id: str
    title: str
    body: str
    agency: str
    author: str
    at: datetime
    urgent: bool = False
    withdrawn: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BulletinRead:
    """Say that a person has read a bulletin; `agency` is the publisher's, which counts."""

    id: str
    bulletin: str
    agency: str
    person: str
    at: datetime


def read_id(bulletin: str, person: str) -> str:
    """Name the one read mark of a person on a bulletin."""
    return derived_id("bulletin_read", bulletin, person)
