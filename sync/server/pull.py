"""Rows for a desk: what moved in its buckets since its position, page by page.

Each page is read in a short transaction of its own, so a slow line holds no lock and no
connection. Only an `end` that says `caught_up` promises a consistent whole.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, select, union_all

from app.kernel.feature import Registry
from app.store.sql import text_sum
from sync.protocol.messages import (
    PAGE,
    RULES,
    SCHEMA,
    End,
    FoldFrame,
    Frame,
    GoneFrame,
    Mark,
    ReceiptFrame,
    Request,
    RowFrame,
    ScopeFrame,
)
from sync.server import ahead, digests, tables
from sync.server.directory import Directory
from sync.server.store import Store
from sync.server.unit import EVENT, Unit

GRANT = "grant"
REVOKE = "revoke"
MAX_SPLITS = 64
Key = tuple[str, str]
# version, buckets, text; of an event also the kind and the id of its entity
_Found = tuple[Any, ...]
_NO_ROW: _Found = (0, (), "")
_R = tables.receipt.c
_RECEIPTS = (
    select(_R.n, _R.body)
    .where(_R.device == bindparam("desk"), _R.n > bindparam("seen"))
    .order_by(_R.n)
)


class _Entry(NamedTuple):
    """What is asked for: the kind and the id of a row, and its number in the log."""

    kind: str
    id: str
    seq: int


@dataclass(slots=True)
class Position:
    """Where the desk will stand after the frames that were sent."""

    cursor: int
    lag: dict[str, int]
    buckets: tuple[str, ...]
    fold: bool = False
    # Whether older rows came, or may have gone without a trace: all digests are told then.
    unsure: bool = False
    sent: set[tuple[str, str, int]] = field(default_factory=set)
    rows: int = 0

    def next_lagging(self) -> str | None:
        """Return the most urgent bucket that is not filled yet."""
        return next((b for b in self.buckets if b in self.lag), None)


class Pull:
    """Answer one request's rows."""

    def __init__(
        self, store: Store, registry: Registry, directory: Directory, page: int = PAGE
    ) -> None:
        self._store = store
        self._registry = registry
        self._directory = directory
        self._size = page
        e, v = tables.entity.c, tables.event.c
        self._past = select(v.id, v.ver, v.data, v.kind, v.entity).where(store.among(v.id, "ids"))
        self._homes = select(e.id, e.buckets).where(
            e.kind == bindparam("kind"), store.among(e.id, "ids")
        )

    def run(self, request: Request, person: str, now: datetime, floor: int) -> Iterator[Frame]:
        """Yield scope changes, receipts, rows, marks and the end."""
        with self._store.read() as connection:
            buckets = self._buckets(connection, person, now)
            head = self._store.head(connection)
            receipts = self._receipts(connection, request)
        position, scope = _start(request, buckets, head, floor)
        yield from scope
        yield from receipts
        if scope or receipts:
            yield Mark(position.cursor, dict(position.lag))
        for page in self._ahead(position, scope, person):
            yield from page
            yield Mark(position.cursor, dict(position.lag))
        while True:
            with self._store.read() as connection:
                lag = dict(position.lag)
                frames, done = self._page(connection, position)
                tail: list[Frame] = []
                # A role that changed meanwhile is the next round's; this one has not caught up.
                steady = not done or self._buckets(connection, person, now) == buckets
                if done and steady:
                    tail = self._digests(connection, request, position)
            yield from frames
            yield from tail
            if frames or tail or lag != position.lag:
                yield Mark(position.cursor, dict(position.lag))
            if done or position.rows >= request.want:
                yield End(position.cursor, more=not (done and steady), caught_up=done and steady)
                return

    def _ahead(
        self, position: Position, scope: Sequence[Frame], person: str
    ) -> Iterator[list[Frame]]:
        """Yield what a screen shows first of the buckets that were granted just now."""
        granted = [f.bucket for f in scope if isinstance(f, ScopeFrame) and f.op == GRANT]
        shown = self._directory.shown(granted)
        for turn, size in enumerate(ahead.SIZES if granted else ()):
            with self._store.read() as connection:
                found = list(ahead.newest(connection, shown, position.cursor, size))
                if not turn:
                    unit = Unit(self._store, connection, self._registry)
                    own = self._directory.first(unit, person)
                    waits = self._pressing(connection, shown, position.cursor)
                    found = [_Entry(*key, 0) for key in own] + waits + found
                frames = self._frames(connection, position, found, fold=False)
            if frames:
                yield frames

    def _pressing(self, connection: Connection, shown: Sequence[str], upto: int) -> list[Any]:
        """Return the newest entities that wait for somebody."""
        asked = {n: k.pressing for n, k in self._registry.kinds.items() if k.pressing is not None}
        looked = ahead.newest(connection, shown, upto, ahead.LOOK)
        found = [entry for entry in looked if entry.kind in asked]
        texts = self._rows(connection, [(entry.kind, entry.id) for entry in found])
        waits = [e for e in found if asked[e.kind](texts.get((e.kind, e.id), _NO_ROW)[2])]
        return waits[: ahead.PRESSING]

    def _digests(self, connection: Connection, request: Request, position: Position) -> list[Frame]:
        """Return what tells a desk that is about to catch up whether it holds the same."""
        if request.compared is None:
            return []
        since = -1 if request.verify or position.unsure else request.compared
        if not (position.rows or since < request.cursor or request.split):
            return []
        splits = request.split[:MAX_SPLITS]
        return list(digests.told(connection, position.buckets, since, splits))

    def scope_of(self, person: str, now: datetime) -> tuple[str, ...]:
        """Return the buckets of a person, the most urgent first."""
        with self._store.read() as connection:
            return self._buckets(connection, person, now)

    def moved(self, buckets: Sequence[str], cursor: int) -> bool:
        """Tell whether anything in these buckets is newer than the cursor."""
        with self._store.read() as connection:
            head = self._store.head(connection)
            return head > cursor and bool(self._slice(connection, buckets, cursor, head))

    def moved_since(self, seen: int) -> tuple[int, list[str]]:
        """Return the newest number of the log, and the buckets that moved since a number."""
        c = tables.log.c
        with self._store.read() as connection:
            head = self._store.head(connection)
            query = select(c.bucket).where(c.seq > seen, c.seq <= head).distinct()
            moved = list(connection.scalars(query)) if head > seen >= 0 else []
        return head, moved

    def _buckets(self, connection: Connection, person: str, now: datetime) -> tuple[str, ...]:
        unit = Unit(self._store, connection, self._registry)
        pairs = self._directory.scope(unit, person, now)
        return tuple(b for b, _ in sorted(pairs, key=lambda pair: (pair[1], pair[0])))

    def _receipts(self, connection: Connection, request: Request) -> list[Frame]:
        sent = {c.n for c in request.commands}
        asked = {"desk": request.device, "seen": request.receipts_seen}
        return [
            ReceiptFrame(**json.loads(body))
            for n, body in connection.execute(_RECEIPTS, asked)
            if n not in sent
        ]

    def _page(self, connection: Connection, position: Position) -> tuple[list[Frame], bool]:
        """Return the frames of the next page, and whether nothing is left after it."""
        while (bucket := position.next_lagging()) is not None:
            found = self._slice(connection, [bucket], position.lag[bucket], position.cursor)
            if len(found) < self._size:
                del position.lag[bucket]
            else:
                position.lag[bucket] = found[-1].seq
            if found:
                return self._frames(connection, position, found, fold=False), False
        head = self._store.head(connection)
        found = self._slice(connection, position.buckets, position.cursor, head)
        done = len(found) < self._size
        position.cursor = max(position.cursor, head) if done else found[-1].seq
        return self._frames(connection, position, found, fold=position.fold), done

    def _slice(
        self, connection: Connection, buckets: Sequence[str], after: int, upto: int
    ) -> Sequence[Any]:
        """Return the next page of the log: each bucket by its own index, then merged."""
        asked: dict[str, Any] = {f"b{place}": b for place, b in enumerate(buckets or ("",))}
        query = _merged(len(asked), self._size)
        return connection.execute(query, {**asked, "after": after, "upto": upto}).all()

    def _frames(
        self,
        connection: Connection,
        position: Position,
        found: Sequence[Any],
        *,
        fold: bool,
    ) -> list[Frame]:
        keys = list(dict.fromkeys((entry.kind, entry.id) for entry in found))
        held = frozenset(position.buckets)
        rows = self._rows(connection, keys)
        steps = _steps(rows, position.sent) if fold else {}
        frames: list[Frame] = []
        folds: list[Frame] = []
        for kind, name in keys:
            ver, buckets, raw, *_ = rows.get((kind, name), _NO_ROW)
            if (kind, name, ver) in position.sent:
                continue
            position.sent.add((kind, name, ver))
            position.rows += 1
            # All its buckets, not only this desk's: when one is granted later, the desk knows.
            if held.isdisjoint(buckets):
                frames.append(GoneFrame(kind, name, ver))
            elif _follows(ver, steps.get((kind, name))):
                folds.append(FoldFrame(kind, name, ver, buckets, text_sum(raw)))
            else:
                frames.append(RowFrame(kind, name, ver, buckets, raw=raw))
        return frames + folds

    def _rows(self, connection: Connection, keys: Sequence[Key]) -> dict[Key, _Found]:
        wanted: dict[str, list[str]] = {}
        for kind, name in keys:
            wanted.setdefault(kind, []).append(name)
        found: dict[Key, _Found] = {}
        events = wanted.pop(EVENT, [])
        for kind, names in wanted.items():
            asked = {"ids": names, "kind": kind}
            for name, ver, buckets, data in connection.execute(self._store.entities, asked).all():
                found[kind, name] = (ver, _names(buckets), data)
        if events:
            past = connection.execute(self._past, {"ids": events}).all()
            homes = self._homes_of(connection, {(e.kind, e.entity) for e in past}, found)
            for name, ver, data, kind, entity in past:
                # Events lie where their entity lies.
                if (kind, entity) in homes:
                    found[EVENT, name] = (ver, homes[kind, entity], data, kind, entity)
        return found

    def _homes_of(
        self, connection: Connection, keys: set[Key], found: Mapping[Key, _Found]
    ) -> dict[Key, tuple[str, ...]]:
        """Return the buckets of entities; most of them stand in the page already."""
        homes = {key: found[key][1] for key in keys & found.keys()}
        wanted: dict[str, list[str]] = {}
        for kind, name in sorted(keys - found.keys()):
            wanted.setdefault(kind, []).append(name)
        for kind, names in wanted.items():
            asked = {"ids": names, "kind": kind}
            for name, buckets in connection.execute(self._homes, asked).all():
                homes[kind, name] = _names(buckets)
        return homes


