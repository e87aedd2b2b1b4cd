"""A damaged database is made anew with everything that waits: wherever the damage lies."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.kernel.bus import Bus
from app.kernel.clock import FixedClock
from app.kernel.errors import Damaged, Unavailable
from app.store import digests, logbook, mending
from app.store.desk import DeskStore
from app.store.logbook_file import LOGBOOK
from app.store.mending import Mended
from app.store.model import Page, Receipt, Row
from app.store.replica import Replica
from tests.app.store import toy
from tests.app.store.conftest import KEY
from tests.app.store.toy import ACTOR, Add, Write

PAGE = 4096


def bus(store: DeskStore) -> Bus:
    return Bus(store.registry, store.transaction, store.device, store.clock, store.changes)


def reopened(folder: Path, clock: FixedClock) -> DeskStore:
    return DeskStore.open(folder, KEY, toy.registry(), clock)


def mend(folder: Path, clock: FixedClock) -> Mended:
    return mending.mend(folder, KEY, toy.registry(), clock)


def waiting(store: DeskStore) -> list[Any]:
    with store.reader() as connection:
        found = connection.exec_driver_sql(
            "SELECT command, n, state, hold_until, envelope, actor, settled, place,"
            " CASE state WHEN 'refused' THEN code END FROM outbox ORDER BY place"
        )
        return [tuple(row) for row in found]


def own(store: DeskStore) -> dict[str, str]:
    with store.reader() as connection:
        found = connection.exec_driver_sql("SELECT key, value FROM meta").all()
    return {key: value for key, value in found if logbook.is_own(key)}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a desk with everything that is its own: sent, held, refused, withdrawn, typed, filed."""
    folder = tmp_path_factory.mktemp("desk")
    clock = FixedClock(toy.AT)
    store = DeskStore.open(folder, KEY, toy.registry(), clock)
    replica, act = Replica(store), bus(store)
    rows = [Row("note", f"s{n}", 1, ("b1",), {"id": f"s{n}", "text": "x" * 300}) for n in range(90)]
    replica.apply(Page(rows=tuple(rows), grants=("b1",), cursor=90))
    replica.finish(90, "h1", caught_up=True)
    for n in range(3):
        act.run(ACTOR, Write(f"t{n}", text="a", board="k"))
    taken = replica.outgoing(3, flush=True)
    replica.apply(Page(receipts=tuple(Receipt(e.n or 0, e.id) for e in taken), cursor=91))
    replica.finish(91, "h1", caught_up=True)
    act.run(ACTOR, Add("s5", line="đã gửi, chưa có trả lời"))
    act.run(ACTOR, Write("m1", text="từ chối"))
    replica.outgoing(9, flush=True)
    refused = replica.items()[-1]
    replica.apply(Page(receipts=(Receipt(refused.n or 0, refused.command, "note.closed"),)))
    act.run(ACTOR, Write("m2", text="đang chờ", board="k"), Add("m2", line="b"))
    act.run(ACTOR, Write("m3", text="rút lại"))
    replica.withdraw(replica.items()[-1].command)
    store.set_meta("draft:m4", "câu đang gõ dở")
    file = store.vault.put("bản quét".encode())
    store.vault.mark_on_server(store.vault.put("đã có ở máy chủ".encode()).sha256)
    act.run(ACTOR, Write("m5", text="có tệp", file=file.sha256))
    store.set_meta("file", file.sha256)
    store.close()
    return folder


