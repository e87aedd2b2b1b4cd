"""The audit log only grows, and every alteration shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DatabaseError

from app.identity import audit
from app.identity.actions import Action
from app.identity.audit import Note
from app.kernel.errors import Damaged
from app.store.migrations import m0003_audit
from tests.doubles.world import NOON


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.begin() as opened:
        audit.create(opened)
        yield opened
    engine.dispose()


def write(connection: Connection, count: int = 3) -> list[audit.AuditEntry]:
    return [
        audit.append(connection, NOON, Note(Action.SIGN, person="p1", objects=(f"doc{n}",)))
        for n in range(count)
    ]


def test_entries_are_chained(connection: Connection) -> None:
    assert audit.verify_chain(connection) == audit.START
    made = write(connection)
    assert [e.prev for e in made] == [audit.START, made[0].hash, made[1].hash]
    assert audit.entries(connection) == made
    assert audit.verify_chain(connection) == made[-1].hash


@pytest.mark.parametrize("act", ["UPDATE audit SET person = 'p2'", "DELETE FROM audit"])
def test_the_database_refuses_changes(connection: Connection, act: str) -> None:
    write(connection)
    with pytest.raises(DatabaseError, match="only grows"):
        connection.exec_driver_sql(act)


@pytest.mark.parametrize(
    ("act", "seq"),
    [
        ("UPDATE audit SET person = 'p2' WHERE seq = 2", 2),
        ("UPDATE audit SET objects = '[]' WHERE seq = 3", 3),
        ("UPDATE audit SET hash = prev WHERE seq = 1", 1),
        ("DELETE FROM audit WHERE seq = 2", 2),
        ("DELETE FROM audit WHERE seq = 1", 1),
    ],
)
def test_what_gets_round_the_database_breaks_the_chain(
    connection: Connection, act: str, seq: int
) -> None:
    write(connection)
    for trigger in ("audit_no_update", "audit_no_delete"):
        connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
    connection.exec_driver_sql(act)
    with pytest.raises(Damaged, match=r"audit\.broken") as caught:
        audit.verify_chain(connection)
    assert caught.value.params == {"seq": seq}


def test_chains_do_not_lean_on_each_other(connection: Connection) -> None:
    first = audit.append(connection, NOON, Note(Action.PUSH), "a")
    other = audit.append(connection, NOON, Note(Action.PUSH), "b")
    second = audit.append(connection, NOON, Note(Action.PUSH, detail="2-3"), "a")
    assert (other.prev, second.prev) == (audit.START, first.hash)
    assert audit.chains(connection) == ["a", "b"]
    assert audit.newest(connection, Action.PUSH, "a") == second
    connection.exec_driver_sql("DROP TRIGGER audit_no_update")
    connection.exec_driver_sql(
        "UPDATE audit SET chain = 'b', seq = 2 WHERE hash = ?", (second.hash,)
    )
    assert audit.verify_chain(connection, "a") == first.hash
    with pytest.raises(Damaged, match=r"audit\.broken"):
        audit.verify_chain(connection, "b")


def test_the_desk_lays_the_same_table(connection: Connection) -> None:
    engine = create_engine("sqlite://")
    ask = "SELECT name, type, \"notnull\", pk FROM pragma_table_info('audit')"
    with engine.begin() as desk:
        m0003_audit.run(desk)
        columns = [
            [(name, "TEXT" if kind == "VARCHAR" else kind, *rest) for name, kind, *rest in found]
            for found in (c.exec_driver_sql(ask).all() for c in (desk, connection))
        ]
        made = audit.append(desk, NOON, Note(Action.LOGIN, person="p1"))
        assert audit.entries(desk) == [made]
        with pytest.raises(DatabaseError, match="only grows"):
            desk.exec_driver_sql("DELETE FROM audit")
    engine.dispose()
    assert columns[0] == columns[1]
