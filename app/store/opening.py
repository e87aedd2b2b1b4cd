"""Bring a database to today's form: checked, backed up, migrated, its projections in step."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from app.kernel.clock import Clock
from app.kernel.codec import from_json
from app.kernel.errors import Conflict, Damaged
from app.kernel.event import Event
from app.kernel.feature import Projection, Registry
from app.kernel.ids import new_id
from app.store import engine, meta
from app.store.faults import typed
from app.store.logbook_file import LOGBOOK
from app.store.migrations import MIGRATIONS, Migration
from app.store.model import EVENT
from app.store.projected import project
from app.store.rebase import decoded

DATABASE = "desk.db"
BACKUPS = "backups"
_BATCH = 2000
_KEPT_BACKUPS = 3
# Up to here reading all of a file at every start costs less than a tenth of a second.
_SMALL = 16 << 20


def refuse_damaged(folder: Path, key: bytes, *, thoroughly: bool = False) -> None:
    """Raise `Damaged("store.damaged")` for a broken or lost file, which stays as it is.

    The key is known to be right (its check value is in the profile), so a file that does not
    open is broken; one that is not there was lost, if there is a second journal of it. A large
    file is read whole only if something seemed wrong before: every page carries its own seal,
    which is checked whenever it is read, and `DeskStore.verify` reads them all while the desk
    is in use.
    """
    path = folder / DATABASE
    if not path.exists() or not path.stat().st_size:
        if (folder / LOGBOOK).exists():
            raise Damaged("store.damaged")
        return
    suspect = _suspect(path)
    if thoroughly or suspect.exists() or path.stat().st_size <= _SMALL:
        engine.check(path, key)
    else:
        engine.glance(path, key)
    forget_suspicion(path)


def forget_suspicion(path: Path) -> None:
    """Believe a file that was read whole, or is new."""
    with typed():
        _suspect(path).unlink(missing_ok=True)


def note_suspicion(path: Path) -> None:
    """Have the next start read every page."""
    with typed():
        _suspect(path).touch()


def _suspect(path: Path) -> Path:
    return path.with_name(f"{path.name}.suspect")


def set_aside(path: Path, at: datetime) -> Path:
    """Give a damaged file another name, untouched; answer the name."""
    stamp = at.strftime("%Y%m%dT%H%M%S")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    with typed():
        # The log and its index belong to the file: together they may still be repaired.
        for suffix in ("-wal", "-shm", ""):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
    return aside


def damaged_files(folder: Path) -> list[Path]:
    """Return the databases that repairs have moved aside, the oldest first."""
    found = folder.glob(f"{DATABASE}.damaged-*")
    return sorted(path for path in found if not path.name.endswith(("-wal", "-shm")))


def migrate(
    writer: Engine,
    folder: Path,
    key: bytes,
    clock: Clock,
    steps: Iterable[Migration] = MIGRATIONS,
) -> None:
    """Run the steps not yet run, each in one transaction after a verified backup copy.

    Raises `Conflict("store.newer")` for a database that a newer program has written.
    """
    ordered = sorted(steps, key=lambda step: step.number)
    with typed(), writer.begin() as connection:
        current = _schema(connection)
    if current > max((step.number for step in ordered), default=0):
        raise Conflict("store.newer")
    for step in ordered:
        if step.number <= current:
            continue
        if current:
            backup(folder, key, f"before-{step.number:04d}", clock)
        with typed(), writer.begin() as connection:
            step.run(connection)
            meta.write(connection, meta.SCHEMA, str(step.number))
            meta.write(connection, f"migration:{step.number}", f"{step.name} {clock.now()}")


def _schema(connection: Connection) -> int:
    made = connection.exec_driver_sql(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'"
    ).first()
    return int(meta.read(connection, meta.SCHEMA, "0")) if made else 0


def backup(folder: Path, key: bytes, name: str, clock: Clock) -> Path:
    """Copy the database under the same key, check the copy, and keep the newest few.

    Raises `Damaged("store.backup_failed")` when the copy differs.
    """
    (folder / BACKUPS).mkdir(exist_ok=True)
    stamp = clock.now().strftime("%Y%m%dT%H%M%S")
    target = folder / BACKUPS / f"{stamp}-{name}.db"
    with typed():
        target.unlink(missing_ok=True)
        source = engine.connect(folder / DATABASE, key, read_only=True)
        copy = engine.connect(target, key)
        try:
            source.backup(copy)
            same = _counts(source) == _counts(copy)
            copy.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            source.close()
            copy.close()
    if not same:
        raise Damaged("store.backup_failed")
    engine.check(target, key)
    with typed():
        for old in sorted((folder / BACKUPS).glob("*.db"))[:-_KEPT_BACKUPS]:
            old.unlink()
    return target


def _counts(raw: Any) -> dict[str, int]:
    names = raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return {
        name: raw.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
        for (name,) in names
        if not name.startswith("sqlite_")
    }


def settle_device(connection: Connection, clock: Clock) -> None:
    """Give a new database the name of its device."""
    if not meta.read(connection, meta.DEVICE):
        meta.write(connection, meta.DEVICE, new_id(clock.now()))


def settle_projections(connection: Connection, registry: Registry) -> None:
    """Create projections that are new, and fill them from the entities held.

    A projection whose `version` attribute rose is dropped by its `drop(connection)` first.
    """
    for kind, projections in registry.projections.items():
        for projection in projections:
            _settle(connection, registry, kind, projection)


def _settle(connection: Connection, registry: Registry, kind: str, projection: Projection) -> None:
    name = f"{kind}:{_name(projection)}"
    version = int(getattr(projection, "version", 1))
    held = connection.exec_driver_sql(
        "SELECT version FROM projection WHERE name = ?", (name,)
    ).scalar()
    if held == version:
        return
    drop = getattr(projection, "drop", None)
    if held is not None and drop is not None:
        drop(connection)
    projection.create(connection)
    alone = _Only(registry, kind, projection)
    for rows in _held(connection, registry, kind):
        project(connection, alone, rows)
    connection.exec_driver_sql("INSERT OR REPLACE INTO projection VALUES (?, ?)", (name, version))


def _name(projection: Projection) -> str:
    """Return what tells two projections of one kind apart across runs."""
    own = getattr(projection, "name", "")
    table = getattr(projection, "_table", None)
    return str(own or getattr(table, "name", "") or type(projection).__qualname__)


class _Only(Registry):
    """The registry as one projection sees it."""

    def __init__(self, registry: Registry, kind: str, projection: Projection) -> None:
        super().__init__(registry.features)
        self.projections = {kind: (projection,)}


def _held(
    connection: Connection, registry: Registry, kind: str
) -> Iterable[list[tuple[tuple[str, str], Any]]]:
    """Yield batches of ((kind, id), value) of what the database holds of a kind."""
    last = ""
    while True:
        found = connection.exec_driver_sql(
            "SELECT id, data FROM event WHERE id > ? ORDER BY id LIMIT ?"
            if kind == EVENT
            else "SELECT id, data FROM entity WHERE id > ? AND kind = ? ORDER BY id LIMIT ?",
            (last, _BATCH) if kind == EVENT else (last, kind, _BATCH),
        ).all()
        if not found:
            return
        values = (((kind, i), _value(registry, kind, json.loads(data))) for i, data in found)
        yield [(key, value) for key, value in values if value is not None]
        last = found[-1][0]


def _value(registry: Registry, kind: str, data: dict[str, Any]) -> Any:
    return from_json(Event, data) if kind == EVENT else decoded(registry, kind, data)
