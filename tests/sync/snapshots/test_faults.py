"""Snapshots that are damaged, lie, are cut or are no more: the stream brings what they do not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.kernel.clock import FixedClock
from app.kernel.errors import Damaged, Unavailable
from app.store import meta, packed
from app.store.packed import Block, PackedRow
from app.store.replica import Replica
from sync.client.plan import Plan
from sync.client.service import SyncService
from sync.client.snapshots import FOLDER, Snapshots
from sync.server import snapshots
from sync.server.http import Server
from tests.doubles.toy import CountUp
from tests.sync.desk import Desk
from tests.sync.real import RealDesk
from tests.sync.snapshots.helps import (
    Watched,
    X,
    build,
    held,
    serviced,
    sound,
    spoil,
    streamed,
)


def test_a_damaged_part_is_refused_and_the_stream_brings_the_rest(
    made: Server, author: Desk, opened: Callable[..., RealDesk], small: None
) -> None:
    build(made)
    for path in made.files.snapshots.iterdir():
        spoil(path)
    desk = opened()
    assert serviced(desk).once().caught_up
    assert Plan.read(desk.store.meta(meta.SNAPSHOTS)).refused
    assert held(desk) == held(streamed(opened))


def test_a_server_that_lies_is_found_out_and_put_right(
    made: Server,
    author: Desk,
    opened: Callable[..., RealDesk],
    monkeypatch: pytest.MonkeyPatch,
    small: None,
) -> None:
    true = packed.pack

    def lying(block: Block, level: int) -> bytes:
        rows = [row._replace(text=row.text.replace("chữ 6", "dối 6")) for row in block.rows[:-1]]
        return true(Block(block.kind, rows), level)

    monkeypatch.setattr(packed, "pack", lying)
    build(made)
    desk = opened()
    assert serviced(desk).once().repaired > 0
    assert held(desk)["entity"] == held(streamed(opened))["entity"]
    assert sound(desk)


@pytest.mark.parametrize(
    "rows",
    [
        [PackedRow("a", 1, '["agency:x"]', "{")],
        [PackedRow("a", 1, '["agency:x"]', "[]")],
        [PackedRow("a", 1, '{"agency:x":1}', "{}")],
        [PackedRow("a", 1, '["agency:x"]', "{}"), PackedRow("a", 1, '["agency:x"]', "{}")],
    ],
)
def test_rows_that_are_none_change_nothing(
    opened: Callable[..., RealDesk], rows: list[PackedRow]
) -> None:
    desk = opened()
    before = held(desk)
    with pytest.raises(Damaged, match=r"sync\.snapshot"):
        desk.replica.fill(Block("note", rows), "")
    assert held(desk) == before


def test_a_part_that_is_not_the_one_in_turn_is_not_taken_for_it(
    made: Server, author: Desk, opened: Callable[..., RealDesk], small: None
) -> None:
    build(made)
    desk = opened()
    desk.engine.round(once=True)
    with made.service.store.write() as connection:
        connection.exec_driver_sql("UPDATE snapshot SET place = -place")
    serviced(desk).once()
    assert Plan.read(desk.store.meta(meta.SNAPSHOTS)).refused
    assert held(desk) == held(streamed(opened))


def test_another_form_gets_no_offers_and_an_older_server_is_borne(
    made: Server,
    author: Desk,
    opened: Callable[..., RealDesk],
    monkeypatch: pytest.MonkeyPatch,
    base: str,
    small: None,
) -> None:
    build(made)
    desk = opened()
    way = Watched(desk, base)
    monkeypatch.setattr("sync.client.snapshots.FORM", "0.1.1")
    assert SyncService(desk.store, way, desk.clock).once().caught_up
    assert not any("/snapshots/" in path for path in way.paths)
    second = opened()
    call = second.transport.call

    def older(method: str, path: str, body: bytes = b"", headers: Any = None) -> dict[str, Any]:
        return call(method, path.replace("/snapshots", "/no-such-thing"), body, headers)

    monkeypatch.setattr(second.transport, "call", older)
    assert serviced(second).once().caught_up
    assert held(desk) == held(second)


def test_a_download_goes_on_at_the_byte_where_it_was_cut(
    made: Server, author: Desk, opened: Callable[..., RealDesk], base: str, small: None
) -> None:
    build(made)
    desk = opened()
    desk.engine.round(once=True)
    way = Watched(desk, base)
    Snapshots(desk.store, way, hurried=lambda: True).fill()
    (plan,) = Plan.read(desk.store.meta(meta.SNAPSHOTS)).snapshots
    piece = plan.parts[-1]
    folder = desk.store.folder / FOLDER
    folder.mkdir(exist_ok=True)
    whole = made.snapshots.path(piece.sha256).read_bytes()
    (folder / f"{piece.sha256}.part").write_bytes(whole[:5000])
    Snapshots(desk.store, way).fill()
    assert f"GET /snapshots/{piece.sha256} bytes=5000-{piece.size - 1}" in way.paths
    desk.engine.round()
    assert sound(desk)


def test_what_is_newer_is_built_anew_and_what_is_old_goes(
    made: Server, author: Desk, clock: FixedClock, small: None
) -> None:
    made.snapshots = snapshots.Snapshots(made.files.snapshots, made.service.store, clock)
    (first,) = build(made)
    assert build(made) == []
    before = set(made.files.snapshots.iterdir())
    author.sync(CountUp("n0001"))
    clock.advance(timedelta(hours=1))
    (second,) = build(made)
    assert second.cursor > first.cursor
    assert before < set(made.files.snapshots.iterdir())
    clock.advance(timedelta(days=3))
    build(made)
    with made.service.store.read() as connection:
        cursors = set(connection.exec_driver_sql("SELECT cursor FROM snapshot").scalars())
    assert cursors == {second.cursor}


def test_what_a_backup_brought_back_without_its_file_is_not_offered(
    made: Server, author: Desk, opened: Callable[..., RealDesk], base: str, small: None
) -> None:
    (first,) = build(made)
    next(made.files.snapshots.iterdir()).unlink()
    assert made.snapshots.offers(X, {"agency:x": 0}) == []
    assert build(made) == [first]
    (offer,) = made.snapshots.offers(X, {"agency:x": 0})
    assert len(offer["parts"]) == first.parts


def test_the_store_says_it_is_full_as_of_any_file(
    made: Server,
    author: Desk,
    opened: Callable[..., RealDesk],
    monkeypatch: pytest.MonkeyPatch,
    small: None,
) -> None:
    build(made)
    desk = opened()
    desk.engine.round(once=True)

    def full(*_: object) -> None:
        raise OSError(28, "no space")

    monkeypatch.setattr("sync.client.fetching._extend", full)
    with pytest.raises(Unavailable, match=r"store\.disk_full"):
        Snapshots(desk.store, desk.transport).fill()
    monkeypatch.undo()
    assert serviced(desk).once().caught_up
    assert Replica(desk.store).unlisted() == 0
