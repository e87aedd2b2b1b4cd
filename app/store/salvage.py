"""What can still be read of a damaged database: rows before the first bad page, and after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from app.store import engine

# table to its key, by which it is read from both ends
_TABLES = {
    "outbox": ("place",),
    "touch": ("command", "kind", "id"),
    "meta": ("key",),
    "file": ("sha256",),
    "completion": ("kind", "id", "sha256"),
    "journal": ("command",),
    "audit": ("chain", "seq"),
    "file_check": ("rowid",),
    "file_text": ("kind", "id", "sha256"),
    "entity": ("rowid",),
    "event": ("rowid",),
    "shadow": ("kind", "id"),
    "scope": ("bucket",),
    "digest": ("bucket", "kind"),
}
Row = dict[str, Any]


class Wreck:
    """A damaged database, as far as it can be read; it may be nothing at all."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = key

    def rows(self, table: str) -> Iterator[Row]:
        """Yield the rows from both ends up to what is broken; each once."""
        if not self._path.is_file() or not self._path.stat().st_size:
            return
        keys = _TABLES[table]
        seen: set[tuple[Any, ...]] = set()
        for way in ("ASC", "DESC"):
            for own, row in self._walk(table, keys, way):
                if own in seen:
                    # The other end has come so far: the whole table is read.
                    return
                seen.add(own)
                yield row

    def _walk(
        self, table: str, keys: tuple[str, ...], way: str
    ) -> Iterator[tuple[tuple[Any, ...], Row]]:
        """Yield keys and rows one way, up to a bad page."""
        order = ", ".join(f"{name} {way}" for name in keys)
        # A connection that has met a bad page reads nothing more (SQLCipher): each walk has its own.
        with suppress(dbapi2.Error), closing(self._open()) as raw:
            found = raw.execute(f"SELECT {', '.join(keys)}, * FROM {table} ORDER BY {order}")
            names = [column[0] for column in found.description[len(keys) :]]
            for values in found:
                yield (
                    tuple(values[: len(keys)]),
                    dict(zip(names, values[len(keys) :], strict=True)),
                )

    def _open(self) -> Any:
        return engine.connect(self._path, self._key, read_only=True)
