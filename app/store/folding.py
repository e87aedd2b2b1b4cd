"""Rows that the server did not send: what is held here, and the events since, by the same rules.

The sum of the row's text proves that both sides came to the same. Where it does not come out,
or something is missing, the page is not kept and whole rows are asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from app.kernel.codec import from_json, to_json
from app.kernel.errors import Damaged, HoaBanError
from app.kernel.event import Event
from app.kernel.feature import Registry
from app.store.model import EVENT, Fold, Row
from app.store.sql import Key, dumps, text_sum

CODE = "store.fold"
_BASE = (
    "SELECT coalesce(s.ver, e.ver), CASE WHEN s.id IS NULL THEN e.data ELSE s.data END"
    " FROM entity e LEFT JOIN shadow s ON s.kind = e.kind AND s.id = e.id"
    " WHERE e.kind = ? AND e.id = ?"
)


def folded(
    connection: Connection, registry: Registry, folds: Sequence[Fold], rows: Sequence[Row]
) -> list[Row]:
    """Return the rows that the folds stand for; raises `Damaged("store.fold")`."""
    if not folds:
        return []
    news: dict[Key, dict[int, Mapping[str, Any]]] = {}
    for row in rows:
        if row.kind == EVENT:
            named = (str(row.data.get("kind")), str(row.data.get("entity")))
            news.setdefault(named, {})[row.ver] = row.data
    return [
        made
        for fold in folds
        if (made := _one(connection, registry, fold, news.get((fold.kind, fold.id), {})))
    ]


def _one(
    connection: Connection, registry: Registry, fold: Fold, news: Mapping[int, Mapping[str, Any]]
) -> Row | None:
    base = connection.exec_driver_sql(_BASE, (fold.kind, fold.id)).first()
    if base is None or base[1] is None or fold.kind not in registry.kinds:
        raise Damaged("store.fold")
    ver, text = base
    if ver > fold.ver:
        return None
    kind = registry.kinds[fold.kind]
    try:
        value: Any = from_json(kind.model, json.loads(text))
        for step in range(ver + 1, fold.ver + 1):
            value = kind.apply(value, from_json(Event, news[step]))
        data = to_json(value)
    except (HoaBanError, LookupError, TypeError, ValueError) as error:
        # Whatever is wrong with what is held here, the whole row puts it right.
        raise Damaged("store.fold") from error
    if text_sum(dumps(data)) != fold.sum:
        raise Damaged("store.fold")
    return Row(fold.kind, fold.id, fold.ver, fold.buckets, data)
