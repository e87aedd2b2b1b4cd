"""Desks as an administrator sees them: signed out, or erased after they told what they had."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from app.identity import audit
from app.kernel.clock import FixedClock, SystemClock
from app.kernel.errors import NotPermitted, Unavailable
from app.store.profile_file import FILE
from sync.client.service import SyncService
from sync.client.transport import HttpTransport
from sync.server import trail
from sync.server.__main__ import main
from sync.server.accounts import Accounts
from sync.server.files import Files
from sync.server.http import Server
from sync.server.service import Service
from tests.doubles.toy import AddNote
from tests.doubles.web import serve
from tests.sync.real import RealDesk

PASSWORD = "mật khẩu mẫu"
X = ("agency:x",)
LIGHT = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
Run = Callable[..., tuple[int, list[dict[str, Any]]]]


@pytest.fixture
def accounts(service: Service) -> Accounts:
    made = Accounts(service.store, SystemClock(), LIGHT)
    made.put("an", "an", PASSWORD)
    return made


@pytest.fixture
def base(service: Service, accounts: Accounts, tmp_path: Path) -> Iterator[str]:
    files = Files(tmp_path / "files", service.store)
    with serve(Server(service, accounts, files, SystemClock()).app()) as running:
        yield running.url


@pytest.fixture
def desk(base: str, tmp_path: Path) -> Iterator[RealDesk]:
    made = RealDesk(tmp_path / "pc", base)
    (tmp_path / "pc" / FILE).write_text("khóa đã bọc")
    (tmp_path / "pc" / "backups").mkdir()
    (tmp_path / "pc" / "backups" / "old.db").write_bytes(b"x")
    made.transport.sign_in("an", PASSWORD)
    made.act(AddNote("n1", "đã gửi", X))
    made.engine.round(flush=True)
    made.act(AddNote("n2", "lời chưa gửi", X))
    yield made
    made.close()


@pytest.fixture
def run(url: str, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
        capsys.readouterr()
        code = main(["devices", *arguments, "--json", "--database", url])
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return call


def syncing(desk: RealDesk) -> SyncService:
    return SyncService(desk.store, desk.transport, desk.clock)


def noted(service: Service, chain: str) -> list[str]:
    with service.store.read() as connection:
        return [e.detail for e in audit.entries(connection, chain=chain)]


def test_a_stolen_desk_tells_what_it_had_and_is_gone(
    desk: RealDesk, run: Run, service: Service, accounts: Accounts
) -> None:
    name, folder = desk.store.device, desk.store.folder
    assert run("wipe", name) == (0, [{"device": name, "done": "wipe"}])
    # The account is closed as well, so there is no token that the desk could show.
    accounts.put("an", "an", PASSWORD, active=False)
    line = syncing(desk)
    line.step()
    assert (line.status.state, line.status.code) == ("wiped", "sync.wipe")
    assert [p.name for p in folder.rglob("*")] == []
    assert desk.keys.held == {}
    [row] = run("list")[1]
    assert (row["device"], row["order"], row["waiting"]) == (name, "erased", 1)
    assert (row["person"], row["logins"], row["signed_in"]) == ("an", ["an"], False)
    [left] = run("waiting", name)[1]
    assert (left["name"], left["entity"], left["state"]) == ("note.add", "n2", "sent")
    assert noted(service, trail.DEVICES) == ["wipe", "told:1", "erased"]
    again = json.dumps({"device": name}).encode()
    reply = desk.session.request(
        "POST", f"{desk.transport._url('/device/erased')}", body=again, headers={}
    )
    assert reply.status == 401


def test_what_cannot_be_told_is_not_erased(
    desk: RealDesk, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("wipe", desk.store.device)

    def cut(*_: object) -> None:
        raise Unavailable("sync.offline")

    line = syncing(desk)
    with monkeypatch.context() as patch:
        patch.setattr(HttpTransport, "tell_erased", cut)
        line.step()
    assert line.status.state == "offline"
    assert desk.store.get("note", "n2").text == "lời chưa gửi"
    assert run("list")[1][0]["order"] == "ordered"
    with pytest.raises(NotPermitted, match=r"sync\.wipe"):
        line.once()
    assert line.status.state == "wiped"
    assert not (desk.store.folder / FILE).exists()


def test_an_order_taken_back_leaves_the_desk(desk: RealDesk, run: Run) -> None:
    name = desk.store.device
    run("wipe", name)
    assert run("spare", name)[0] == 0
    line = syncing(desk)
    line.step()
    assert line.status.state == "sign_in"
    desk.transport.sign_in("an", PASSWORD)
    assert line.once().sent == 1
    assert run("list")[1][0]["order"] == ""


def test_an_erased_desk_is_refused_also_with_a_new_sign_in(desk: RealDesk, run: Run) -> None:
    run("wipe", desk.store.device)
    desk.transport.sign_in("an", PASSWORD)
    with pytest.raises(NotPermitted, match=r"sync\.wipe"):
        desk.engine.round(flush=True)


def test_one_desk_is_signed_out_and_the_other_is_not(
    desk: RealDesk, run: Run, base: str, tmp_path: Path, service: Service
) -> None:
    other = RealDesk(tmp_path / "second", base)
    other.transport.sign_in("an", PASSWORD)
    other.engine.round()
    assert run("sign-out", desk.store.device)[0] == 0
    line = syncing(desk)
    line.step()
    assert line.status.state == "sign_in"
    assert desk.store.get("note", "n2").text == "lời chưa gửi"
    assert other.engine.round().caught_up
    rows = {r["device"]: r["signed_in"] for r in run("list")[1]}
    assert rows == {desk.store.device: False, other.store.device: True}
    assert noted(service, trail.DEVICES) == ["sign_out"]
    other.close()


def test_nobody_erases_what_was_not_ordered(desk: RealDesk, run: Run) -> None:
    for action in ("wipe", "sign-out", "spare", "waiting"):
        code, [row] = run(action, "không-có")
        assert (code, row["error"]["code"]) == (1, "device.unknown")
    with pytest.raises(NotPermitted, match=r"sync\.token"):
        desk.transport.tell_erased({"device": desk.store.device, "erased": True})


def test_a_thief_within_the_grace_ends_the_sign_in(service: Service, clock: FixedClock) -> None:
    accounts = Accounts(service.store, clock, LIGHT)
    accounts.put("an", "an", PASSWORD)
    first = accounts.sign_in("an", PASSWORD, "a")
    second = accounts.refresh(first.refresh)
    third = accounts.refresh(second.refresh)
    clock.advance(timedelta(seconds=5))
    # Whoever has used the second had the reply that replaced the first.
    with pytest.raises(NotPermitted, match=r"sync\.token"):
        accounts.refresh(first.refresh)
    with pytest.raises(NotPermitted, match=r"sync\.token"):
        accounts.check(third.access)
    account = accounts.check(accounts.sign_in("an", PASSWORD, "a").access)
    accounts.sign_out(account)
    assert noted(service, "login:an") == ["", "token_reused", "", "asked"]
