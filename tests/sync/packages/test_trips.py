"""Packages on sticks: the same replies by another way, in both directions, exactly once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.kernel.errors import Conflict
from app.store import digests
from sync.protocol import package
from sync.server import snapshots
from sync.server.__main__ import main
from sync.server.http import Server
from tests.doubles.toy import AddNote, CloseNote, CountUp, HoldBuckets, MoveNote
from tests.sync.desk import Desk
from tests.sync.packages.conftest import Stick
from tests.sync.snapshots.helps import held

X = ("agency:x",)
Take = Callable[..., Stick]


def counts(made: Server, name: str) -> int:
    with made.service.store.read() as connection:
        note = made.service.push.unit(connection).get("note", name)
    return int(note.count) if note is not None else -1


def test_acts_go_out_and_the_answer_comes_back(
    made: Server, stick: Take, desk: Callable[..., Desk]
) -> None:
    one, author = stick(), desk("binh")
    author.sync(AddNote("theirs", "của xã", X), AddNote("closed", "", X))
    one.keeper.once()
    author.sync(CloseNote("closed"), CountUp("theirs"))
    one.desk.act(AddNote("mine", "của tôi", X), CountUp("mine"), CountUp("closed"))
    written = one.packages.write(one.folder)
    assert (written.commands, written.files) == (3, 0)
    told = one.office.answer(written.path, one.folder)
    assert (told.commands, told.refused) == (3, 1)
    read = one.packages.read(one.folder)
    assert (read.accepted, read.refused, read.whole, read.differs) == (2, 1, True, False)
    assert counts(made, "mine") == one.desk.store.get("note", "mine").count == 1
    assert one.desk.store.get("note", "theirs").count == 1
    (left,) = one.desk.replica.items()
    assert (left.entity, left.code) == ("closed", "toy.closed")
    # A desk on a line holds the same.
    other = stick()
    other.keeper.once()
    assert held(one.desk)["entity"] == held(other.desk)["entity"]
    assert held(one.desk)["event"] == held(other.desk)["event"]


def test_what_is_read_twice_counts_once(made: Server, stick: Take) -> None:
    one = stick()
    one.desk.act(AddNote("a", "", X), CountUp("a"))
    first = one.out()
    # The stick is written again before it was ever taken to the server, with one act more.
    one.desk.act(CountUp("a"))
    second = one.out()
    answers = [one.answer(path) for path in (second, first, second, first)]
    assert counts(made, "a") == 2
    one.packages.read(answers[0])
    with pytest.raises(Conflict, match=r"package\.taken"):
        one.packages.read(answers[0])
    for later in answers[1:]:
        one.packages.read(later)
    for older in answers[:-1]:
        with pytest.raises(Conflict, match=r"package\.old"):
            one.packages.read(older)
    assert one.desk.replica.items() == []
    assert one.desk.store.get("note", "a").count == 2
    one.keeper.once()
    assert counts(made, "a") == one.desk.store.get("note", "a").count == 2


def test_line_and_stick_may_take_turns(made: Server, stick: Take) -> None:
    one = stick()
    one.desk.act(AddNote("a", "", X))
    path = one.out()
    one.desk.act(CountUp("a"))
    # The line is back before the stick arrives.
    one.keeper.once()
    back = one.answer(path)
    one.packages.read(back)
    assert counts(made, "a") == one.desk.store.get("note", "a").count == 1
    assert one.desk.replica.items() == []
    one.desk.act(CountUp("a"))
    one.trip()
    assert counts(made, "a") == one.desk.store.get("note", "a").count == 2


def test_a_package_that_is_broken_off_goes_on(
    made: Server, stick: Take, desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, author = stick(), desk("binh")
    for part in (range(700), range(700, 1400)):
        author.sync(*(AddNote(f"n{i:04}", "x" * 50, X) for i in part))
    back = one.answer(one.out())
    real, turns = one.desk.replica.apply.__func__, []

    def dying(self: Any, page: Any) -> Any:
        done = real(self, page)
        turns.append(1)
        if len(turns) == 2:
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr("app.store.replica.Replica.apply", dying)
    with pytest.raises(KeyboardInterrupt):
        one.packages.read(back)
    assert 0 < len(one.desk.store.entities("note")) < 1400
    # Somebody acts between the two.
    one.desk.act(CountUp("n0000"))
    assert one.packages.read(back).whole
    assert len(one.desk.store.entities("note")) == 1400
    assert [i.entity for i in one.desk.replica.items()] == ["n0000"]
    with one.desk.store.reader() as connection:
        assert digests.sound(connection)


def test_an_empty_desk_is_filled_from_snapshots(
    made: Server,
    stick: Take,
    desk: Callable[..., Desk],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(snapshots, "_PARTS", (4 << 10, 16 << 10))
    monkeypatch.setattr(snapshots, "_BLOCKS", (40, 150))
    author = desk("binh")
    author.sync(*(AddNote(f"n{i:04}", f"chữ {i}", X) for i in range(700)))
    list(made.snapshots.build(least=100, level=3))
    author.sync(CountUp("n0001"), MoveNote("n0002", ("agency:y",)), AddNote("later", "", X))
    one = stick(synced=False)
    told = one.office.write(one.desk.store.device, one.folder)
    assert told.rows < 100
    read = one.packages.read(one.folder)
    assert (read.whole, read.differs) == (True, False)
    other = stick()
    for table in ("entity", "event", "entity_bucket", "digest", "scope"):
        assert held(one.desk)[table] == held(other.desk)[table]
    assert one.desk.replica.unlisted() == 0
    # And from then on what is new follows, both ways.
    author.sync(CountUp("n0003"))
    one.desk.act(CountUp("n0001"))
    one.trip()
    assert counts(made, "n0001") == one.desk.store.get("note", "n0001").count == 2
    assert one.desk.store.get("note", "n0003").count == 1


def test_what_is_granted_and_revoked_meanwhile_comes_by_the_stick(
    made: Server, stick: Take, desk: Callable[..., Desk]
) -> None:
    one, author = stick(), desk("binh")
    author.sync(AddNote("x", "", X), AddNote("y", "", ("agency:y",)))
    one.keeper.once()
    path = one.out()
    made.service.run_as_system(HoldBuckets("an", ("all", "person:an", "agency:y")))
    one.packages.read(one.answer(path))
    assert {name for name, _ in one.desk.store.entities("note")} == {"y"}
    # A package from before that is not taken any more.
    old = one.answer(path)
    with pytest.raises(Conflict, match=r"package\.old"):
        one.packages.read(old)


def test_a_package_for_which_one_is_missing_is_refused(
    made: Server, stick: Take, desk: Callable[..., Desk]
) -> None:
    one, author = stick(), desk("binh")
    before = one.desk.store.folder.parent / "before"
    author.sync(AddNote("a", "", X))
    one.desk.store.close()
    shutil.copytree(one.desk.store.folder, before)
    one.desk.store.__init__(
        one.desk.store.folder, bytes(range(32)), one.desk.store.registry, one.desk.clock
    )  # type: ignore[misc]
    one.keeper.once()
    back = one.answer(one.out())
    # The machine is put back to a copy of yesterday.
    one.desk.store.close()
    shutil.rmtree(one.desk.store.folder)
    shutil.move(before, one.desk.store.folder)
    one.desk.store.__init__(
        one.desk.store.folder, bytes(range(32)), one.desk.store.registry, one.desk.clock
    )  # type: ignore[misc]
    with pytest.raises(Conflict, match=r"package\.gap"):
        one.packages.read(back)


def test_files_travel_both_ways(made: Server, stick: Take) -> None:
    an, binh = stick(), stick("binh")
    data = b"%PDF-1.7 " + bytes(700_000)
    ref = an.desk.store.vault.put(data)
    an.desk.act(AddNote("file", "", X, (ref.sha256,)))
    path = an.packages.write(an.folder)
    assert path.files == 1
    told = an.office.answer(path.path, an.folder)
    assert told.took == 1
    an.packages.read(told.path)
    assert an.desk.store.vault.to_upload() == []
    got = binh.office.answer(binh.out(), binh.folder)
    assert got.files == 1
    assert binh.packages.read(got.path).files == 1
    with binh.desk.store.vault.open(ref.sha256) as source:
        assert source.read() == data


def test_a_restored_server_asks_for_the_stick_once_more(made: Server, stick: Take) -> None:
    one = stick()
    one.desk.act(AddNote("a", "", X))
    path = one.out()
    with made.service.store.write() as connection:
        made.service.store.set_meta(connection, "history", "another")
    back = one.answer(path)
    with pytest.raises(Conflict, match=r"package\.again"):
        one.packages.read(back)
    one.trip()
    assert counts(made, "a") == 0
    assert one.desk.replica.items() == []


def test_the_command_line_answers_and_writes(
    made: Server,
    stick: Take,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The toy's server in the place of the product's.
    monkeypatch.setattr("sync.server.__main__.build", lambda *_args, **_options: made)
    one = stick()
    one.desk.act(AddNote("a", "", X))
    path = one.out()
    words = ["--database", "sqlite://", "--files", str(tmp_path / "files"), "--to", str(one.folder)]
    code = main(["package", "answer", *words, "--from", str(path)])
    told = json.loads(capsys.readouterr().out)
    assert (code, told["commands"], told["device"]) == (0, 1, one.desk.store.device)
    code = main(["package", "write", *words, "--device", one.desk.store.device])
    assert code == 0
    assert main(["package", "write", *words, "--device", "nobody"]) == 1


def test_an_answer_that_no_disk_takes_is_had_again(
    made: Server, stick: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = stick()
    one.desk.act(AddNote("a", "", X), CountUp("a"))
    path = one.out()
    real = package.os.fsync

    def full(_: int) -> None:
        raise OSError(28, "no space")

    monkeypatch.setattr(package.os, "fsync", full)
    with pytest.raises(Exception, match=r"package\.full"):
        one.answer(path)
    monkeypatch.setattr(package.os, "fsync", real)
    assert list(one.folder.glob("*.part")) == []
    one.packages.read(one.answer(path))
    assert counts(made, "a") == 1
    assert one.desk.replica.items() == []
