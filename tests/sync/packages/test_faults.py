"""Packages that are cut, changed, foreign, or somebody else's: nothing is taken, and it is said."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.kernel.errors import Cancelled, HoaBanError, Unavailable
from app.store import meta
from sync.protocol import package
from sync.protocol.package import DOWN, Entry, Label
from sync.protocol.sealing import Private, Public, seal
from sync.server.http import Server
from tests.doubles.toy import AddNote
from tests.sync.packages.conftest import Stick
from tests.sync.snapshots.helps import held

X = ("agency:x",)
Take = Callable[..., Stick]


def refused(one: Stick, source: Path, code: str) -> None:
    """See that a package is refused, and that the desk is what it was."""
    before = held(one.desk)
    with pytest.raises(HoaBanError) as caught:
        one.packages.read(source)
    assert caught.value.code == code
    assert held(one.desk) == before


@pytest.fixture
def one(stick: Take) -> Stick:
    taken = stick()
    taken.desk.act(AddNote("a", "việc thử", X))
    return taken


def test_every_cut_and_every_changed_byte_is_found(one: Stick, tmp_path: Path) -> None:
    out = one.out()
    back = one.answer(out)
    whole = back.read_bytes()
    spoiled = tmp_path / "spoiled.hbgoi"
    for size in (0, 5, 40, 200, len(whole) // 2, len(whole) - 1):
        spoiled.write_bytes(whole[:size])
        refused(one, spoiled, "package.foreign" if size < 11 else "package.cut")
    first = len(whole.partition(b"}\n")[0]) + 2
    for at in range(first, len(whole) - 75, max(1, len(whole) // 60)):
        changed = bytearray(whole)
        changed[at] ^= 1
        spoiled.write_bytes(changed)
        refused(one, spoiled, "package.damaged")
    # So does the server with what a desk has written.
    changed = bytearray(out.read_bytes())
    changed[len(changed) // 2] ^= 1
    spoiled.write_bytes(changed)
    with pytest.raises(HoaBanError, match=r"package\.damaged"):
        one.answer(spoiled)


def test_nothing_of_it_can_be_read_by_others(one: Stick) -> None:
    for path in (one.out(), one.answer(one.out())):
        data = path.read_bytes()
        assert "việc thử".encode() not in data
        assert b"note.add" not in data
        assert b'"' + one.desk.person.encode() + b'"' not in data


def test_anothers_package_is_said_to_be_so(one: Stick, stick: Take, tmp_path: Path) -> None:
    other = stick("binh")
    theirs = other.answer(other.out())
    refused(one, theirs, "package.other_desk")
    refused(one, one.out(), "package.way")
    # Of a stick with many packages each takes his own.
    mine = one.answer(one.out())
    assert one.packages.read(one.folder).accepted == 1
    refused(one, mine, "package.taken")
    empty = tmp_path / "empty"
    empty.mkdir()
    refused(one, empty, "package.none")
    (empty / "x.hbgoi").write_bytes(b"no package at all")
    refused(one, empty, "package.none")
    shutil.copy(theirs, empty)
    refused(one, empty, "package.other_desk")
    (empty / "y.hbgoi").write_bytes(mine.read_bytes()[:-3])
    refused(one, empty, "package.cut")
    with pytest.raises(HoaBanError, match=r"package\.way"):
        one.answer(mine)


def forged(one: Stick, writer: Private, reader: Public, **changes: str) -> Path:
    name = one.desk.store.meta(meta.SERVER)
    label = Label(**{"way": DOWN, "device": one.desk.store.device, "server": name} | changes,
                  seq=99, made="")  # fmt: skip
    path = one.folder / "forged.hbgoi"
    package.write(path, label, writer, reader, [Entry("begin", 2, [b"{}"])])
    return path


def test_who_is_not_the_server_writes_nothing_that_counts(one: Stick, made: Server) -> None:
    own = Private.read(one.desk.store.meta(meta.OWN_KEYS)).public
    refused(one, forged(one, Private.new(), own), "package.damaged")
    refused(one, forged(one, made.keys.own(), Private.new().public), "package.not_for_you")
    refused(one, forged(one, made.keys.own(), own, server="another"), "package.other_server")
    assert seal(own.seal, b"a", b"b") != seal(own.seal, b"a", b"b")


def test_a_desk_that_was_never_on_a_line_is_told_so(one: Stick) -> None:
    one.desk.store.set_meta(meta.KEYS_TOLD, "")
    with pytest.raises(HoaBanError, match=r"package\.not_introduced"):
        one.packages.write(one.folder)


def test_a_closed_account_and_a_machine_to_be_erased_get_nothing(one: Stick, made: Server) -> None:
    path = one.out()
    device = one.desk.store.device
    made.devices.wipe(device)
    for act in (lambda: one.answer(path), lambda: one.office.write(device, one.folder)):
        with pytest.raises(HoaBanError, match=r"sync\.wipe"):
            act()
    made.devices.spare(device)
    made.accounts.put("an", "an", "mật khẩu mẫu", active=False)
    for act in (lambda: one.answer(path), lambda: one.office.write(device, one.folder)):
        with pytest.raises(HoaBanError, match=r"package\.unknown_desk"):
            act()


def test_a_full_stick_leaves_no_half_package(one: Stick, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "no space")

    # The stick is full, not the disk that the journal is kept on
    monkeypatch.setattr(package, "os", SimpleNamespace(fsync=full, SEEK_END=os.SEEK_END))
    with pytest.raises(Unavailable, match=r"package\.full"):
        one.out()
    assert list(one.folder.iterdir()) == []
    monkeypatch.undo()
    one.trip()
    assert one.desk.replica.items() == []


class _Stop:
    def __init__(self, after: int) -> None:
        self.left = after

    def raise_if_cancelled(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Cancelled


def test_it_may_be_stopped_and_begun_again(one: Stick) -> None:
    ref = one.desk.store.vault.put(b"%PDF-1.7 " + bytes(900_000))
    one.desk.act(AddNote("file", "", X, (ref.sha256,)))
    seen: list[tuple[int, int]] = []
    with pytest.raises(Cancelled):
        one.packages.write(one.folder, lambda done, total: seen.append((done, total)), _Stop(2))
    assert list(one.folder.iterdir()) == []
    assert seen[0][0] < seen[-1][0] <= seen[-1][1]
    back = one.answer(one.out())
    with pytest.raises(Cancelled):
        one.packages.read(back, None, _Stop(0))
    assert one.packages.read(back).accepted == 2


def test_a_stick_that_was_pulled_out_is_said_so(one: Stick) -> None:
    shutil.rmtree(one.folder)
    with pytest.raises(Unavailable, match=r"package\.pulled"):
        one.out()
    with pytest.raises(Unavailable, match=r"store\.io_failed"):
        one.packages.read(one.folder / "gone.hbgoi")
