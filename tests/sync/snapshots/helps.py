"""What the tests of snapshots share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from app.store import digests, meta
from sync.client.service import SyncService
from sync.client.transport import HttpTransport
from sync.server import snapshots
from sync.server.http import Server
from tests.sync.real import RealDesk

X = ("agency:x",)
COUNT = 700
_TABLES = ("entity", "event", "entity_bucket", "file_ref", "digest", "scope", "shadow")


def build(made: Server) -> list[snapshots.Built]:
    return list(made.snapshots.build(least=100, level=3))


def serviced(desk: RealDesk) -> SyncService:
    return SyncService(desk.store, desk.transport, desk.clock)


def held(desk: RealDesk) -> dict[str, list[Any]]:
    with desk.store.reader() as connection:
        found: dict[str, list[Any]] = {
            table: sorted(map(tuple, connection.exec_driver_sql(f"SELECT * FROM {table}")))
            for table in _TABLES
        }
        # Of what was here and is no more, a count of nought stays.
        found["digest"] = [row for row in found["digest"] if row[2]]
        found["meta"] = [
            meta.read(connection, name) for name in (meta.CURSOR, meta.LAG, meta.COMPARED)
        ]
    return found


def sound(desk: RealDesk) -> bool:
    with desk.store.reader() as connection:
        return digests.sound(connection)


def streamed(opened: Callable[..., RealDesk]) -> RealDesk:
    desk = opened()
    desk.engine.round()
    return desk


class Watched(HttpTransport):
    """The transport, with what it was asked for; `cut` breaks off after so many bytes."""

    def __init__(self, desk: RealDesk, base: str) -> None:
        super().__init__(desk.session, base, desk.keys)
        self.device = lambda: desk.store.device
        self.paths: list[str] = []
        self.rows = 0

    def exchange(self, request: Any) -> Iterator[Any]:
        for frame in super().exchange(request):
            self.rows += frame.NAME == "row"
            yield frame

    def stream(self, method: str, path: str, body: bytes, headers: Any) -> Any:
        self.paths.append(f"{method} {path} {headers.get('Range', '')}")
        return super().stream(method, path, body, headers)


def files_of(desk: RealDesk, entity: str) -> int:
    with desk.store.reader() as connection:
        query = "SELECT count(*) FROM file_ref WHERE id = ?"
        return int(connection.exec_driver_sql(query, (entity,)).scalar() or 0)


def spoil(path: Path, at: int = 1000) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