def _steps(
    rows: Mapping[Key, _Found], sent: Container[tuple[str, str, int]]
) -> dict[Key, set[int]]:
    """Return the versions whose events are among the rows and not sent yet, by entity."""
    steps: dict[Key, set[int]] = {}
    for (kind, name), (ver, _, _, *of) in rows.items():
        if kind == EVENT and (kind, name, ver) not in sent:
            steps.setdefault((of[0], of[1]), set()).add(ver)
    return steps


def _follows(ver: int, steps: set[int] | None) -> bool:
    """Tell whether the events lead from a version that the desk should have to this one."""
    first = ver
    while steps and first in steps:
        first -= 1
    return 0 < first < ver


@lru_cache(maxsize=4096)
def _names(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


@cache
def _merged(count: int, size: int) -> Select[str, str, int]:
    c = tables.log.c
    bounds = (c.seq > bindparam("after"), c.seq <= bindparam("upto"))
    parts = [
        select(
            select(c.kind, c.id, c.seq)
            .where(c.bucket == bindparam(f"b{place}"), *bounds)
            .order_by(c.seq)
            .limit(size)
            .subquery()
        )
        for place in range(count)
    ]
    merged = (parts[0] if len(parts) == 1 else union_all(*parts)).subquery()
    return select(merged.c.kind, merged.c.id, merged.c.seq).order_by(merged.c.seq).limit(size)


def _start(
    request: Request, buckets: Sequence[str], head: int, floor: int
) -> tuple[Position, list[Frame]]:
    """Compare what the desk holds with what it may hold."""
    held = set(request.scope)
    stale = _stale(request, floor)
    # What has gone without a trace is found by digests; an older program begins anew.
    kept = (held & set(buckets)) - (stale if request.compared is None else set())
    new = [b for b in buckets if b not in kept]
    # A desk that keeps nothing starts at the head: what it misses comes by the lag alone.
    cursor = min(request.cursor, head) if kept else head
    lag = {b: at for b, at in request.lag.items() if b in kept} | dict.fromkeys(new, 0)
    frames: list[Frame] = [ScopeFrame(b, REVOKE) for b in sorted(held - kept)]
    frames += [ScopeFrame(b, GRANT) for b in new]
    fold = request.fold and (request.rules, request.schema) == (RULES, SCHEMA)
    return Position(cursor, lag, tuple(buckets), fold, bool(stale or new)), frames


def _stale(request: Request, floor: int) -> set[str]:
    """Return the buckets whose position is older than the oldest tombstone kept."""
    at = {bucket: request.lag.get(bucket, request.cursor) for bucket in request.scope}
    return {bucket for bucket, seq in at.items() if 0 < seq < floor}
