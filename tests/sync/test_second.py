"""The signing device as a second factor: who needs it, what answers it, and what it opens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from app.features import registry as features
from app.identity import audit
from app.identity.commands import PutPerson, PutPost, PutUnit
from app.kernel.clock import FixedClock, SystemClock
from app.kernel.errors import Damaged, NotPermitted, Unavailable
from signing.checking.standing import Standing
from signing.trust.store import TrustStore
from sync.client.transport import HttpTransport
from sync.http import Session
from sync.protocol.second import Challenge, statement
from sync.server import trail
from sync.server.accounts import LOGIN_FAILURES, Accounts
from sync.server.demo.authority import DemoAuthority
from sync.server.demo.province import free_port
from sync.server.demo.softkeys import SoftKeys
from sync.server.directory import People
from sync.server.files import Files
from sync.server.http import Server
from sync.server.push import ACTS
from sync.server.second import CHALLENGE_SECONDS, CODE_SECONDS, ROLES
from sync.server.service import Service
from sync.server.store import Store
from tests.doubles.http import LoopbackHttp
from tests.doubles.toy import AddNote, HoldBuckets, ToyPeople, registry
from tests.doubles.web import serve
from tests.sync.desk import Desk
from tests.sync.real import Keys

PASSWORD = "mật khẩu mẫu"
LATE = r"sync\.second_late"
AN, BINH = "person-an", "person-binh"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoAuthority]:
    folder = tmp_path_factory.mktemp("authority")
    people = [("an", "Lò Văn An (mẫu)"), ("binh", "Lò Thị Bình (mẫu)")]
    made = DemoAuthority.create(folder / "ca", people, [], port=free_port())
    made.anchors(folder / "trust")
    with made.serve():
        yield made


@dataclass
class Bench:
    """A server that judges by the demonstration authority, and desks that sign in to it."""

    server: Server
    url: str
    authority: DemoAuthority
    keys: SoftKeys
    clock: FixedClock
    asked: list[Challenge]

    def prove(self, label: str, **changes: Any) -> Callable[[Challenge], dict[str, str]]:
        """Return what answers a challenge with a holder's key; `changes` forge the challenge."""
        import base64

        def answer(challenge: Challenge) -> dict[str, str]:
            self.asked.append(challenge)
            signed = self.keys._raw(label, statement(replace(challenge, **changes)))
            der = self.authority.certificate(label)
            return {
                "certificate": base64.b64encode(der).decode(),
                "signature": base64.b64encode(signed).decode(),
                "scheme": "pss",
            }

        return answer

    def sign_in(self, prove: Any = None, login: str = "an") -> str:
        """Sign in over HTTP; answer the access token."""
        session, keys = Session(SystemClock()), Keys()
        try:
            way = HttpTransport(session, self.url, keys)
            way.device = lambda: "desk-an"
            way.sign_in(login, PASSWORD, prove)
        finally:
            session.close()
        return keys.held["sync.access"]

    def refused(self, prove: Any = None) -> str:
        """Return the code that a sign-in is refused with."""
        with pytest.raises((NotPermitted, Unavailable)) as told:
            self.sign_in(prove)
        return told.value.code

    def noted(self) -> list[str]:
        with self.server.service.store.read() as connection:
            found = audit.entries(connection, chain=trail.ACCOUNTS)
        return [entry.detail for entry in found]


