"""Signing in with a real token: challenge, PIN in the helper, and a server that checks it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from app.entry.line import ServerSignIn
from app.kernel.clock import SystemClock
from app.kernel.errors import DeviceProblem, NotPermitted
from app.kernel.ports import CertificateInfo
from signing.checking.standing import Standing
from signing.tokens.signer import TokenSigner
from sync.client.service import SyncService
from sync.client.transport import HttpTransport
from sync.http import Session
from sync.protocol.second import Challenge, statement
from sync.server.accounts import Accounts
from sync.server.files import Files
from sync.server.http import Server
from sync.server.service import Service
from sync.server.store import Store
from tests.doubles.toy import HoldBuckets, ToyPeople, registry
from tests.doubles.web import serve
from tests.signing.conftest import Office, Pins
from tests.sync.real import Keys, RealDesk

PASSWORD = "mật khẩu mẫu"


@pytest.fixture
def server(office: Office, tmp_path: Path) -> Iterator[Server]:
    clock = SystemClock()
    store = Store(f"sqlite:///{tmp_path / 'server.db'}", clock)
    service = Service(store, registry(), ToyPeople(), clock)
    service.run_as_system(HoldBuckets("an", ("all",)))
    accounts = Accounts(store, clock, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    accounts.put("an", "an", PASSWORD)
    made = Server(service, accounts, Files(tmp_path / "files", store), clock)
    made.judge_by(Standing(office.trust, clock, office.http))
    made.second.require("an", required=True)
    yield made
    store.close()


def test_a_desk_signs_in_with_a_token(office: Office, server: Server, tmp_path: Path) -> None:
    with serve(server.app()) as running, office.keys() as keys:
        desk = RealDesk(tmp_path / "desk", running.url)
        keeper = SyncService(desk.store, desk.transport, SystemClock())
        sign_in = ServerSignIn(keeper, keys, "an", running.url)  # type: ignore[arg-type]
        own = mine(keys)
        with pytest.raises(NotPermitted, match=r"sync\.second_factor"):
            sign_in(PASSWORD, Pins())
        with pytest.raises(DeviceProblem, match="pin_incorrect"):
            sign_in(PASSWORD, Pins("0000"), own)
        with pytest.raises(NotPermitted, match=r"sync\.second_pending"):
            sign_in(PASSWORD, Pins(), own)
        server.second.approve("an")
        pins = Pins()
        sign_in(PASSWORD, pins, own)
        assert pins.asked == ["Người ký"]
        assert server.accounts.check(desk.keys.held["sync.access"]).strong
        desk.engine.round()
        # The device is lost: a code of the administrator stands for it, once.
        desk.transport.forget()
        sign_in(PASSWORD, Pins(), None, server.second.code("an"))
        assert server.accounts.check(desk.keys.held["sync.access"]).strong
        desk.close()


def test_a_token_that_was_pulled_signs_nobody_in(office: Office, server: Server) -> None:
    with serve(server.app()) as running, office.keys() as keys:
        own = mine(keys)
        gone = replace(own, token=replace(own.token, serial="another"))
        session = Session(SystemClock())
        way = HttpTransport(session, running.url, Keys())
        with pytest.raises(DeviceProblem, match="token_gone"):
            way.sign_in("an", PASSWORD, lambda c: prove(keys, gone, c))
        session.close()


def prove(keys: TokenSigner, own: CertificateInfo, challenge: Challenge) -> dict[str, str]:
    keys.prove(own, Pins(), statement(challenge))
    return {}


def mine(keys: TokenSigner) -> CertificateInfo:
    return next(c for c in keys.certificates() if c.token.label == "Người ký")


def test_nothing_else_is_signed_in_this_way(office: Office) -> None:
    with office.keys() as keys, pytest.raises(ValueError, match="documents"):
        keys.prove(mine(keys), Pins(), b"%PDF-1.7 anything")
