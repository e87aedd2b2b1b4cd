"""Own writes and the server's: the desk shows the fold of both and loses neither."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.kernel.bus import Bus
from app.kernel.clock import FixedClock
from app.kernel.codec import to_json
from app.kernel.errors import Conflict
from app.store.desk import DeskStore
from app.store.model import Gone, OutboxState, Page, Receipt, Row
from app.store.replica import Replica
from tests.app.store.toy import ACTOR, Add, Board, Close, Note, Write


def note_row(ver: int, *buckets: str, i: str = "n1", **data: object) -> Row:
    return Row("note", i, ver, buckets or ("b1",), {"id": i, **data})


def listed(store: DeskStore) -> dict[str, str]:
    with store.reader() as connection:
        found = connection.exec_driver_sql("SELECT id, text FROM note_list")
        return {row.id: row.text for row in found}


def send(replica: Replica) -> list[str]:
    return [e.id for e in replica.outgoing(100, flush=True)]


def test_act_is_row_event_and_outbox_in_one(store: DeskStore, bus: Bus, replica: Replica) -> None:
    heard = []
    store.changes.subscribe(heard.append)
    changes = bus.run(ACTOR, Write("n1", text="một", board="k1"))
    assert changes.touches("note", "n1")
    assert heard == [changes]
    assert store.get("note", "n1") == Note("n1", "một")
    assert store.get("board", "k1") == Board("k1", 1)
    assert listed(store) == {"n1": "một|"}
    assert [e.name for e in store.events("note", "n1")] == ["written"]
    assert [i.state for i in replica.items()] == [OutboxState.HELD]


def test_failed_act_leaves_nothing(store: DeskStore, bus: Bus, replica: Replica) -> None:
    with pytest.raises(Exception, match=r"note\.closed"):
        bus.run(ACTOR, Write("n1", text="một"), Close("n1"), Add("n1", line="x"))
    assert store.get("note", "n1") is None
    assert replica.items() == []
    assert listed(store) == {}


def test_hold_then_gapless_numbers(bus: Bus, replica: Replica, clock: FixedClock) -> None:
    bus.run(ACTOR, Write("n1", text="một"))
    clock.advance(timedelta(seconds=20))
    bus.run(ACTOR, Add("n1", line="x"))
    assert replica.outgoing() == []
    clock.advance(timedelta(seconds=11))
    assert [e.n for e in replica.outgoing()] == [1]
    clock.advance(timedelta(seconds=20))
    assert [e.n for e in replica.outgoing()] == [1, 2]
    assert [e.n for e in replica.outgoing(1)] == [1]


def test_clock_set_back_does_not_hold_for_ever(
    bus: Bus, replica: Replica, clock: FixedClock
) -> None:
    bus.run(ACTOR, Write("n1", text="một"))
    clock.advance(timedelta(days=-2))
    assert [e.n for e in replica.outgoing()] == [1]


def test_withdraw_before_sending(store: DeskStore, bus: Bus, replica: Replica) -> None:
    replica.apply(Page(rows=(note_row(5, text="a"),)))
    bus.run(ACTOR, Add("n1", line="x"))
    [item] = replica.items()
    replica.withdraw(item.command)
    assert store.get("note", "n1") == Note("n1", "a")
    assert store.events("note", "n1") == []
    assert listed(store) == {"n1": "a|"}
    bus.run(ACTOR, Add("n1", line="y"))
    assert [e.n for e in replica.outgoing(flush=True)] == [1]
    with pytest.raises(Conflict, match=r"store\.already_sent"):
        replica.withdraw(replica.items()[0].command)


def test_rebase_on_other_peoples_change(store: DeskStore, bus: Bus, replica: Replica) -> None:
    replica.apply(Page(rows=(note_row(5, text="a"),)))
    bus.run(ACTOR, Add("n1", line="x"))
    replica.apply(Page(rows=(note_row(9, text="b", lines=["s"]),)))
    assert store.get("note", "n1") == Note("n1", "b", ("s", "x"))
    assert listed(store) == {"n1": "b|s+x"}
    with store.transaction() as work:
        assert work.version("note", "n1") == 9


def test_own_write_neither_flickers_nor_doubles(
    store: DeskStore, bus: Bus, replica: Replica
) -> None:
    replica.apply(Page(rows=(note_row(5, text="a"),)))
    bus.run(ACTOR, Add("n1", line="x"))
    [command] = send(replica)
    seen = [store.get("note", "n1").lines]
    replica.apply(Page(acked=1, receipts=(Receipt(1, command, "accepted"),), cursor=5))
    seen.append(store.get("note", "n1").lines)
    replica.apply(Page(rows=(note_row(8, text="a", lines=["x"]),), cursor=8))
    seen.append(store.get("note", "n1").lines)
    replica.finish(8, "h", caught_up=False)
    assert [i.state for i in replica.items()] == [OutboxState.ACKED]
    replica.finish(8, "h", caught_up=True)
    seen.append(store.get("note", "n1").lines)
    assert seen == [("x",)] * 4
    assert replica.items() == []
    assert listed(store) == {"n1": "a|x"}


def test_later_act_on_an_entity_in_flight(store: DeskStore, bus: Bus, replica: Replica) -> None:
    replica.apply(Page(rows=(note_row(5, text="a"),)))
    bus.run(ACTOR, Add("n1", line="x"))
    [first] = send(replica)
    bus.run(ACTOR, Add("n1", line="y"))
    replica.apply(Page(acked=1, receipts=(Receipt(1, first, "accepted"),)))
    replica.apply(Page(rows=(note_row(8, text="a", lines=["x"]),)))
    assert store.get("note", "n1").lines == ("x", "y")
    replica.finish(8, "h", caught_up=True)
    assert store.get("note", "n1").lines == ("x", "y")
    assert [i.state for i in replica.items()] == [OutboxState.HELD]


def test_joined_entities_are_replayed_together(
    store: DeskStore, bus: Bus, replica: Replica
) -> None:
    bus.run(ACTOR, Write("n1", text="a", board="k1"), Write("n2", text="b", board="k1"))
    replica.apply(Page(rows=(Row("board", "k1", 7, ("b1",), {"id": "k1", "count": 10}),)))
    assert store.get("board", "k1").count == 12
    assert store.get("note", "n1").text == "a"


def test_refused_stays_until_dismissed(store: DeskStore, bus: Bus, replica: Replica) -> None:
    replica.apply(Page(rows=(note_row(5, text="a"),)))
    bus.run(ACTOR, Add("n1", line="lời dặn"))
    bus.run(ACTOR, Add("n1", line="y"))
    first, second = send(replica)
    refusal = Receipt(1, first, "document.state", params={"state": "finished"})
    replica.apply(Page(acked=2, receipts=(refusal, Receipt(2, second, "accepted"))))
    assert store.get("note", "n1").lines == ("y",)
    replica.finish(9, "h", caught_up=True)
    [item] = replica.items()
    assert (item.state, item.code, item.params) == (
        OutboxState.REFUSED,
        "document.state",
        {"state": "finished"},
    )
    assert item.args["line"] == "lời dặn"
    assert replica.state().receipts_seen == 2
    replica.dismiss(first)
    assert replica.items() == []


def test_doubt_is_shown_and_taken_back(store: DeskStore, bus: Bus, replica: Replica) -> None:
    replica.apply(Page(rows=(note_row(5, text="a"),)))
    bus.run(ACTOR, Add("n1", line="x"))
    replica.apply(Page(rows=(note_row(6, text="a", closed=True),)))
    [item] = replica.items()
    assert (item.state, item.code) == (OutboxState.HELD, "note.closed")
    assert store.events("note", "n1") == []
    with pytest.raises(Conflict, match=r"store\.not_refused"):
        replica.dismiss(item.command)
    replica.apply(Page(rows=(note_row(7, text="a"),)))
    assert replica.items()[0].code == ""
    assert store.get("note", "n1").lines == ("x",)


def test_revoke_takes_rows_and_keeps_words(store: DeskStore, bus: Bus, replica: Replica) -> None:
    one = store.vault.put(b"one")
    both = store.vault.put(b"both")
    replica.apply(
        Page(
            rows=(
                note_row(1, "b1", i="n1", file=one.sha256),
                note_row(2, "b1", "b2", i="n2", file=both.sha256),
                note_row(3, "b1", i="n3", file=both.sha256),
            ),
            grants=("b1", "b2"),
        )
    )
    bus.run(ACTOR, Add("n1", line="của tôi"))
    replica.apply(Page(revokes=("b1",)))
    assert [store.get("note", i) is None for i in ("n1", "n2", "n3")] == [True, False, True]
    assert set(listed(store)) == {"n2"}
    assert store.events("note", "n1") == []
    assert (store.vault.has(one.sha256), store.vault.has(both.sha256)) == (False, True)
    [item] = replica.items()
    assert (item.state, item.code) == (OutboxState.REFUSED, "store.revoked")
    assert item.args["line"] == "của tôi"
    assert replica.state().buckets == ("b2",)
    assert replica.outgoing(flush=True) == []


def test_numbered_command_is_still_sent_after_a_revoke(bus: Bus, replica: Replica) -> None:
    replica.apply(Page(rows=(note_row(1, "b1"),), grants=("b1",)))
    bus.run(ACTOR, Add("n1", line="x"))
    [command] = send(replica)
    replica.apply(Page(revokes=("b1",)))
    assert send(replica) == [command]
    with pytest.raises(Conflict, match=r"store\.not_refused"):
        replica.dismiss(command)


def test_late_page_does_not_turn_back(store: DeskStore, replica: Replica) -> None:
    replica.apply(Page(rows=(note_row(9, text="new"),)))
    replica.apply(Page(rows=(note_row(5, text="old"),), gone=(Gone("note", "n1", 4),)))
    assert store.get("note", "n1").text == "new"
    replica.apply(Page(gone=(Gone("note", "n1", 10),)))
    assert store.get("note", "n1") is None
    assert listed(store) == {}


def test_unknown_kinds_and_fields_are_kept(store: DeskStore, bus: Bus, replica: Replica) -> None:
    replica.apply(
        Page(rows=(Row("later", "z", 3, ("b1",), {"id": "z", "x": 1}), note_row(4, later=[1])))
    )
    assert store.raw("later", "z") == {"id": "z", "x": 1}
    bus.run(ACTOR, Write("n1", text="t"))
    assert store.raw("note", "n1") == {"id": "n1", "text": "t", "later": [1]}


def test_row_that_this_program_cannot_read_does_not_stop_the_others(
    store: DeskStore, replica: Replica
) -> None:
    replica.apply(Page(rows=(note_row(3, text=5), note_row(4, i="n2", text="ok"))))
    assert store.raw("note", "n1") == {"id": "n1", "text": 5}
    assert set(listed(store)) == {"n2"}


def test_renewed_device_numbers_from_one(bus: Bus, store: DeskStore, replica: Replica) -> None:
    bus.run(ACTOR, Write("n1", text="a"), Add("n1", line="x"))
    first, second = send(replica)
    replica.apply(Page(acked=1, receipts=(Receipt(1, first, "accepted"),)))
    before = store.device
    after = replica.renew_device()
    assert after != before == bus._device
    [again] = replica.outgoing(flush=True)
    assert (again.id, again.n, again.device) == (second, 1, after)


def test_restored_server_is_offered_the_journal(
    store: DeskStore, bus: Bus, replica: Replica
) -> None:
    bus.run(ACTOR, Write("n1", text="a"), Add("n1", line="x"))
    first, second = send(replica)
    replica.apply(Page(rows=(note_row(50, text="ghost", i="n9"),)))
    replica.apply(Page(acked=2, rows=(note_row(60, text="a", lines=["x"]),)))
    replica.finish(60, "h1", caught_up=True)
    assert replica.items() == []
    replica.reset_history("h2")
    assert replica.state().cursor == 0
    assert [(e.id, e.n) for e in replica.outgoing(flush=True)] == [(first, 1), (second, 2)]
    replica.apply(Page(acked=2, rows=(note_row(7, text="a", lines=["x"]),)))
    assert store.get("note", "n1").lines == ("x",)
    replica.finish(7, "h2", caught_up=True)
    assert store.get("note", "n1") == Note("n1", "a", ("x",))
    assert store.get("note", "n9") is None
    assert replica.items() == []


def test_renewed_while_a_taken_command_waits_for_its_effect(
    store: DeskStore, bus: Bus, replica: Replica
) -> None:
    bus.run(ACTOR, Write("n1", text="a"), Write("n2", text="b"), Write("n3", text="c"))
    first, second, third = send(replica)
    replica.apply(Page(acked=2, receipts=(Receipt(1, first, "accepted"),)))
    replica.reject(third, "sync.too_large")
    rows = (note_row(5, text="a"), note_row(6, i="n2", text="b"))
    replica.apply(Page(rows=rows))
    replica.finish(6, "h1", caught_up=True)
    assert [(i.command, i.state) for i in replica.items()] == [(third, OutboxState.REFUSED)]
    bus.run(ACTOR, Add("n1", line="x"))
    [fourth] = send(replica)
    renewed = store.device
    # A refusal that comes late is shown, whatever number the command once had.
    replica.apply(Page(receipts=(Receipt(1, first, "sync.not_yours"),)))
    assert (first, OutboxState.REFUSED) in [(i.command, i.state) for i in replica.items()]
    replica.reset_history("h2")
    assert store.device != renewed
    offered = [(e.id, e.n) for e in replica.outgoing(flush=True)]
    assert offered == [(second, 1), (fourth, 2)]


def test_the_journal_is_offered_and_replayed_in_the_order_of_the_acts(
    store: DeskStore, bus: Bus, replica: Replica
) -> None:
    bus.run(ACTOR, Write("n1", text="a"), Add("n1", line="x"), Add("n1", line="y"))
    commands = send(replica)
    replica.apply(Page(acked=3, rows=(note_row(9, text="a", lines=["x", "y"]),)))
    replica.finish(9, "h1", caught_up=True)
    replica.reset_history("h2")
    assert [i.command for i in replica.items()] == commands
    assert [e.n for e in replica.outgoing(flush=True)] == [1, 2, 3]


def test_the_servers_event_stands_wherever_the_desk_had_put_its_own(
    store: DeskStore, bus: Bus, replica: Replica
) -> None:
    bus.run(ACTOR, Write("n1", text="a"))
    [own] = store.events("note", "n1")
    theirs = to_json(replace(own, kind="board", entity="k7", place=3, command="c9"))
    replica.apply(Page(rows=(Row("event", own.id, 4, ("b1",), theirs),)))
    assert store.events("note", "n1") == []
    assert [e.entity for e in store.events("board", "k7")] == ["k7"]
    with store.reader() as connection:
        held = connection.exec_driver_sql("SELECT kind, entity, command, place FROM event").all()
    assert held == [("board", "k7", "c9", 3)]


def test_rejected_command_leaves_no_hole(bus: Bus, replica: Replica, store: DeskStore) -> None:
    bus.run(ACTOR, Write("n1", text="a"), Write("n2", text="b"))
    first, second = send(replica)
    replica.reject(first, "store.revoked")
    assert store.get("note", "n1") is None
    assert [(e.id, e.n) for e in replica.outgoing(flush=True)] == [(second, 1)]
