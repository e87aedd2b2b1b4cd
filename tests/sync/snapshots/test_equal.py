"""Snapshots: what a desk takes at once is what the stream would have given it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from app.kernel.errors import Damaged, NotPermitted
from app.store import packed
from sync.client.service import SyncService
from sync.client.snapshots import FOLDER, Snapshots
from sync.protocol.sealing import Private
from sync.protocol.snapshots import FORM
from sync.server.http import Server
from sync.server.service import Account
from tests.doubles.toy import AddNote, CloseNote, CountUp, HoldBuckets, MoveNote
from tests.sync.desk import Desk
from tests.sync.real import RealDesk
from tests.sync.snapshots.helps import (
    COUNT,
    Watched,
    X,
    build,
    files_of,
    held,
    serviced,
    sound,
    streamed,
)


def test_a_desk_holds_what_the_stream_would_have_given_it(
    made: Server, author: Desk, opened: Callable[..., RealDesk], base: str, small: None
) -> None:
    (built,) = build(made)
    assert (built.bucket, built.rows) == ("agency:x", COUNT * 2 + COUNT // 7)
    assert built.parts > 2
    # All that may have happened since: changed, new, gone elsewhere.
    author.sync(*(CountUp(f"n{i:04}") for i in range(0, COUNT, 31)), CloseNote("n0003"))
    author.sync(AddNote("later", "sau", X), MoveNote("n0005", ("agency:y",)))
    desk = opened()
    way = Watched(desk, base)
    keeper = SyncService(desk.store, way, desk.clock)
    assert keeper.once().caught_up
    assert way.rows < COUNT
    assert sum(path.startswith("GET /snapshots/") for path in way.paths) == built.parts
    assert held(desk) == held(streamed(opened))
    assert sound(desk)
    assert desk.store.get("note", "n0005") is None
    assert not (desk.store.folder / FOLDER).exists()
    # And it goes on as any other desk does.
    author.sync(CountUp("n0001"))
    desk.act(CountUp("n0002"))
    assert keeper.once().sent == 1
    assert desk.store.get("note", "n0001").count == 1
    assert desk.replica.items() == []


def test_a_kill_between_any_two_blocks_goes_on_from_there(
    made: Server, author: Desk, opened: Callable[..., RealDesk], small: None
) -> None:
    build(made)
    desk = opened()
    desk.engine.round(once=True)
    turns = 0
    done = False
    while not done:
        # Each turn is a start of the program that is ended as soon as something came.
        done = Snapshots(desk.store, desk.transport, hurried=lambda: True).fill()
        turns += 1
        assert turns < 200
    assert turns > 5
    desk.engine.round()
    desk.replica.list_some(10_000)
    assert held(desk) == held(streamed(opened))


def test_what_waits_in_the_outbox_is_shown_and_sent(
    made: Server, author: Desk, opened: Callable[..., RealDesk], small: None
) -> None:
    build(made)
    desk = opened()
    # Somebody wrote here before the desk ever saw the server's rows: one note that is there too.
    desk.act(AddNote("mine", "của tôi", X), AddNote("n0000", "trùng", X), CountUp("n0000"))
    desk.store.hold_seconds = 3600.0
    desk.engine.round(once=True)
    Snapshots(desk.store, desk.transport).fill()
    assert desk.store.get("note", "mine").text == "của tôi"
    serviced(desk).once()
    assert desk.store.get("note", "mine").text == "của tôi"
    assert {i.entity for i in desk.replica.items()} <= {"n0000"}
    assert sound(desk)


def test_screens_list_the_newest_first_and_the_rest_by_and_by(
    made: Server, author: Desk, opened: Callable[..., RealDesk]
) -> None:
    build(made)
    desk = opened()
    desk.engine.round(once=True)
    assert Snapshots(desk.store, desk.transport).fill()
    left = desk.replica.unlisted()
    assert left > 100
    with desk.store.reader() as connection:
        first = connection.exec_driver_sql("SELECT id FROM unlisted ORDER BY place").scalar()
    assert desk.replica.list_some(1) == left - 1
    assert files_of(desk, str(first))
    heard: list[int] = []
    keeper = serviced(desk)
    keeper.subscribe(lambda status: heard.append(status.unlisted))
    keeper.step()
    assert desk.replica.unlisted() == keeper.status.unlisted == 0
    assert max(heard) > 0


def test_after_a_revoke_nothing_remains_though_it_was_not_listed_yet(
    made: Server, author: Desk, opened: Callable[..., RealDesk]
) -> None:
    build(made)
    desk = opened()
    desk.engine.round(once=True)
    Snapshots(desk.store, desk.transport).fill()
    made.service.run_as_system(HoldBuckets("an", ("all", "person:an")))
    desk.engine.round()
    assert desk.store.entities("note") == []
    assert desk.replica.unlisted() in (0, COUNT)
    assert desk.replica.list_some(10_000) == 0
    assert held(desk)["file_ref"] == []
    assert held(desk) == held(streamed(opened))


def test_who_holds_the_bucket_no_more_is_told_what_a_stranger_is_told(
    made: Server, author: Desk, opened: Callable[..., RealDesk], small: None
) -> None:
    build(made)
    desk = opened()
    own = Private.new()
    asked = {"device": desk.store.device, "public": own.public.text, "form": FORM}
    asked["lag"] = {"agency:x": 0}
    body = json.dumps(asked).encode()
    (offer,) = desk.transport.call("POST", "/snapshots", body)["snapshots"]
    name = offer["parts"][0]["sha256"]
    with desk.transport.stream("GET", f"/snapshots/{name}", b"", {}) as reply:
        assert len(b"".join(reply.chunks)) == offer["parts"][0]["size"]
    made.service.run_as_system(HoldBuckets("an", ("all",)))
    assert desk.transport.call("POST", "/snapshots", body)["snapshots"] == []
    for path in (name, "0" * 64):
        with (
            pytest.raises(NotPermitted, match=r"sync\.file_unknown"),
            desk.transport.stream("GET", f"/snapshots/{path}", b"", {}),
        ):
            pass
    made.devices.admit(desk.store.device, made.accounts.check(desk.keys.held["sync.access"]))
    made.devices.wipe(desk.store.device)
    with pytest.raises(NotPermitted, match=r"sync\.(wipe|token)"):
        desk.transport.call("POST", "/snapshots", body)


def test_a_key_is_sealed_for_one_desk_and_the_file_tells_nothing(
    made: Server, author: Desk, opened: Callable[..., RealDesk], small: None
) -> None:
    build(made)
    desk = opened()
    desk.engine.round(once=True)
    Snapshots(desk.store, desk.transport, hurried=lambda: True).fill()
    with pytest.raises(NotPermitted, match=r"sync\.not_yours"):
        made.keys.learn("desk-binh", Account("an", "an"), Private.new().public)
    parts = [path.read_bytes() for path in made.files.snapshots.iterdir()]
    assert parts
    for part in parts:
        assert not part.startswith(b"SQLite")
        assert b"n0001" not in part
    with (
        pytest.raises(Damaged, match=r"sync\.snapshot"),
        packed.opened(next(made.files.snapshots.iterdir()), bytes(32)),
    ):
        pass
