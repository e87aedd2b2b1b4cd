"""The second journal: never behind the database, ahead of it by one crash at most."""

from __future__ import annotations

import random
import shutil
from functools import partial
from pathlib import Path

import pytest

from app.kernel.bus import Bus
from app.kernel.clock import FixedClock
from app.kernel.errors import Damaged, Unavailable
from app.store import logbook, logbook_file
from app.store.desk import DeskStore
from app.store.logbook import State
from app.store.logbook_file import LOGBOOK, Reading
from app.store.model import Page, Receipt
from app.store.replica import Replica
from tests.app.store import toy
from tests.app.store.conftest import KEY
from tests.app.store.toy import ACTOR, Add, Close, Write

CIPHER = logbook_file.cipher_of(KEY)


def read(folder: Path) -> Reading:
    return logbook_file.read(folder / LOGBOOK, CIPHER)


def told(folder: Path) -> State:
    state = State.of(read(folder).frames)
    state.gone = {}
    return without_doubts(state)


def without_doubts(state: State) -> State:
    """Leave out what the next replay finds again."""
    for row in state.outbox.values():
        if row["state"] != "refused":
            row |= {"code": "", "params": "{}"}
    return state


def held(store: DeskStore) -> State:
    state = State()
    with store.reader() as connection:
        for table, key, row in logbook.snapshot(connection):
            if row is not None:
                getattr(state, table)[key] = row
    return without_doubts(state)


def reopened(folder: Path, clock: FixedClock) -> DeskStore:
    return DeskStore.open(folder, KEY, toy.registry(), clock)


def test_it_tells_after_every_transaction_what_the_database_holds(
    store: DeskStore, bus: Bus, tmp_path: Path
) -> None:
    replica, chance = Replica(store), random.Random(7)
    seq = 0

    def same() -> None:
        nonlocal seq
        now = told(tmp_path)
        assert now == held(store)
        assert int(store.meta("logged")) == read(tmp_path).seq >= seq
        seq = read(tmp_path).seq

    for turn in range(120):
        bus.run(ACTOR, Write(f"n{turn}", text="a", board="k"))
        same()
        if chance.random() < 0.5:
            bus.run(ACTOR, Add(f"n{turn}", line="b"))
        if chance.random() < 0.3:
            bus.run(ACTOR, Close(f"n{turn}"))
            replica.withdraw(replica.items()[-1].command)
        if chance.random() < 0.5:
            exchange(replica, turn, chance)
            same()
        for item in replica.items():
            if item.state == "refused" and chance.random() < 0.5:
                replica.dismiss(item.command)
        if chance.random() < 0.2:
            chance.choice((replica.renew_device, partial(replica.reset_history, f"h{turn}")))()
        store.set_meta(f"draft{turn % 7}", "câu đang gõ" if chance.random() < 0.5 else "")
        ref = store.vault.put(f"tệp {turn}".encode())
        if chance.random() < 0.5:
            store.vault.mark_on_server(ref.sha256)
        same()


def exchange(replica: Replica, turn: int, chance: random.Random) -> None:
    """Send some commands and take the answers to them, some of them refusals."""
    sent = replica.outgoing(3, flush=True)
    refusal = lambda: "note.closed" if chance.random() < 0.2 else ""  # noqa: E731
    answers = tuple(Receipt(e.n or 0, e.id, refusal()) for e in sent)
    replica.apply(Page(receipts=answers, cursor=turn))
    if chance.random() < 0.6:
        replica.finish(turn, "h", caught_up=True)


def test_it_holds_a_command_before_the_act_commits_and_not_one_that_failed(
    store: DeskStore, bus: Bus, tmp_path: Path
) -> None:
    bus.run(ACTOR, Write("n1", text="a"))
    before = read(tmp_path)
    with store.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    raw = store._writer.raw_connection()
    raw.execute(f"PRAGMA max_page_count = {pages + 2}")  # type: ignore[attr-defined]
    raw.close()
    with pytest.raises(Unavailable, match=r"store\.disk_full"):
        bus.run(ACTOR, Write("n2", text="z" * 200_000))
    assert read(tmp_path) == before
    bus.run(ACTOR, Write("n3", text="a"))
    assert told(tmp_path) == held(store)


