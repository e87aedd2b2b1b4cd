"""The database under real faults: kill, copied files, flipped bits, full disk, two versions."""

from __future__ import annotations

import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.kernel.bus import Bus
from app.kernel.clock import FixedClock
from app.kernel.errors import Conflict, Damaged, Unavailable
from app.kernel.feature import Feature, Registry
from app.store import engine, opening
from app.store.desk import DeskStore
from app.store.migrations import MIGRATIONS, Migration
from app.store.model import Page, Row
from app.store.replica import Replica
from tests.app.store import toy
from tests.app.store.conftest import KEY
from tests.app.store.toy import ACTOR, Note, Write

LAST = MIGRATIONS[-1].number


def reopened(folder: Path, clock: FixedClock) -> DeskStore:
    return DeskStore.open(folder, KEY, toy.registry(), clock)


def test_pragmas(store: DeskStore) -> None:
    with store.writing() as connection:
        ask = connection.exec_driver_sql
        assert ask("PRAGMA journal_mode").scalar() == "wal"
        assert ask("PRAGMA synchronous").scalar() == 2
        assert ask("PRAGMA secure_delete").scalar() == 1
        assert ask("PRAGMA temp_store").scalar() == 2
        assert ask("PRAGMA foreign_keys").scalar() == 1
    with store.reader() as connection, pytest.raises(Exception, match="readonly"):
        connection.exec_driver_sql("DELETE FROM meta")


def test_nothing_readable_on_the_disk(store: DeskStore, bus: Bus, tmp_path: Path) -> None:
    bus.run(ACTOR, Write("n1", text="câu mẫu không ai được đọc"))
    store.vault.put("câu mẫu thứ hai".encode())
    raw = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert "câu mẫu".encode() not in raw
    assert b"SQLite format 3" not in raw


def test_reader_sees_one_state(store: DeskStore, bus: Bus) -> None:
    bus.run(ACTOR, Write("n1", text="a"))
    with store.reader() as connection:
        count = "SELECT count(*) FROM entity"
        before = connection.exec_driver_sql(count).scalar()
        bus.run(ACTOR, Write("n2", text="b"))
        assert connection.exec_driver_sql(count).scalar() == before
    assert [i for i, _ in store.entities("note")] == ["n1", "n2"]


def test_files_copied_at_any_time_open(
    store: DeskStore, bus: Bus, tmp_path: Path, clock: FixedClock
) -> None:
    for number in range(6):
        bus.run(ACTOR, Write(f"n{number}", text="a", board="k"))
        copy = tmp_path / f"copy{number}"
        copy.mkdir()
        for part in ("desk.db", "desk.db-wal"):
            shutil.copy(tmp_path / part, copy / part)
        other = reopened(copy, clock)
        assert other.get("board", "k").count == number + 1
        assert len(Replica(other).items()) == number + 1
        other.close()


CHILD = """
import sys, pathlib
from datetime import UTC, datetime
from app.kernel.clock import FixedClock
from app.kernel.bus import Bus
from app.store.desk import DeskStore
from tests.app.store import toy
clock = FixedClock(toy.AT)
store = DeskStore.open(pathlib.Path(sys.argv[1]), bytes(range(32)), toy.registry(), clock)
bus = Bus(store.registry, store.transaction, store.device, clock, store.changes)
"""


