"""The real server as a process of its own, its database filled by its own unit of work."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from app.features import registry
from app.identity.model import Unit
from app.kernel.bus import fold_in
from app.kernel.clock import FixedClock
from app.kernel.event import Event
from app.kernel.ids import derived_id, event_id
from sync.server.accounts import Accounts
from sync.server.seed import build
from sync.server.service import Service
from sync.server.store import Store
from sync.server.unit import Unit as Work
from tests.bench import corpus
from tests.bench.corpus import NOW
from tests.bench.desks import batches

PASSWORD = "mat-khau-mau"
_BATCH = 2000
ROOT = Path(__file__).resolve().parents[2]


def fill(url: str, count: int, logins: Sequence[str] = ("clerk",), officials: int = 0) -> None:
    """Write the office with its accounts, so many officials of other offices, and documents.

    Each document comes with its event.
    """
    clock = FixedClock(NOW)
    store = Store(url, clock, fast=True)
    try:
        offered = [(k, i, v) for k, i, v in corpus.office(device="")]
        for part in batches([*offered, *corpus.province(officials)], _BATCH):
            _write(store, part)
        accounts = Accounts(store, clock)
        for login in logins:
            accounts.put(login, login, PASSWORD)
        found = (("document", d.id, d) for d in corpus.documents(count))
        for part in batches(found, _BATCH):
            _write(store, part)
    finally:
        store.close()


def _write(store: Store, entities: list[corpus.Entity]) -> None:
    with store.write() as connection:
        unit = Work(store, connection, registry())
        unit.prefetch((kind, name) for kind, name, _ in entities)
        for kind, name, value in entities:
            unit.put(kind, name, value)
            if kind == "document":
                unit.record(_event(name))
        unit.keep()
        unit.flush()


def _event(name: str) -> Event:
    command = derived_id("command", name)
    data = {"channel": "system", "agency": corpus.AGENCY}
    return Event(
        derived_id("event", command, "0"), "document", name, "document.received", data, command,
        0, "clerk", "post-clerk", NOW, corpus.DEVICE, server_at=NOW,
    )  # fmt: skip


def touch(service: Service, count: int, turn: int = 0) -> None:
    """Report progress on so many documents, every third, as an act of each would."""
    store = service.store
    with store.write() as connection:
        unit = Work(store, connection, registry())
        done = n = 0
        while done < count:
            found = unit.get("document", derived_id("bench", str(n)))
            n += 3
            if found is None:
                raise RuntimeError("there are fewer documents than changes")
            if found.items:
                fold_in(registry(), unit, _progress(found.id, found.items[0].id, turn))
                done += 1
        unit.keep()
        unit.flush()


def commit(store: Store) -> None:
    """Write one row that everybody hears of."""
    unit = Unit("mau-moi", "mau-moi", "Đơn vị mới (mẫu)", abbr="UBND", is_agency=True)
    _write(store, [("unit", unit.id, unit)])


def _progress(name: str, item: str, turn: int) -> Event:
    command = derived_id("change", name, str(turn))
    data = {"item": item, "text": "Đang tổng hợp số liệu (mẫu)"}
    return Event(
        event_id(command, 0), "document", name, "document.progressed", data, command,
        0, "staff1", "post-staff1", NOW, corpus.DEVICE, server_at=NOW,
    )  # fmt: skip


@contextmanager
def door(url: str, files: Path) -> Iterator[Service]:
    """Open the service over a database beside the running server."""
    server = build(url, files, registry(), FixedClock(NOW))
    try:
        yield server.service
    finally:
        server.service.store.close()


def started(url: str, files: Path, port: int, *options: str) -> subprocess.Popen[bytes]:
    """Run `python -m sync.server serve` at a port; it need not answer yet."""
    files.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "sync.server", "serve", "--database", url]
    return subprocess.Popen(
        [*command, "--files", str(files), "--port", str(port), *options],
        cwd=ROOT,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )


def free_port() -> int:
    """Return a port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def serving(url: str, files: Path, *options: str) -> Iterator[int]:
    """Run `python -m sync.server serve` and yield its port."""
    port = free_port()
    process = started(url, files, port, *options)
    try:
        wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return when a process answers at a port; `RuntimeError` when it ends or stays silent."""
    for _ in range(1200):
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the server did not start")