def test_what_a_crash_cut_off_between_both_is_done_at_the_next_start(
    store: DeskStore, bus: Bus, tmp_path: Path, clock: FixedClock
) -> None:
    replica = Replica(store)
    bus.run(ACTOR, Write("n1", text="a", board="k"))
    bus.run(ACTOR, Write("n2", text="b", board="k"))
    gone = replica.items()[1].command
    for name, act in (
        ("act", lambda: bus.run(ACTOR, Add("n1", line="c"))),
        ("number", lambda: replica.outgoing(1, flush=True)),
        ("draft", lambda: store.set_meta("draft", "câu đang gõ")),
        ("withdrawal", lambda: replica.withdraw(gone)),
    ):
        copy = tmp_path / name
        copy.mkdir()
        for part in ("desk.db", "desk.db-wal"):
            shutil.copy(tmp_path / part, copy / part)
        act()
        shutil.copy(tmp_path / LOGBOOK, copy / LOGBOOK)
        other = reopened(copy, clock)
        assert held(other) == held(store), name
        for kind, entity in (("note", "n1"), ("note", "n2"), ("board", "k")):
            assert other.get(kind, entity) == store.get(kind, entity), name
        assert told(copy) == held(other)
        other.close()


def test_a_database_that_lacks_more_than_a_crash_takes_is_damaged(
    store: DeskStore, bus: Bus, tmp_path: Path, clock: FixedClock
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for part in ("desk.db", "desk.db-wal"):
        shutil.copy(tmp_path / part, copy / part)
    bus.run(ACTOR, Write("n1", text="a"))
    bus.run(ACTOR, Write("n2", text="a"))
    shutil.copy(tmp_path / LOGBOOK, copy / LOGBOOK)
    with pytest.raises(Damaged, match=r"store\.damaged"):
        reopened(copy, clock)


def test_a_torn_end_is_no_damage_and_a_hole_is(store: DeskStore, bus: Bus, tmp_path: Path) -> None:
    sizes = []
    for turn in range(4):
        bus.run(ACTOR, Write(f"note-of-turn-{turn}", text="a"))
        sizes.append((tmp_path / LOGBOOK).stat().st_size)
    data = (tmp_path / LOGBOOK).read_bytes()
    frames = read(tmp_path).frames
    for cut in range(sizes[2] + 1, sizes[3]):
        (tmp_path / "x").write_bytes(data[:cut])
        found = logbook_file.read(tmp_path / "x", CIPHER)
        assert (found.frames, found.whole, found.torn) == (frames[:-1], True, True)
    for place in range(sizes[1], sizes[2]):
        hurt = bytearray(data)
        hurt[place] ^= 0x40
        (tmp_path / "x").write_bytes(hurt)
        found = logbook_file.read(tmp_path / "x", CIPHER)
        assert (found.frames, found.whole) == ((*frames[:-2], frames[-1]), False), place
    (tmp_path / "x").write_bytes(data[: sizes[1]] + data[sizes[2] :])
    assert not logbook_file.read(tmp_path / "x", CIPHER).whole
    assert logbook_file.read(tmp_path / "x", logbook_file.cipher_of(bytes(32))).frames == ()
    assert b"note-of-turn-" not in data


def test_it_stays_short(store: DeskStore, bus: Bus, tmp_path: Path) -> None:
    longest = 0
    for _ in range(12):
        store.set_meta("draft", random.Random(1).randbytes(100_000).hex())
        store.set_meta("draft", "")
        longest = max(longest, (tmp_path / LOGBOOK).stat().st_size)
    bus.run(ACTOR, Write("n1", text="a"))
    assert longest < (1 << 20) + 300_000
    assert (tmp_path / LOGBOOK).stat().st_size < 700_000
    assert told(tmp_path) == held(store)


def test_commands_of_a_file_before_do_not_pass_for_those_of_this(
    store: DeskStore, bus: Bus, tmp_path: Path, clock: FixedClock
) -> None:
    bus.run(ACTOR, Write("n1", text="a"))
    old = (tmp_path / LOGBOOK).read_bytes()
    store.close()
    again = reopened(tmp_path, clock)
    again.close()
    with (tmp_path / LOGBOOK).open("ab") as target:
        target.write(old)
    found = read(tmp_path)
    assert len(found.frames) == 1
    assert found.torn
