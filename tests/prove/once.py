"""Did every command take effect exactly once? Asked of the server's own tables."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.features import registry
from app.kernel.clock import SystemClock
from sync.protocol.messages import ACCEPTED
from sync.server import tables
from sync.server.check import check
from sync.server.files import Files
from sync.server.store import Store

_EVENT_OF = {
    "document.receive": "document.received",
    "document.register": "document.registered",
    "document.note": "document.noted",
}


def counted(url: str, files: Path, acts: Counter[str]) -> dict[str, Any]:
    """Return what the server holds of so many acts by name, and what is wrong with it."""
    store = Store(url, SystemClock())
    try:
        found = check(store, registry(), Files(files, store))
        with store.read() as connection:
            r, e = tables.receipt.c, tables.event.c
            answers = [(c, json.loads(b)) for c, b in connection.execute(select(r.command, r.body))]
            events = [json.loads(d) for d in connection.scalars(select(e.data))]
            numbers = _numbers(connection)
    finally:
        store.close()
    accepted = {command for command, body in answers if body["code"] == ACCEPTED}
    made = Counter((e["command"], e["name"], e["entity"]) for e in events)
    names = Counter(e["name"] for e in events if e["command"] in accepted)
    want = {_EVENT_OF[name]: acts[name] for name in _EVENT_OF}
    effects = {event: names[event] for event in want}
    return {
        "acts": sum(acts[name] for name in _EVENT_OF),
        "receipts": len(answers),
        "accepted": len(accepted),
        "effects": effects,
        "twice": sum(times > 1 for times in made.values()) + len(answers) - len(dict(answers)),
        "missing": {event: want[event] - effects[event] for event in want},
        "numbers": {"books": len(numbers), "given": sum(map(len, numbers.values()))},
        "numbers_wrong": sum(sorted(n) != list(range(1, len(n) + 1)) for n in numbers.values()),
        "findings": sorted({f"{f.check} {f.kind}" for f in found}),
    }


def exact(told: dict[str, Any]) -> bool:
    """Tell whether nothing is missing, nothing was done twice and every number is there once."""
    wrong = (told["twice"], told["numbers_wrong"], *told["missing"].values(), *told["findings"])
    return not any(wrong) and told["receipts"] == told["accepted"] == told["acts"] > 0


def _numbers(connection: Any) -> dict[str, list[int]]:
    e = tables.entity.c
    given: dict[str, list[int]] = defaultdict(list)
    for data in connection.scalars(select(e.data).where(e.kind == "document")):
        held = json.loads(data)
        if held.get("arrival_number") is not None:
            given[held["register"]].append(held["arrival_number"])
    return given
