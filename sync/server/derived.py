"""Figures that the server derives from records: kept in step by what has moved since, day by day.

What a record adds is kept beside it, so that a change costs one record and one sum, and whoever
counts everything anew comes to the same. The work is done in small transactions apart from the
pushes, of which none waits for a figure; any number of processes may do it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.exc import SQLAlchemyError

from app.kernel.clock import local_date
from app.kernel.codec import from_json
from app.kernel.command import Command
from app.kernel.errors import Unavailable
from app.kernel.feature import Derivation, Registry
from sync.server import tables
from sync.server.logs import LOG
from sync.server.service import Service
from sync.server.store import Store
from sync.server.unit import Unit

EVERY = 60.0
_META = "derived"
_BATCH = 1000
Sums = dict[str, tuple[int, int]]


class Derived:
    """Keep the derived kinds of one database in step."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._store = service.store
        self._derivations = service.registry.derivations

    def tick(self) -> int:
        """Take in what has moved and what the day has turned; answer how many figures moved."""
        if not self._derivations:
            return 0
        written, more = 0, True
        while more:
            count, more = self._store.retrying(self._step)
            written += count
        return written

    def run(self, ending: threading.Event) -> None:
        """Tick until the end."""
        while not ending.is_set():
            try:
                self.tick()
            except (SQLAlchemyError, Unavailable) as error:
                LOG.warning("figures stopped", exc_info=error)
            ending.wait(EVERY)

    def _step(self, connection: Connection) -> tuple[int, bool]:
        """Take in one batch; answer how many figures moved, and whether there is more."""
        today = local_date(self._service.clock.now())
        position, day = _position(connection)
        if day is not None and today < day:
            # The clock was set back: what had turned turns back, wherever it is.
            position = 0
        moved = _moved(connection, position)
        commands: list[Command] = []
        for derivation in self._derivations:
            names = {name for kind, name, _ in moved if kind == derivation.of}
            touched: set[str] = set()
            if day != today:
                names |= _turned(connection, derivation, today)
                touched |= _current(connection, derivation, today)
            touched |= self._recount(connection, derivation, names, today)
            commands += self._commands(connection, derivation, touched, today)
        if moved or day != today:
            seq = moved[-1][2] if moved else position
            self._store.set_meta(connection, _META, f"{seq}:{today.isoformat()}")
        if commands:
            self._service.push.system(connection, commands, self._service.clock.now())
        return len(commands), len(moved) == _BATCH

    def _recount(
        self, connection: Connection, derivation: Derivation, names: Iterable[str], today: date
    ) -> set[str]:
        """Write anew what records add; answer the figures that may be others now."""
        p, touched, wanted = tables.derived_part, set[str](), sorted(names)
        model = self._service.registry.kind(derivation.of).model
        for at in range(0, len(wanted), _BATCH):
            ids = wanted[at : at + _BATCH]
            mine = (p.c.kind == derivation.kind, p.c.source.in_(ids))
            touched |= set(connection.scalars(select(p.c.figure).where(*mine)))
            connection.execute(delete(p).where(*mine))
            rows = [
                (derivation.kind, name, figure, n, d, turns.isoformat() if turns else None)
                for name, record in _records(self._store, connection, (derivation.of, model), ids)
                for turns in [derivation.turns(record, today)]
                for figure, (n, d) in derivation.parts(record, today).items()
            ]
            self._store.put(connection, p, rows)
            touched |= {figure for _, _, figure, *_ in rows}
        return touched

    def _commands(
        self, connection: Connection, derivation: Derivation, touched: set[str], today: date
    ) -> list[Command]:
        unit = self._service.push.unit(connection)
        unit.prefetch((derivation.kind, name) for name in touched)
        found: list[Command] = []
        for name, (n, d) in sorted(_sums(connection, derivation, touched).items()):
            held = unit.get(derivation.kind, name)
            same = held is not None and (held.numerator, held.denominator) == (n, d)
            if not same or (held.on != today and derivation.current(name, today)):
                found.append(derivation.command(name, n, d, today))
        return found


def recomputed(
    store: Store, registry: Registry, connection: Connection, derivation: Derivation, day: date
) -> Sums:
    """Count everything anew, from the records alone."""
    e, found = tables.entity.c, Sums()
    names = list(connection.scalars(select(e.id).where(e.kind == derivation.of)))
    model = registry.kind(derivation.of).model
    for at in range(0, len(names), _BATCH):
        ids = names[at : at + _BATCH]
        for _, record in _records(store, connection, (derivation.of, model), ids):
            for figure, (n, d) in derivation.parts(record, day).items():
                have = found.get(figure, (0, 0))
                found[figure] = (have[0] + n, have[1] + d)
    return found


def wrong(store: Store, registry: Registry, connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield the figures (kind, id) that counting anew makes others; none while some wait."""
    position, day = _position(connection)
    moved = {kind for kind, _, _ in _moved(connection, position)}
    unit = Unit(store, connection, registry)
    for derivation in registry.derivations:
        if day is None or derivation.of in moved:
            continue
        counted = recomputed(store, registry, connection, derivation, day)
        for name, share in sorted(counted.items()):
            held = unit.get(derivation.kind, name)
            if held is None or (held.numerator, held.denominator) != share:
                yield derivation.kind, name


def _position(connection: Connection) -> tuple[int, date | None]:
    m = tables.meta.c
    query = select(m.value).where(m.name == _META).with_for_update()
    seq, _, day = str(connection.scalar(query) or "0:").partition(":")
    return int(seq), date.fromisoformat(day) if day else None


def _moved(connection: Connection, position: int) -> Sequence[Any]:
    c = tables.log.c
    query = select(c.kind, c.id, c.seq).where(c.seq > position).order_by(c.seq).limit(_BATCH)
    return connection.execute(query).all()


def _turned(connection: Connection, derivation: Derivation, today: date) -> set[str]:
    p = tables.derived_part.c
    past = (p.kind == derivation.kind, p.turns <= today.isoformat())
    return set(connection.scalars(select(p.source).where(*past)))


def _current(connection: Connection, derivation: Derivation, today: date) -> set[str]:
    p = tables.derived_part.c
    query = select(p.figure).where(p.kind == derivation.kind).distinct()
    return {name for name in connection.scalars(query) if derivation.current(name, today)}


def _sums(connection: Connection, derivation: Derivation, touched: set[str]) -> Sums:
    p, found = tables.derived_part.c, dict.fromkeys(touched, (0, 0))
    wanted = sorted(touched)
    for at in range(0, len(wanted), _BATCH):
        query = (
            select(p.figure, func.sum(p.numerator), func.sum(p.denominator))
            .where(p.kind == derivation.kind, p.figure.in_(wanted[at : at + _BATCH]))
            .group_by(p.figure)
        )
        found |= {name: (int(n), int(d)) for name, n, d in connection.execute(query)}
    return found


def _records(
    store: Store, connection: Connection, of: tuple[str, type], ids: list[str]
) -> Iterator[tuple[str, Any]]:
    kind, model = of
    asked = {"kind": kind, "ids": ids}
    for name, _, _, data in connection.execute(store.entities, asked).all():
        yield name, from_json(model, json.loads(data))