@pytest.fixture
def hurt(desk: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "hurt"
    shutil.copytree(desk, copy)
    return copy


@pytest.fixture(scope="module")
def before(desk: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    copy = tmp_path_factory.mktemp("before") / "desk"
    shutil.copytree(desk, copy)
    store = reopened(copy, FixedClock(toy.AT))
    told = {"waiting": waiting(store), "own": own(store)}
    store.close()
    return told


def check(folder: Path, clock: FixedClock, before: dict[str, Any], where: object) -> int:
    """Look at what must be there in any case; answer how many of the server's rows are, too."""
    store = reopened(folder, clock)
    assert waiting(store) == before["waiting"], where
    assert own(store) == before["own"], where
    assert store.get("note", "m2").lines == ("b",), where
    assert store.get("note", "m5").file == store.meta("file"), where
    assert store.get("note", "m3") is None, where
    assert store.vault.to_upload() == [store.meta("file")], where
    with store.vault.open(store.meta("file")) as stream:
        assert stream.read().decode() == "bản quét"
    # The server's row comes again, and what waits stands on it.
    replica = Replica(store)
    row = Row("note", "s5", 2, ("b1",), {"id": "s5", "text": "gốc"})
    answers = tuple(Receipt(e.n or 0, e.id) for e in replica.outgoing(99, flush=True))
    replica.apply(Page(rows=(row,), grants=("b1",), receipts=answers))
    replica.finish(92, "h1", caught_up=True)
    assert store.get("note", "s5").text == "gốc", where
    assert [item.state for item in replica.items()] == ["refused"], where
    held = sum(name.startswith("s") for name, _ in store.entities("note"))
    with store.reader() as connection:
        assert digests.sound(connection), where
    store.close()
    return held


def test_every_page(desk: Path, tmp_path: Path, clock: FixedClock, before: dict[str, Any]) -> None:
    whole = (desk / "desk.db").read_bytes()
    chance = random.Random(4)
    pages = len(whole) // PAGE
    assert pages > 30
    kept = []
    for page in range(pages):
        folder = tmp_path / str(page)
        shutil.copytree(desk, folder)
        data = bytearray(whole)
        start, size = page * PAGE + chance.randrange(PAGE - 64), chance.choice((1, 16, 64))
        data[start : start + size] = bytes(b ^ 0x5A for b in data[start : start + size])
        (folder / "desk.db").write_bytes(data)
        with pytest.raises(Damaged, match=r"store\.damaged"):
            reopened(folder, clock)
        done = mend(folder, clock)
        assert (folder / done.aside).read_bytes() == data, page
        assert not done.doubtful
        kept.append(check(folder, clock, before, page))
        shutil.rmtree(folder)
    # One bad page takes few rows with it, unless the tables are found through it.
    assert sum(held >= 75 for held in kept) > 0.8 * pages


@pytest.mark.parametrize("what", ["missing", "empty", "cut", "header", "noise", "half"])
def test_every_kind_of_damage(
    hurt: Path, clock: FixedClock, before: dict[str, Any], what: str
) -> None:
    path = hurt / "desk.db"
    data = path.read_bytes()
    if what == "missing":
        path.unlink()
    else:
        made = {
            "empty": b"",
            "cut": data[: len(data) - 5000],
            "header": b"<html>" + data[6:],
            "noise": random.Random(1).randbytes(len(data)),
            "half": data[: len(data) // 2] + bytes(len(data) - len(data) // 2),
        }
        path.write_bytes(made[what])
    with pytest.raises(Damaged, match=r"store\.damaged"):
        reopened(hurt, clock)
    done = mend(hurt, clock)
    assert bool(done.aside) == (what != "missing")
    check(hurt, clock, before, what)


def test_damage_in_the_log_of_the_database(desk: Path, tmp_path: Path, clock: FixedClock) -> None:
    """Commits that a damaged log hides from SQLite are damage, and come back."""
    live = tmp_path / "live"
    shutil.copytree(desk, live)
    store = reopened(live, clock)
    act = bus(store)
    for n in range(6):
        act.run(ACTOR, Write(f"w{n}", text="a", board="k"))
    size = (live / "desk.db-wal").stat().st_size
    assert size > 10 * PAGE
    expected = waiting(store)
    seen = set()
    for place in range(8, size, size // 23):
        copy = tmp_path / f"copy{place}"
        shutil.copytree(live, copy)
        with (copy / "desk.db-wal").open("r+b") as wal:
            wal.seek(place)
            wal.write(b"\x55\xaa\x55\xaa\x55\xaa")
        (copy / "desk.db-shm").unlink()
        try:
            other = reopened(copy, clock)
            seen.add("rolled on")
        except Damaged:
            mend(copy, clock)
            other = reopened(copy, clock)
            seen.add("mended")
        assert waiting(other) == expected, place
        assert all(other.get("note", f"w{n}") for n in range(6)), place
        other.close()
    store.close()
    assert "mended" in seen


def test_both_damaged_salvages_and_takes_a_new_name(
    hurt: Path, clock: FixedClock, before: dict[str, Any]
) -> None:
    (hurt / LOGBOOK).write_bytes(b"")
    path = hurt / "desk.db"
    data = bytearray(path.read_bytes())
    data[-2 * PAGE] ^= 1
    path.write_bytes(data)
    done = mend(hurt, clock)
    assert done.doubtful
    store = reopened(hurt, clock)
    known = {row[0] for row in before["waiting"]}
    assert {row[0] for row in waiting(store)} == known
    assert [row[1] for row in waiting(store) if row[2] != "refused"] == [None] * (len(known) - 1)
    assert store.device != before["own"]["device"]
    assert store.meta("draft:m4") == "câu đang gõ dở"
    store.close()


CHILD = """
import os, signal, sys, pathlib
from app.kernel.clock import FixedClock
from app.store import mending
from app.store.desk import DeskStore
from tests.app.store import toy
left = int(sys.argv[2])
def strike(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(lambda name, _: name in ("os.rename", "os.remove") and strike())
mending.mend(pathlib.Path(sys.argv[1]), bytes(range(32)), toy.registry(), FixedClock(toy.AT), strike)
"""


def test_killed_at_any_step_it_goes_on(
    desk: Path, tmp_path: Path, clock: FixedClock, before: dict[str, Any]
) -> None:
    kills = 0
    for step in range(1, 60):
        folder = tmp_path / str(step)
        shutil.copytree(desk, folder)
        with (folder / "desk.db").open("r+b") as file:
            file.write(b"broken")
        words = [sys.executable, "-c", CHILD, str(folder), str(step)]
        code = subprocess.run(words, check=False).returncode
        if code == 0:
            break
        assert code == -signal.SIGKILL
        kills += 1
        try:
            reopened(folder, clock).close()
        except Damaged:
            mend(folder, clock)
        check(folder, clock, before, step)
        assert len(list(folder.glob("desk.db.damaged-*"))) == 1, step
        assert not list(folder.glob("desk.db.mend*")), step
    assert kills >= 5


FULL = """
import pathlib, resource, sys
from app.kernel.clock import FixedClock
from app.kernel.errors import Unavailable
from app.store import mending
from tests.app.store import toy
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    mending.mend(pathlib.Path(sys.argv[1]), bytes(range(32)), toy.registry(), FixedClock(toy.AT))
except Unavailable as error:
    print(error.code)
"""


def test_a_disk_that_takes_no_more_leaves_all_as_it_was(
    hurt: Path, clock: FixedClock, before: dict[str, Any]
) -> None:
    with (hurt / "desk.db").open("r+b") as file:
        file.write(b"broken")
    data = (hurt / "desk.db").read_bytes()
    for room in (0, 20_000, 100_000):
        words = [sys.executable, "-c", FULL, str(hurt), str(room)]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        assert done.stdout.split() == ["store.io_failed"], done.stderr
        assert (hurt / "desk.db").read_bytes() == data
        with pytest.raises(Damaged):
            reopened(hurt, clock)
    mend(hurt, clock)
    check(hurt, clock, before, "full")


def test_an_act_waits_for_a_journal_that_takes_it(
    hurt: Path, clock: FixedClock, before: dict[str, Any]
) -> None:
    """Where the second journal cannot be written, the act is refused and leaves nothing."""
    store = reopened(hurt, clock)
    store._logbook._writer._file.close()  # type: ignore[union-attr]
    store._logbook._writer._file = Path("/dev/full").open("r+b", buffering=0)  # type: ignore[union-attr]  # noqa: SIM115
    with pytest.raises(Unavailable, match=r"store\.disk_full"):
        bus(store).run(ACTOR, Write("x1", text="a"))
    assert store.get("note", "x1") is None
    assert waiting(store) == before["waiting"]
    store.close()