def child(folder: Path, code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD + code, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_killed_in_mid_transaction(tmp_path: Path, clock: FixedClock) -> None:
    process = child(
        tmp_path,
        "bus.run(toy.ACTOR, toy.Write('n1', text='kept'))\n"
        "with store.transaction() as work:\n"
        "    for n in range(3000):\n"
        "        work.put('note', f'x{n}', toy.Note(f'x{n}', 'y' * 900))\n"
        "    work.flush()\n"
        "    print('inside', flush=True)\n"
        "    sys.stdin.read()\n",
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "inside\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    store = reopened(tmp_path, clock)
    assert [i for i, _ in store.entities("note")] == ["n1"]
    assert [item.entity for item in Replica(store).items()] == ["n1"]
    store.close()


def test_disk_that_takes_no_more(tmp_path: Path, clock: FixedClock) -> None:
    process = child(
        tmp_path,
        "import resource\n"
        "bus.run(toy.ACTOR, toy.Write('n1', text='kept'))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))\n"
        "from app.kernel.errors import Unavailable\n"
        "try:\n"
        "    bus.run(toy.ACTOR, toy.Write('n2', text='z' * 2_000_000))\n"
        "except Unavailable as error:\n"
        "    print(error.code)\n"
        "try:\n"
        "    store.vault.put(b'z' * 2_000_000)\n"
        "except Unavailable as error:\n"
        "    print(error.code)\n"
        "print(store.get('note', 'n1').text, store.get('note', 'n2'))\n"
        "bus.run(toy.ACTOR, toy.Write('n3', text='small'))\n"
        "print(store.get('note', 'n3').text, list(store.folder.glob('vault/*/*')))\n"
        "store.close()\n",
    )
    out, err = process.communicate()
    assert out.splitlines() == [
        "store.io_failed",
        "store.io_failed",
        "kept None",
        "small []",
    ], err
    assert resource.RLIMIT_FSIZE >= 0


def test_full_disk_has_its_own_code(store: DeskStore, bus: Bus) -> None:
    bus.run(ACTOR, Write("n1", text="kept"))
    with store.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    raw = store._writer.raw_connection()
    raw.execute(f"PRAGMA max_page_count = {pages + 2}")  # type: ignore[attr-defined]
    raw.close()
    with pytest.raises(Unavailable, match=r"store\.disk_full"):
        bus.run(ACTOR, Write("n2", text="z" * 200_000))
    assert store.get("note", "n2") is None
    assert store.get("note", "n1") == Note("n1", "kept")


def test_locked_by_another_program(store: DeskStore, tmp_path: Path, bus: Bus) -> None:
    other = engine.connect(tmp_path / "desk.db", KEY)
    other.execute("BEGIN IMMEDIATE")
    raw = store._writer.raw_connection()
    raw.execute("PRAGMA busy_timeout = 50")  # type: ignore[attr-defined]
    raw.close()
    with pytest.raises(Unavailable, match=r"store\.locked"):
        bus.run(ACTOR, Write("n1", text="a"))
    other.execute("ROLLBACK")
    other.close()
    bus.run(ACTOR, Write("n1", text="a"))


@pytest.mark.parametrize("page", [0, 7])
def test_flipped_bit_is_damage_and_the_file_stays_as_it_is(
    store: DeskStore, bus: Bus, tmp_path: Path, clock: FixedClock, page: int
) -> None:
    bus.run(ACTOR, Write("n1", text="a"))
    store.close()
    path = tmp_path / "desk.db"
    data = bytearray(path.read_bytes())
    data[page * 4096 + 100] ^= 1
    path.write_bytes(data)
    for _ in range(2):
        with pytest.raises(Damaged, match=r"store\.damaged"):
            reopened(tmp_path, clock)
        assert path.read_bytes() == data


def test_a_page_torn_while_the_log_was_carried_over_is_whole_in_the_log(
    store: DeskStore, bus: Bus, tmp_path: Path
) -> None:
    raw = engine.connect(tmp_path / "desk.db", KEY)
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    raw.close()
    bus.run(ACTOR, Write("n1", text="a"))
    held = tmp_path / "held.db"
    log = (tmp_path / "desk.db-wal").read_bytes()
    whole = bytearray((tmp_path / "desk.db").read_bytes())
    frames = range(32, len(log), 24 + 4096)
    torn = {n for at in frames if (n := int.from_bytes(log[at : at + 4])) * 4096 <= len(whole)}
    assert torn - {1}
    for page in torn - {1}:
        whole[page * 4096 - 2048 : page * 4096] = bytes(2048)
    held.write_bytes(whole)
    with pytest.raises(Damaged):
        engine.check(held, KEY)
    held.write_bytes(whole)
    held.with_name("held.db-wal").write_bytes(log)
    engine.check(held, KEY)


def test_damage_in_a_large_file_is_found_in_use_and_told_at_the_next_start(
    store: DeskStore, bus: Bus, tmp_path: Path, clock: FixedClock
) -> None:
    with store.transaction() as work:
        for number in range(180):
            work.put("note", f"n{number:03}", Note(f"n{number:03}", "y" * 100_000))
    store.verify()
    store.close()
    path = tmp_path / "desk.db"
    assert path.stat().st_size > opening._SMALL
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    opened = reopened(tmp_path, clock)
    with pytest.raises(Damaged, match=r"store\.damaged"):
        opened.verify()
    opened.close()
    with pytest.raises(Damaged, match=r"store\.damaged"):
        reopened(tmp_path, clock)
    path.write_bytes(b"")
    with pytest.raises(Damaged, match=r"store\.damaged"):
        reopened(tmp_path, clock)


def test_migration_runs_after_a_checked_copy(
    store: DeskStore, bus: Bus, tmp_path: Path, clock: FixedClock
) -> None:
    bus.run(ACTOR, Write("n1", text="before"))
    second = Migration(LAST + 1, "next", lambda c: c.exec_driver_sql("DELETE FROM entity") and None)
    opening.migrate(store._writer, tmp_path, KEY, clock, (*MIGRATIONS, second))
    assert store.get("note", "n1") is None
    [copy] = (tmp_path / "backups").glob("*.db")
    raw = engine.connect(copy, KEY, read_only=True)
    assert raw.execute("SELECT id FROM entity").fetchall() == [("n1",)]
    raw.close()
    assert store.meta("schema") == str(LAST + 1)
    store.close()
    with pytest.raises(Conflict, match=r"store\.newer"):
        reopened(tmp_path, clock)


def test_migration_that_fails_changes_nothing(
    store: DeskStore, bus: Bus, tmp_path: Path, clock: FixedClock
) -> None:
    bus.run(ACTOR, Write("n1", text="before"))

    def half(connection: engine.Connection) -> None:
        connection.exec_driver_sql("DELETE FROM entity")
        connection.exec_driver_sql("SELECT * FROM nowhere")

    with pytest.raises(Exception, match="nowhere"):
        opening.migrate(
            store._writer, tmp_path, KEY, clock, (*MIGRATIONS, Migration(LAST + 1, "half", half))
        )
    assert store.get("note", "n1") == Note("n1", "before")
    assert store.meta("schema") == str(LAST)


def test_backups_do_not_pile_up(store: DeskStore, tmp_path: Path, clock: FixedClock) -> None:
    for number in range(5):
        opening.backup(tmp_path, KEY, f"b{number}", clock)
    assert sorted(p.name[-5:] for p in (tmp_path / "backups").glob("*")) == [
        "b2.db",
        "b3.db",
        "b4.db",
    ]


def test_upgraded_program_reads_kinds_that_it_kept(tmp_path: Path, clock: FixedClock) -> None:
    old = DeskStore.open(tmp_path, KEY, Registry([Feature("none")]), clock)
    Replica(old).apply(Page(rows=(Row("note", "n1", 3, ("b1",), {"id": "n1", "text": "a"}),)))
    old.close()
    new = reopened(tmp_path, clock)
    assert new.get("note", "n1") == Note("n1", "a")
    with new.reader() as connection:
        listed = connection.exec_driver_sql("SELECT id, text FROM note_list").all()
    assert listed == [("n1", "a|")]
    new.close()


def test_device_and_meta_last(store: DeskStore, tmp_path: Path, clock: FixedClock) -> None:
    store.set_meta("token", "x")
    device = store.device
    store.close()
    again = reopened(tmp_path, clock)
    assert (again.device, again.meta("token"), again.meta("none", "d")) == (device, "x", "d")
    again.close()
