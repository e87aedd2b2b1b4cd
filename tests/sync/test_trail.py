"""The server's audit log: every push, sign-in and change of an account, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError

from app.identity import audit
from app.identity.audit import AuditEntry
from app.kernel.clock import FixedClock
from app.kernel.errors import NotPermitted
from sync.server import trail
from sync.server.accounts import Accounts
from sync.server.check import Finding, check
from sync.server.files import Files
from sync.server.service import Service
from tests.doubles.toy import AddNote, CountUp, registry
from tests.sync.desk import Desk

LIGHT = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def entries(service: Service, chain: str) -> list[AuditEntry]:
    with service.store.read() as connection:
        return audit.entries(connection, chain=chain)


def unguard(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        for act in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER audit_no_{act}"))
    else:
        connection.execute(text("DROP TRIGGER audit_no_change ON audit"))


def test_a_push_is_noted_once_with_its_commands_and_each_refusal(
    service: Service, desk: Callable[..., Desk]
) -> None:
    pc = desk()
    pc.sync(AddNote("n1", "lời kín", ("agency:x",)), CountUp("n1"), CountUp("không có"))
    push, refused = entries(service, "device:desk-an")
    assert (push.action, push.person, push.device) == ("push", "an", "desk-an")
    assert (push.objects, push.detail) == (("note.add:n1", "note.count:n1"), "1-3")
    assert (refused.action, refused.objects) == ("push_refused", ("note.count:không có",))
    assert refused.detail == pc.receipts[3].code
    assert "kín" not in str(push)
    pc.sync()
    assert len(entries(service, "device:desk-an")) == 2
    [acted] = entries(service, trail.SYSTEM)
    assert acted.objects[0].endswith(":an")


def test_sign_ins_and_accounts_are_noted_without_what_was_typed(
    service: Service, clock: FixedClock
) -> None:
    accounts = Accounts(service.store, clock, LIGHT)
    accounts.put("an", "an", "mật khẩu một")
    accounts.sign_in("an", "mật khẩu một", "10.0.0.1")
    for login in ("an", "mật khẩu gõ nhầm ô"):
        with pytest.raises(NotPermitted):
            accounts.sign_in(login, "sai", "10.0.0.1")
    accounts.change_password("an", "mật khẩu một", "mật khẩu hai")
    assert [(e.action, e.person) for e in entries(service, "login:an")] == [
        ("sign_in", "an"),
        ("sign_in_refused", ""),
    ]
    assert [e.action for e in entries(service, trail.NOBODY)] == ["sign_in_refused"]
    done = entries(service, trail.ACCOUNTS)
    assert [(e.objects, e.detail) for e in done] == [(("an",), "put"), (("an",), "own_password")]
    with service.store.read() as connection:
        everything = [
            str(e) for c in audit.chains(connection) for e in audit.entries(connection, chain=c)
        ]
    assert not any("mật khẩu" in said for said in everything)


@pytest.mark.parametrize(
    ("damage", "where"),
    [
        ("UPDATE audit SET person = 'binh' WHERE action = 'push' AND seq = 2", "2"),
        ("DELETE FROM audit WHERE action = 'push' AND seq = 1", "1"),
        ("DELETE FROM audit WHERE chain = 'device:desk-an' AND seq = 3", "end"),
        ("DELETE FROM audit WHERE chain = 'device:desk-an'", "end"),
    ],
)
def test_the_check_names_the_first_broken_link(
    service: Service, desk: Callable[..., Desk], tmp_path: Path, damage: str, where: str
) -> None:
    pc = desk()
    for note in ("n1", "n2", "n3"):
        pc.sync(AddNote(note, "", ("agency:x",)))
    files = Files(tmp_path / "files", service.store)
    assert check(service.store, registry(), files) == []
    with pytest.raises(DatabaseError, match="only grows"), service.store.write() as connection:
        connection.execute(text(damage))
    with service.store.write() as connection:
        unguard(connection)
        connection.execute(text(damage))
    found = check(service.store, registry(), files)
    assert found == [Finding("audit", "device:desk-an", where)]
