"""Backups: the database as of one moment, then the files that it names, each copied once.

    DIR/files/ab/abcd…           files of all backups together, by their hash
    DIR/2026-03-02T05-00-00/     one backup: database.dump (PostgreSQL) or database.sqlite,
                                 and backup.json, written last: without it there is no backup

Files are never changed and their rows come after them, so copying them after the database
finds every one that the database names.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, create_engine, delete, select

from app.kernel.clock import Clock
from app.kernel.errors import Conflict, Damaged, Unavailable
from app.kernel.ids import new_id
from sync.server import migrations, tables, trail
from sync.server.files import Files
from sync.server.store import Store

MANIFEST = "backup.json"
_DUMPS = {True: "database.dump", False: "database.sqlite"}
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Backup:
    """What was put aside, or put back."""

    folder: str
    history: str
    head: int
    files: int


def back_up(store: Store, files: Files, target: Path, clock: Clock) -> Backup:
    """Put database and files aside while the server goes on serving.

    Raises `Unavailable("backup.no_tool" | "backup.failed")`, `Damaged("backup.file")`.
    """
    now = clock.now()
    folder = target / now.strftime("%Y-%m-%dT%H-%M-%S")
    folder.mkdir(parents=True, mode=0o700)
    dump = folder / _DUMPS[store.postgres]
    store.retrying(lambda c: trail.maintained(c, clock.now(), "backup"))
    with store.read() as connection:
        head, known = store.head(connection), store.metas(connection)
    if store.postgres:
        _run(store.engine.url, "pg_dump", "--format=custom", f"--file={dump}")
    else:
        _copy_sqlite(Path(str(store.engine.url.database)), dump)
    count = 0
    with store.read() as connection:
        named = connection.scalars(select(tables.file.c.sha256)).all()
    for sha256 in named:
        _copy(files.path(sha256), target / "files" / sha256[:2] / sha256, sha256)
        count += 1
    manifest = {
        "at": now.isoformat(),
        "postgres": store.postgres,
        "schema": migrations.SCHEMA,
        "history": known["history"],
        "head": head,
        "files": count,
        "sha256": _hash(dump),
    }
    _write(folder / MANIFEST, json.dumps(manifest, indent=1))
    return Backup(str(folder), known["history"], head, count)


def put_back(url: URL, folder: Path, files: Path, clock: Clock) -> Backup:
    """Put a backup into an empty database and its files beside it, and begin a new history.

    The new history makes desks offer what the backup lacks. Every sign-in ends: those that a
    backup knows are old ones. Raises `Conflict("backup.not_empty" | "backup.other_database")`,
    `Damaged("backup.damaged" | "backup.file")`, and as `back_up`.
    """
    manifest = _manifest(folder)
    postgres = url.get_backend_name() == "postgresql"
    if manifest["postgres"] is not postgres:
        raise Conflict("backup.other_database")
    dump = folder / _DUMPS[postgres]
    if not dump.is_file() or _hash(dump) != manifest["sha256"]:
        raise Damaged("backup.damaged")
    if postgres:
        _refuse_full(url)
        _run(url, "pg_restore", "--exit-on-error", "--no-owner", str(dump), into=True)
    else:
        place = Path(str(url.database))
        if place.exists():
            raise Conflict("backup.not_empty")
        shutil.copyfile(dump, place)
    store = Store(url.render_as_string(hide_password=False), clock, migrating=True)
    try:
        return _settled(store, folder, Files(files, store), clock)
    finally:
        store.close()


def _settled(store: Store, folder: Path, files: Files, clock: Clock) -> Backup:
    store.migrate()
    with store.read() as connection:
        named = connection.scalars(select(tables.file.c.sha256)).all()
    for sha256 in named:
        _copy(folder.parent / "files" / sha256[:2] / sha256, files.path(sha256), sha256)
    history = new_id(clock.now())

    def work(connection: Any) -> None:
        store.set_meta(connection, "history", history)
        connection.execute(delete(tables.token))
        trail.maintained(connection, clock.now(), "restored")

    store.retrying(work)
    with store.read() as connection:
        return Backup(str(folder), history, store.head(connection), len(named))


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        value = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Damaged("backup.damaged") from error
    if not isinstance(value, dict) or not {"postgres", "sha256"} <= value.keys():
        raise Damaged("backup.damaged")
    return value


def _refuse_full(url: URL) -> None:
    engine = create_engine(url.set(drivername="postgresql+psycopg"))
    try:
        with engine.connect() as connection:
            if not migrations.is_empty(connection):
                raise Conflict("backup.not_empty")
    finally:
        engine.dispose()


def _run(url: URL, program: str, *arguments: str, into: bool = False) -> None:
    """Run one of PostgreSQL's programs; the password goes by the environment, unseen."""
    plain = URL.create(
        "postgresql", url.username, None, url.host, url.port, url.database, url.query
    )
    bare = plain.render_as_string()
    named = [f"--dbname={bare}"] if into else [bare]
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    done = subprocess.run(
        [_tool(program), "--no-password", *arguments, *named],
        env=environment,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise Unavailable("backup.failed", program=program, exit=done.returncode)


def _tool(program: str) -> str:
    """Return the newest of PostgreSQL's programs: an older one does not read a newer server."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda p: int(p.parts[-3])
    )
    path = str(found[-1]) if found else shutil.which(program)
    if path is None:
        raise Unavailable("backup.no_tool", program=program)
    return path


def _copy_sqlite(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _copy(source: Path, target: Path, sha256: str) -> None:
    """Copy a file unless it is there, hashing what is written."""
    if target.is_file() and target.stat().st_size == source.stat().st_size:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(".new")
    digest = hashlib.sha256()
    with fresh.open("wb") as out:
        for piece in _pieces(source):
            digest.update(piece)
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    if digest.hexdigest() != sha256:
        fresh.unlink()
        raise Damaged("backup.file")
    fresh.replace(target)


def _pieces(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as source:
            while piece := source.read(_CHUNK):
                yield piece
    except FileNotFoundError as error:
        raise Damaged("backup.file") from error


def _hash(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
