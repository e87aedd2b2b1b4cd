"""A part of a snapshot: a small SQLCipher database with rows packed in blocks.

Pages that are sealed do not pack any more, and a line of 1 Mbit/s carries five times as many
rows packed. So the rows lie in blocks packed by zstd within the sealed pages: a line of JSON
with the columns, then one line per row with its text, without the id that the columns tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import zstandard
from sqlcipher3 import dbapi2

from app.kernel.errors import Damaged
from app.kernel.ids import event_id
from app.store.faults import typed
from app.store.model import EVENT
from app.store.sql import dumps

FORMAT = 1
_PAGE = 16384
_MOST = 64 << 20
_TABLES = (
    "CREATE TABLE head (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE block (place INTEGER PRIMARY KEY, body BLOB NOT NULL)",
)
_MADE_BY = re.compile(r'"command":"([^"\\]+)","place":(\d{1,4}),')


class PackedRow(NamedTuple):
    """A row as the server has it: version, sorted JSON of all its buckets, JSON text."""

    id: str
    ver: int
    buckets: str
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of one kind."""

    kind: str
    rows: Sequence[PackedRow]


def pack(block: Block, level: int) -> bytes:
    """Return the bytes of a block."""
    buckets = list(dict.fromkeys(row.buckets for row in block.rows))
    number = {text: place for place, text in enumerate(buckets)}
    names: list[str] = []
    lines: list[str] = []
    for row in block.rows:
        name, line = _cut(block.kind, row)
        names.append(name)
        lines.append(line)
    head = {
        "kind": block.kind,
        "buckets": buckets,
        "lies": [number[row.buckets] for row in block.rows],
        "ver": [row.ver for row in block.rows],
        "id": names,
    }
    body = "\n".join([dumps(head), *lines]).encode()
    return zstandard.ZstdCompressor(level=level).compress(body)


def _cut(kind: str, row: PackedRow) -> tuple[str, str]:
    """Return the id, empty where it follows from the text, and the text without it."""
    start = f'{{"id":"{row.id}",'
    if not row.text.startswith(start) or "\\" in row.id:
        return row.id, row.text
    line = row.text[len(start) :]
    made = _MADE_BY.search(line) if kind == EVENT else None
    derived = made is not None and event_id(made[1], int(made[2])) == row.id
    return "" if derived else row.id, line


def unpack(body: bytes) -> Block:
    """Return the rows of a block; raises `Damaged("sync.snapshot")` for what is none."""
    try:
        if not 0 <= zstandard.get_frame_parameters(body).content_size <= _MOST:
            raise Damaged("sync.snapshot")
        first, *lines = zstandard.ZstdDecompressor().decompress(body).decode().split("\n")
        head = orjson.loads(first)
        kind, buckets = str(head["kind"]), head["buckets"]
        texts = [_whole(i, line) for i, line in zip(head["id"], lines, strict=True)]
        places = zip(texts, head["ver"], head["lies"], strict=True)
        rows = [PackedRow(name, ver, buckets[lies], text) for (name, text), ver, lies in places]
    except (zstandard.ZstdError, ValueError, KeyError, TypeError, IndexError) as error:
        raise Damaged("sync.snapshot") from error
    if not all(type(r.ver) is int and type(r.buckets) is str for r in rows):
        raise Damaged("sync.snapshot")
    return Block(kind, rows)


def _whole(name: str, line: str) -> tuple[str, str]:
    """Return id and text as they were before the id was cut out."""
    if line.startswith("{"):
        return name, line
    if not name:
        made = _MADE_BY.search(line)
        if made is None:
            raise ValueError(line)
        name = event_id(made[1], int(made[2]))
    return name, f'{{"id":"{name}",{line}'


def write(path: Path, key: bytes, head: Mapping[str, str], blocks: Iterable[bytes]) -> None:
    """Write a part: a new file under its key."""
    with typed():
        raw = _connect(path, key, writing=True)
        try:
            for statement in ("BEGIN", *_TABLES):
                raw.execute(statement)
            raw.executemany("INSERT INTO head VALUES (?, ?)", list(head.items()))
            raw.executemany("INSERT INTO block VALUES (?, ?)", list(enumerate(blocks)))
            raw.execute("COMMIT")
        finally:
            raw.close()


class Part:
    """A part that came, open for reading."""

    def __init__(self, raw: Any, head: Mapping[str, str], blocks: int) -> None:
        self._raw = raw
        self.head = head
        self.blocks = blocks

    def read(self, place: int) -> Block:
        """Return a block; raises `Damaged("sync.snapshot")`."""
        with _readable():
            found = self._raw.execute("SELECT body FROM block WHERE place = ?", (place,)).fetchone()
        if found is None or type(found[0]) is not bytes:
            raise Damaged("sync.snapshot")
        return unpack(found[0])


@contextmanager
def opened(path: Path, key: bytes) -> Iterator[Part]:
    """Open a part with its key; raises `Damaged("sync.snapshot")` where it is none."""
    with _readable():
        raw = _connect(path, key, writing=False)
    try:
        with _readable():
            head = dict(raw.execute("SELECT name, value FROM head").fetchall())
            count = int(raw.execute("SELECT count(*) FROM block").fetchone()[0])
        yield Part(raw, head, count)
    finally:
        raw.close()


@contextmanager
def _readable() -> Iterator[None]:
    """Take whatever such a file makes the driver say for damage of the file, not of the desk."""
    try:
        yield
    except dbapi2.Error as error:
        raise Damaged("sync.snapshot") from error


def _connect(path: Path, key: bytes, *, writing: bool) -> Any:
    raw = dbapi2.connect(
        path.absolute().as_uri() + ("" if writing else "?mode=ro&immutable=1"),
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )
    pragmas = [
        f"PRAGMA key = \"x'{key.hex()}'\"",
        f"PRAGMA cipher_page_size = {_PAGE}",
        "PRAGMA cipher_log_level = NONE",
        "PRAGMA trusted_schema = OFF",
    ]
    # It is begun anew after a crash, and moved to its name when it is whole.
    pragmas += ["PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF"] if writing else []
    try:
        for pragma in pragmas:
            raw.execute(pragma).fetchall()
    except dbapi2.Error:
        raw.close()
        raise
    return raw
