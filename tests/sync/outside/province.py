"""A toy province that has something to send outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from app.kernel.clock import FixedClock
from app.kernel.errand import Errand
from app.kernel.event import Event
from app.kernel.feature import Context, Registry
from sync.server import tables
from sync.server.channels import Channel
from sync.server.errand_worker import Worker
from sync.server.errands import Errands
from sync.server.service import Service
from tests.doubles.toy import FEATURE, AddNote, ShareNote
from tests.sync.desk import Desk

ROOT = Path(__file__).parents[3]
X = ("agency:x",)
TOKEN = "khoa-bi-mat"
NOON = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
PLAIN = Channel("announcement", "announcement_url", quiet=True, per_minute=1000, tries=4)
Made = Callable[..., Worker]


def told(event: Event, _: Context) -> Sequence[Errand]:
    to = event.data["to"]
    key = f"{event.entity}-{to}"
    return [Errand("announcement", key, {"note": event.entity}, urgent=to == "gap")]


TELLING = Registry((replace(FEATURE, errands={"note.shared": told}),))


def share(desk: Callable[..., Desk], *names: str, to: str = "b") -> None:
    one = desk()
    one.n = _sent(one)
    for name in names:
        codes = [r.code for r in one.sync(AddNote(name, "lời", X), ShareNote(name, to))]
        assert codes == ["accepted"] * 2


def _sent(desk: Desk) -> int:
    with desk.service.store.read() as connection:
        d = tables.device.c
        return int(connection.scalar(select(d.last_n).where(d.id == desk.device)) or 0)


def states(service: Service) -> dict[str, tuple[str, int, str]]:
    rows = Errands(service.store, service.clock).rows()
    return {r["id"]: (r["state"], r["tries"], r["code"]) for r in rows}


def later(clock: FixedClock, worker: Worker, turns: int = 1) -> None:
    """Go on once the longest wait is over."""
    for _ in range(turns):
        clock.advance(timedelta(hours=1, seconds=1))
        worker.step()
