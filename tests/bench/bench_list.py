"""The quick filter, key by key, on 100,000 documents."""

from __future__ import annotations

from dataclasses import replace

from app.documents import lists, queries
from app.documents.model import Direction
from app.documents.rows import Ask, Chip, View
from tests.bench import corpus, desks
from tests.bench.__main__ import Plan
from tests.bench.figures import Figure, Took, busy, median, p95, timed
from tests.bench.raw import heard, replayer

SIZE = 100_000
TYPED = ("hộ nghèo", "ho ngheo", "giao thông", "1234", "tiêm chủng", "về việc", "nước sạch 2025")
_ROUNDS = 5


def measure(plan: Plan) -> list[Figure]:
    """Measure the lists of a clerk and of a specialist."""
    store = desks.filled(plan.folder, plan.rows(SIZE))
    try:
        clerk = _Typing(store, "clerk", plan)
        staff = _Typing(store, "staff1", plan)
        return [
            *clerk.keys(View.ALL, "all documents"),
            *clerk.keys(View.OPEN, "open documents"),
            *staff.keys(View.ALL, "all documents of a specialist"),
            *clerk.views("clerk"),
            *staff.views("specialist"),
            *clerk.counts(),
        ]
    finally:
        store.close()


class _Typing:
    """One reader at a list."""

    def __init__(self, store: desks.DeskStore, login: str, plan: Plan) -> None:
        self._store = store
        self._actor = corpus.actor(login)
        self._rounds = plan.times(_ROUNDS)
        self._size = f"{plan.rows(SIZE):,} documents"

    def _page(self, ask: Ask) -> None:
        with self._store.reader() as connection:
            lists.page(connection, self._actor, ask)

    def _pair(self, ask: Ask) -> tuple[list[Took], list[Took]]:
        """Return the milliseconds of the product and of the driver alone, in turns."""
        with heard(self._store._reader) as statements:
            self._page(ask)
        ours: list[Took] = []
        bare: list[Took] = []
        with replayer(self._store) as replay:
            replay(statements)
            for _ in range(self._rounds):
                ours += timed(lambda: self._page(ask))
                bare += timed(lambda: replay(statements))
        return ours, bare

    def keys(self, view: View, what: str) -> list[Figure]:
        """Measure every key of what people type."""
        base = Ask(Direction.INCOMING, view, today=corpus.TODAY)
        asks = [
            replace(base, text=text[:length])
            for text in TYPED
            for length in range(1, len(text) + 1)
        ]
        ours: list[Took] = []
        bare: list[Took] = []
        for ask in asks:
            own, raw = self._pair(ask)
            ours += own
            bare += raw
        beside = f"raw SQLite p95 {p95(bare):.1f} ms, {len(asks)} keys, {self._size}"
        return [
            Figure(f"quick filter per key, {what}, p95", p95(ours), "ms", 30, beside),
            Figure(
                f"quick filter per key, {what}, processor, p95", p95(busy(ours)), "ms", 30,
                f"raw SQLite {p95(busy(bare)):.1f} ms",
            ),
            Figure(
                f"quick filter per key, {what}, against raw SQLite", _ratio(ours, bare), "×", 1.5,
                f"medians {median(busy(ours)):.1f} and {median(busy(bare)):.1f} ms",
            ),
        ]  # fmt: skip

    def views(self, who: str) -> list[Figure]:
        """Measure opening each view without words."""
        ours: list[Took] = []
        for view in View:
            for direction in Direction:
                ask = Ask(direction, view, today=corpus.TODAY)
                ours += timed(lambda ask=ask: self._page(ask), self._rounds)  # type: ignore[misc]
        for chip in Chip:
            ask = Ask(Direction.INCOMING, View.OPEN, (chip,), today=corpus.TODAY)
            ours += timed(lambda ask=ask: self._page(ask), self._rounds)  # type: ignore[misc]
        return [
            Figure(f"open a view or press a chip, {who}, p95", p95(ours), "ms", 30, self._size),
            Figure(
                f"open a view or press a chip, {who}, processor, p95", p95(busy(ours)), "ms", 30
            ),
        ]

    def counts(self) -> list[Figure]:
        """Measure the counters on the chips and beside the views."""

        def count() -> None:
            with self._store.reader() as connection:
                incoming, today = Direction.INCOMING, corpus.TODAY
                queries.chip_counts(connection, self._actor, incoming, today)
                queries.view_counts(connection, self._actor, incoming)

        took = timed(count, self._rounds * 4)
        return [
            Figure("counters of chips and views, p95", p95(took), "ms", None, self._size),
            Figure("counters of chips and views, processor, p95", p95(busy(took)), "ms"),
        ]


def _ratio(ours: list[Took], bare: list[Took]) -> float:
    """Return the middle of the ratios of runs that stood side by side, of the processor."""
    return median(a.cpu / b.cpu for a, b in zip(ours, bare, strict=True))
