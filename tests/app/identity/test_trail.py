"""What the bus does and refuses lies in the desk's audit log, in the act's own transaction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.identity import audit
from app.identity.actions import Action
from app.identity.audit import AuditEntry, Note
from app.identity.trail import DeskTrail
from app.kernel.bus import Bus
from app.kernel.clock import FixedClock
from app.kernel.errors import Damaged, NotPermitted, RuleViolation
from app.store.desk import DeskStore
from tests.app.store import toy

KEY = bytes(range(32))
DEPUTY = replace(toy.ACTOR, acting_for="p2", authority="KT.")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DeskStore]:
    opened = DeskStore.open(tmp_path, KEY, toy.registry(), FixedClock(toy.AT))
    yield opened
    opened.close()


def bus_of(store: DeskStore) -> Bus:
    trail = DeskTrail(store)
    return Bus(store.registry, store.transaction, store.device, store.clock, store.changes, trail)


def entries(store: DeskStore) -> list[AuditEntry]:
    with store.reader() as connection:
        return audit.entries(connection)


def test_a_command_leaves_who_for_whom_what_and_on_what_but_no_content(store: DeskStore) -> None:
    bus_of(store).run(DEPUTY, toy.Write("n1", text="nội dung kín"))
    (entry,) = entries(store)
    assert (entry.action, entry.person, entry.post, entry.acting_for) == (
        "command",
        "p1",
        "q1",
        "p2",
    )
    assert (entry.device, entry.objects) == (store.device, ("note.write", "n1"))
    assert entry.at == toy.AT.isoformat()
    assert "kín" not in str(entry)


def test_a_refusal_stays_although_the_act_is_taken_back(store: DeskStore) -> None:
    bus = bus_of(store)
    bus.run(DEPUTY, toy.Write("n1"), toy.Close("n1"))
    with pytest.raises(RuleViolation) as caught:
        bus.run(DEPUTY, toy.Write("n2"), toy.Add("n1", line="muộn"))
    assert store.get("note", "n2") is None
    done = [e for e in entries(store) if e.action == "command"]
    assert [e.objects[0] for e in done] == ["note.write", "note.close"]
    last = entries(store)[-1]
    assert (last.action, last.objects) == ("command_refused", ("note.add", "n1"))
    assert last.detail == caught.value.code
    with pytest.raises(NotPermitted):
        bus.run(replace(DEPUTY, roles=frozenset()), toy.Close("n1"))
    assert entries(store)[-1].detail == "permission"
    assert DeskTrail(store).verify() == entries(store)[-1].hash


def test_the_entry_goes_with_the_act_that_breaks_off(store: DeskStore) -> None:
    def breaks_off() -> None:
        with store.transaction():
            DeskTrail(store).note(Note(Action.EXPORT))
            raise KeyError

    with pytest.raises(KeyError):
        breaks_off()
    assert entries(store) == []


def test_a_broken_chain_is_found_at_its_first_entry(store: DeskStore) -> None:
    bus = bus_of(store)
    bus.run(DEPUTY, toy.Write("n1"), toy.Write("n2"), toy.Write("n3"))
    with store.writing() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_no_update")
        connection.exec_driver_sql("UPDATE audit SET person = 'p9' WHERE seq = 2")
    with pytest.raises(Damaged, match=r"audit\.broken") as caught:
        DeskTrail(store).verify()
    assert caught.value.params == {"seq": 2}
