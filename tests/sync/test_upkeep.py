"""Yesterday's backup put back, schemas moved under writers, books listed: on both databases."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import make_url, text

from app.features import registry as features
from app.identity import audit
from app.identity.commands import PutUnit
from app.kernel.clock import FixedClock, SystemClock
from app.kernel.errors import Conflict, NotPermitted
from app.registers.commands import OpenRegister, ReserveBlock, SetMode
from app.registers.model import RegisterMode
from sync.client.service import SyncService
from sync.server import migrations, tables, trail
from sync.server.__main__ import main
from sync.server.accounts import Accounts
from sync.server.backup import MANIFEST
from sync.server.check import check
from sync.server.directory import People
from sync.server.files import Files
from sync.server.http import Server
from sync.server.service import Service
from sync.server.store import Store
from tests.doubles.toy import AddNote, CountUp, HoldBuckets, ToyPeople, registry
from tests.doubles.web import serve
from tests.sync.desk import Desk
from tests.sync.real import RealDesk

PASSWORD = "mật khẩu mẫu"
X = ("agency:x",)
Run = Callable[..., tuple[int, list[dict[str, Any]]]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> tuple[int, list[dict[str, Any]]]:
        capsys.readouterr()
        code = main([*map(str, arguments), "--json"])
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return call


@pytest.fixture
def empty(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> Callable[[], str]:
    """Make another empty database of the same kind."""
    if url.startswith("sqlite"):
        return lambda: f"sqlite:///{tmp_path / 'second.db'}"
    return lambda: request.getfixturevalue("postgres").database()


@contextmanager
def serving(url: str, files: Path) -> Iterator[tuple[Service, str]]:
    """Serve a database; the people are those it knows."""
    store = Store(url, SystemClock())
    service = Service(store, registry(), ToyPeople(), SystemClock())
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    accounts = Accounts(store, SystemClock(), hasher)
    if not service.pull.scope_of("an", SystemClock().now()):
        service.run_as_system(HoldBuckets("an", X), HoldBuckets("binh", X))
        accounts.put("an", "an", PASSWORD)
        accounts.put("binh", "binh", PASSWORD)
    made = Server(service, accounts, Files(files, store), SystemClock())
    with serve(made.app()) as running:
        yield service, running.url
    store.close()


def sync(*desks: RealDesk) -> None:
    """Exchange until each has what the others sent, files too."""
    for _ in range(2):
        for desk in desks:
            SyncService(desk.store, desk.transport, desk.clock).once()


def two_desks(folder: Path, base: str) -> tuple[RealDesk, RealDesk]:
    made = (RealDesk(folder / "an", base), RealDesk(folder / "binh", base, "binh"))
    for desk in made:
        desk.transport.sign_in(desk.person, PASSWORD)
    return made


def come_back(desk: RealDesk, base: str) -> None:
    """Meet the restored server: the sign-ins of yesterday are not those of today."""
    desk.through(base)
    with pytest.raises(NotPermitted, match=r"sync\.token"):
        desk.engine.round()
    desk.transport.sign_in(desk.person, PASSWORD)


def test_a_restored_server_is_given_back_what_came_after_its_backup(
    url: str, empty: Callable[[], str], run: Run, tmp_path: Path
) -> None:
    files, aside = tmp_path / "files", tmp_path / "aside"
    with serving(url, files) as (_, base):
        an, binh = two_desks(tmp_path, base)
        early = an.store.vault.put(b"tep som").sha256
        an.act(AddNote("early", "sớm", X, files=(early,)), CountUp("early"))
        sync(an, binh)
        code, [made] = run("backup", "--database", url, "--files", files, "--to", aside)
        assert (code, made["files"]) == (0, 1)
        late = an.store.vault.put(b"tep muon").sha256
        an.act(AddNote("late", "muộn", X, files=(late,)), CountUp("early"))
        sync(an, binh)
        binh.act(CountUp("late"), CountUp("early"))
        sync(binh, an)
    fresh, again = empty(), tmp_path / "again"
    code, [back] = run("restore", "--database", fresh, "--files", again, "--from", made["folder"])
    assert code == 0
    assert back["history"] != made["history"]
    with serving(fresh, again) as (service, base):
        stored = Files(again, service.store)
        assert (stored.plan(early) is not None, stored.plan(late)) == (True, None)
        # It has gone on meanwhile, beyond the place where the desks stood.
        service.run_as_system(*(HoldBuckets(f"p{i}", X) for i in range(60)))
        for desk in (an, binh):
            come_back(desk, base)
        sync(an, binh)
        for desk in (an, binh):
            assert desk.replica.items() == []
            counts = {name: note.count for name, note in desk.store.entities("note")}
            assert counts == {"early": 3, "late": 1}
        assert stored.plan(late) is not None
        assert check(service.store, registry(), stored) == []
        with service.store.read() as connection:
            said = [e.detail for e in audit.entries(connection, chain=trail.SYSTEM)]
        assert said == ["", "backup", "restored", ""]
    an.close()
    binh.close()


def test_a_second_backup_copies_only_what_is_new(url: str, run: Run, tmp_path: Path) -> None:
    files, aside = tmp_path / "files", tmp_path / "aside"
    store = Store(url, FixedClock(SystemClock().now()))
    stored = Files(files, store)
    first = stored.put(b"mot")
    run("backup", "--database", url, "--files", files, "--to", aside)
    kept = aside / "files" / first[:2] / first
    before = kept.stat().st_mtime_ns
    shutil.rmtree(next(p.parent for p in aside.glob(f"*/{MANIFEST}")))
    stored.put(b"hai")
    code, [made] = run("backup", "--database", url, "--files", files, "--to", aside)
    assert (code, made["files"], kept.stat().st_mtime_ns) == (0, 2, before)
    store.close()


def test_what_cannot_be_put_back_is_refused(
    url: str, empty: Callable[[], str], run: Run, tmp_path: Path
) -> None:
    files, aside, again = tmp_path / "files", tmp_path / "aside", tmp_path / "again"
    store = Store(url, SystemClock())
    sha256 = Files(files, store).put(b"mot")
    store.close()
    [made] = run("backup", "--database", url, "--files", files, "--to", aside)[1]
    folder = Path(made["folder"])
    other = "sqlite:///x.db" if url.startswith("postgresql") else "postgresql://x@/x"

    def refused(target: str) -> str:
        code, [row] = run("restore", "--database", target, "--files", again, "--from", folder)
        assert code == 1
        return str(row["error"]["code"])

    assert refused(url) == "backup.not_empty"
    assert refused(other) == "backup.other_database"
    (aside / "files" / sha256[:2] / sha256).write_bytes(b"sai")
    assert refused(empty()) == "backup.file"
    dump = next(p for p in folder.iterdir() if p.name != MANIFEST)
    dump.write_bytes(dump.read_bytes()[:-1] + b"x")
    (tmp_path / "second.db").unlink(missing_ok=True)
    assert refused(empty()) == "backup.damaged"
    (folder / MANIFEST).unlink()
    assert refused(empty()) == "backup.damaged"


STEPS = list(range(2, migrations.SCHEMA + 1))
_OLD = (
    "DROP TABLE session",
    "DROP TABLE heartbeat",
    "DROP TABLE derived_part",
    "DROP TABLE errand",
    "DROP TABLE errand_rate",
    "DROP TABLE device_order",
    "DROP TABLE claim",
    "DROP TABLE second_factor",
    "DROP TABLE second_challenge",
    "DROP TABLE strong_session",
    "DROP INDEX token_login",
    "DELETE FROM meta WHERE name = 'schema'",
)


def tables_of(store: Store) -> set[str]:
    from sqlalchemy import inspect

    found = inspect(store.engine)
    return {*found.get_table_names(), *(str(i["name"]) for i in found.get_indexes("token"))}


def test_a_schema_moves_on_while_desks_write(url: str, run: Run, clock: FixedClock) -> None:
    store = Store(url, clock)
    today = tables_of(store)
    with store.write() as connection:
        for statement in _OLD:
            connection.execute(text(statement))
    service = Service(store, registry(), ToyPeople(), clock)
    service.run_as_system(HoldBuckets("an", X))
    from sync.server.service import Account

    desk = Desk(service, Account("an", "an"), "pc", clock)
    done = threading.Event()
    codes: list[str] = []

    def write() -> None:
        while not done.is_set() or len(codes) < 3:
            codes.extend(r.code for r in desk.sync(AddNote(f"n{len(codes)}", "", X)))

    writer = threading.Thread(target=write)
    writer.start()
    if store.postgres:
        with pytest.raises(Conflict, match=r"server\.schema_older"):
            Store(url, clock)
    assert run("migrate", "--database", url) == (0, [{"schema": migrations.SCHEMA, "steps": STEPS}])
    done.set()
    writer.join()
    assert set(codes) == {"accepted"}
    assert tables_of(store) == today
    assert run("migrate", "--database", url) == (0, [{"schema": migrations.SCHEMA, "steps": []}])
    with store.write() as connection:
        store.set_meta(connection, "schema", "99")
    with pytest.raises(Conflict, match=r"server\.schema_newer"):
        Store(url, clock)
    store.close()


# Whoever changes a table adds a step that brings older databases there, and this line.
_SHAPES = {2: "d627d3662b1a624c", 3: "126ceaabed538d4a", 4: "ab1cc2a0811cd351"}


def test_every_shape_of_the_tables_has_its_step() -> None:
    shape = [
        f"{table.name}.{column.name} {column.type} {column.nullable} {column.primary_key}"
        for table in tables.metadata.sorted_tables
        for column in table.columns
    ]
    shape += sorted(str(i.name) for t in tables.metadata.sorted_tables for i in t.indexes)
    digest = hashlib.sha256("\n".join(sorted(shape)).encode()).hexdigest()[:16]
    assert _SHAPES.get(migrations.SCHEMA) == digest


def test_an_older_file_of_one_machine_is_brought_up_as_it_is_opened(
    tmp_path: Path, clock: FixedClock
) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    store = Store(url, clock)
    today = tables_of(store)
    with store.write() as connection:
        for statement in _OLD:
            connection.execute(text(statement))
    store.close()
    again = Store(url, clock)
    assert (tables_of(again), again.schema()) == (today, migrations.SCHEMA)
    again.close()


def test_the_books_are_listed(url: str, run: Run, clock: FixedClock) -> None:
    store = Store(url, clock)
    service = Service(store, features(), People(), clock)
    since = date(2025, 7, 1)
    service.run_as_system(
        PutUnit("xa", "11.1", "UBND xã Mẫu", kind="agency", is_agency=True, valid_from=since),
        OpenRegister("xa:2026:incoming", "Sổ đến", RegisterMode.SERVER),
    )
    store.close()
    code, [row] = run("registers", "--database", url)
    assert code == 0
    assert (row["register"], row["agency"], row["year"], row["next"]) == (
        "xa:2026:incoming",
        "xa",
        2026,
        1,
    )
    assert (row["name"], row["holder"], row["epoch"]) == ("Sổ đến", "", 0)
    assert row["blocks"] == []


def test_the_blocks_of_a_book_are_listed(url: str, run: Run, clock: FixedClock) -> None:
    store = Store(url, clock)
    book = "xa:2026:incoming"
    Service(store, features(), People(), clock).run_as_system(
        OpenRegister(book, "Sổ đến", RegisterMode.SERVER),
        SetMode(book, RegisterMode.BLOCK, "Quy chế văn thư"),
        ReserveBlock(book, 4, date(2026, 3, 9)),
    )
    store.close()
    _, [row] = run("registers", "--database", url)
    assert (row["mode"], row["next"]) == ("block", 5)
    assert [(b["free"], b["until"]) for b in row["blocks"]] == [(4, "2026-03-09")]


def test_passwords_of_the_database_reach_no_command_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from sync.server import backup

    seen: list[tuple[list[str], dict[str, str]]] = []

    def note(command: list[str], **options: Any) -> Any:
        seen.append((command, options["env"]))
        return type("Done", (), {"returncode": 0})

    monkeypatch.setattr(backup.subprocess, "run", note)
    backup._run(make_url("postgresql+psycopg://hb:b%C3%AD-m@h/n"), "pg_dump")
    [(command, environment)] = seen
    assert command[-1] == "postgresql://hb@h/n"
    assert environment["PGPASSWORD"] == "bí-m"
