"""Search over a million documents: a hundred fixed queries, ten of which match over half."""

from __future__ import annotations

from sqlalchemy import text

from app.documents import queries
from app.store.desk import DeskStore
from tests.bench import corpus, desks, words
from tests.bench.__main__ import Plan
from tests.bench.figures import Figure, Took, busy, median, p95, timed
from tests.bench.raw import heard, replayer

SIZE = 1_000_000
HITS = 50
_ROUNDS = 3


def measure(plan: Plan) -> list[Figure]:
    """Measure the first fifty hits of every query."""
    size = plan.rows(SIZE)
    store = desks.indexed(plan.folder, size)
    try:
        return _measure(store, size, plan.times(_ROUNDS))
    finally:
        store.close()


def _measure(store: DeskStore, size: int, rounds: int) -> list[Figure]:
    asked = words.queries()
    took = {query: timed(lambda q=query: _search(store, q), rounds) for query in asked}
    common = [ms for query in words.COMMON for ms in took[query]]
    others = [ms for query, times in took.items() if query not in words.COMMON for ms in times]
    every = [*common, *others]
    worst = max(took, key=lambda query: p95(took[query]))
    bare = _bare(store, asked)
    beside = f"raw SQLite p95 {p95(bare):.1f} ms, {size:,} documents, {len(asked)} queries"
    return [
        Figure("first 50 hits, p95", p95(every), "ms", 150, beside),
        Figure("first 50 hits, processor, p95", p95(busy(every)), "ms", 150,
               f"raw SQLite {p95(busy(bare)):.1f} ms"),
        Figure("first 50 hits, median", median(every), "ms", None, f"{size:,} documents"),
        Figure("ten queries that match over half, p95", p95(common), "ms", 150),
        Figure("ninety other queries, p95", p95(others), "ms", 150),
        Figure("slowest query", p95(took[worst]), "ms", None, f"“{worst}”"),
        Figure("queries that match over half of all", _wide(store, size), "of 10", 10, least=True),
    ]  # fmt: skip


def _search(store: DeskStore, query: str) -> None:
    with store.reader() as connection:
        queries.search(connection, corpus.actor("clerk"), query, HITS)


def _bare(store: DeskStore, asked: tuple[str, ...]) -> list[Took]:
    took: list[Took] = []
    with replayer(store) as replay:
        for query in asked:
            with heard(store._reader) as statements:
                _search(store, query)
            took += timed(lambda found=statements: replay(found))  # type: ignore[misc]
    return took


def _wide(store: DeskStore, size: int) -> float:
    """Count the common queries that do match over half of all rows."""
    wide = 0
    for query in words.COMMON:
        with heard(store._reader) as statements:
            _search(store, query)
        match = next(p for s, p in reversed(statements) if "MATCH" in s and "search" in s)
        count = text("SELECT count(*) FROM document_search WHERE document_search MATCH :words")
        with store.reader() as connection:
            found = connection.execute(count, {"words": match[0]}).scalar_one()
        wide += found > size / 2
    return float(wide)