@pytest.fixture
def bench(authority: DemoAuthority, store: Store, tmp_path: Path) -> Iterator[Bench]:
    # Certificates are of today.
    clock = FixedClock(SystemClock().now())
    service = Service(store, registry(), ToyPeople(), clock)
    service.run_as_system(HoldBuckets("an", ("all",)), HoldBuckets("binh", ("all",)))
    accounts = Accounts(store, clock, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    accounts.put("an", "an", PASSWORD)
    accounts.put("binh", "binh", PASSWORD)
    server = Server(service, accounts, Files(tmp_path / "files", store), clock)
    trust = TrustStore([authority.folder.parent / "trust"])
    server.judge_by(Standing(trust, clock, LoopbackHttp()))
    with serve(server.app()) as running:
        keys = SoftKeys(authority, trust, clock)
        yield Bench(server, running.url, authority, keys, clock, [])


def test_an_account_that_needs_it_signs_in_with_its_own_device(bench: Bench) -> None:
    second, accounts = bench.server.second, bench.server.accounts
    weak = accounts.check(bench.sign_in(bench.prove(AN)))
    assert not weak.strong and bench.asked == [], "nobody asked for it"
    second.bind("an", bench.authority.certificate(AN))
    second.require("an", required=True)
    # What was signed in with a password alone has ended; an older desk is told why.
    assert bench.refused() == "sync.second_factor"
    strong = accounts.check(bench.sign_in(bench.prove(AN)))
    assert (strong.strong, strong.login) == (True, "an")
    assert (bench.asked[0].login, bench.asked[0].device) == ("an", "desk-an")
    assert bench.refused(bench.prove(BINH)) == "sync.second_wrong"
    assert not accounts.check(bench.sign_in(login="binh")).strong
    assert bench.noted()[-2:] == ["second_bound", "second_required"]


@pytest.mark.parametrize(
    "forged",
    [{"nonce": "x"}, {"login": "binh"}, {"server": "another"}, {"device": "other"}, {"until": 9}],
)
def test_a_signature_over_anything_else_is_none(bench: Bench, forged: dict[str, Any]) -> None:
    bench.server.second.bind("an", bench.authority.certificate(AN))
    bench.server.second.require("an", required=True)
    assert bench.refused(bench.prove(AN, **forged)) == "sync.second_wrong"
    assert bench.sign_in(bench.prove(AN))


def test_a_challenge_is_answered_once_and_in_time(bench: Bench) -> None:
    second = bench.server.second
    second.bind("an", bench.authority.certificate(AN))
    second.require("an", required=True)
    form = {"login": "an", "password": PASSWORD, "second": "signature", "device": "d"}
    given = second.sign_in(form, "")
    assert isinstance(given, Challenge)
    answer = {"id": given.id, **bench.prove(AN)(given)}
    assert second.answer(answer, "").person == "an"
    for late in (answer, {**answer, "id": "nobody's"}):
        with pytest.raises(NotPermitted, match=LATE):
            second.answer(late, "")
    given = second.sign_in(form, "")
    assert isinstance(given, Challenge)
    bench.clock.advance(timedelta(seconds=CHALLENGE_SECONDS + 1))
    with pytest.raises(NotPermitted, match=LATE):
        second.answer({"id": given.id, **bench.prove(AN)(given)}, "")
    # A wrong answer spends it too.
    given = second.sign_in(form, "")
    assert isinstance(given, Challenge)
    for code in (r"sync\.second_wrong", LATE):
        with pytest.raises(NotPermitted, match=code):
            second.answer({"id": given.id, **bench.prove(AN, nonce="x")(given)}, "")


def test_wrong_devices_lock_the_login_as_wrong_passwords_do(bench: Bench) -> None:
    bench.server.second.bind("an", bench.authority.certificate(AN))
    bench.server.second.require("an", required=True)
    for _ in range(LOGIN_FAILURES):
        assert bench.refused(bench.prove(BINH)) == "sync.second_wrong"
    assert bench.refused(bench.prove(AN)) == "sync.too_many"


def test_the_first_device_waits_for_an_administrator(bench: Bench) -> None:
    second = bench.server.second
    second.require("an", required=True)
    assert bench.refused(bench.prove(AN)) == "sync.second_pending"
    assert bench.refused(bench.prove(AN)) == "sync.second_pending"
    approved = second.approve("an")
    assert bench.sign_in(bench.prove(AN))
    assert second.told("an") == {"second": True, "certificate": approved, "pending": ""}
    second.forget("an")
    assert bench.refused(bench.prove(AN)) == "sync.second_pending"


def test_a_lost_device_is_replaced_by_a_code_that_works_once(bench: Bench) -> None:
    second = bench.server.second
    second.bind("an", bench.authority.certificate(AN))
    second.require("an", required=True)
    code = second.code("an")
    assert bench.sign_in(lambda _: {"code": code.lower()})
    assert bench.refused(lambda _: {"code": code}) == "sync.second_wrong"
    again = second.code("an")
    bench.clock.advance(timedelta(seconds=CODE_SECONDS + 1))
    assert bench.refused(lambda _: {"code": again}) == "sync.second_wrong"
    assert bench.noted()[-3:] == ["second_code", "second_code_used", "second_code"]
    assert code not in str(bench.noted())


def test_a_certificate_of_nobody_is_refused(bench: Bench) -> None:
    second = bench.server.second
    second.require("an", required=True)
    second.bind("an", bench.authority.certificate(AN))
    bench.server.judge_by(Standing(TrustStore([]), bench.clock))
    assert bench.refused(bench.prove(AN)) == "sync.second_certificate"


def test_a_revoked_certificate_is_refused(bench: Bench, tmp_path: Path) -> None:
    made = DemoAuthority.create(tmp_path / "ca", [("an", "Lò Văn An (mẫu)")], [], port=free_port())
    made.anchors(tmp_path / "trust")
    trust = TrustStore([tmp_path / "trust"])
    bench.server.judge_by(Standing(trust, bench.clock, LoopbackHttp()))
    bench.server.second.bind("an", made.certificate(AN))
    bench.server.second.require("an", required=True)
    own = replace(bench, authority=made, keys=SoftKeys(made, trust, bench.clock))
    with made.serve():
        assert own.sign_in(own.prove(AN))
    made.revoke(AN, bench.clock.now() - timedelta(hours=1))
    with made.serve():
        assert own.refused(own.prove(AN)) == "sync.second_certificate"
    # Where nobody can be asked, the certificate is taken as far as it is known.
    assert own.sign_in(own.prove(AN))


def test_a_role_that_needs_it_is_asked_for_it(store: Store, tmp_path: Path) -> None:
    clock = FixedClock(SystemClock().now())
    server = build_real(store, tmp_path, clock)
    server.second.demand(ROLES, ("administrator",))
    form = {"login": "mai", "password": PASSWORD, "second": "signature"}
    assert not isinstance(server.second.sign_in(form, ""), Challenge), "a clerk"
    server.second.demand(ROLES, ("administrator", "clerk"))
    assert isinstance(server.second.sign_in(form, ""), Challenge)
    clock.advance(timedelta(days=40))
    assert not isinstance(server.second.sign_in(form, ""), Challenge), "his post has ended"


def build_real(store: Store, folder: Path, clock: FixedClock) -> Server:
    service = Service(store, features(), People(), clock)
    accounts = Accounts(store, clock, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    since = clock.now().date() - timedelta(days=9)
    service.run_as_system(
        PutUnit("xa", "11.1", "UBND xã Mẫu", kind="agency", is_agency=True, valid_from=since),
        PutPerson("mai", "Lò Thị Mai (mẫu)", "mai"),
        PutPost(
            "q.mai", "mai", "xa", "xa", "Văn thư", ("clerk",), since, since + timedelta(days=30)
        ),
    )
    accounts.put("mai", "mai", PASSWORD)
    return Server(service, accounts, Files(folder / "files", store), clock)


def test_acts_that_demand_it_are_refused_to_a_sign_in_without(bench: Bench) -> None:
    second, server = bench.server.second, bench.server
    second.demand(ACTS, ("note.add",))
    weak = server.accounts.check(bench.sign_in())
    first = Desk(server.service, weak, "desk-1", bench.clock)
    (receipt,) = first.sync(AddNote("n1", "", ("all",)))
    assert receipt.code == "sync.second_wanted"
    second.bind("an", bench.authority.certificate(AN))
    second.require("an", required=True)
    strong = server.accounts.check(bench.sign_in(bench.prove(AN)))
    (receipt,) = Desk(server.service, strong, "desk-2", bench.clock).sync(
        AddNote("n1", "", ("all",))
    )
    assert receipt.code == "accepted"


def test_a_desk_signs_no_challenge_of_another_login(bench: Bench) -> None:
    bench.server.second.require("an", required=True)
    session = Session(SystemClock())
    way = HttpTransport(session, bench.url, Keys())
    way._json = lambda *_: {"second": {**CHALLENGE, "login": "binh"}}  # type: ignore[method-assign]
    with pytest.raises(Damaged):
        way.sign_in("an", PASSWORD, bench.prove(AN))
    assert bench.asked == []
    session.close()


CHALLENGE = {
    "id": "i", "server": "s", "login": "an", "device": "", "nonce": "n", "at": 1, "until": 2
}  # fmt: skip


def test_the_text_that_is_signed_can_be_no_document() -> None:
    text = statement(Challenge(**CHALLENGE))  # type: ignore[arg-type]
    assert text.startswith(b"HOA BAN SIGN-IN 1: ")
    assert json.loads(text.partition(b"\n")[2]) == CHALLENGE
    assert not text.startswith((b"%PDF", b"<", b"1"))
