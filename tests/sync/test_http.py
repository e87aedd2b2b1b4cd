"""The whole over real HTTP on loopback: tokens, streams, waiting, files, lies of the line."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from app.forms.compose import DraftDocument, compose
from app.kernel.clock import FixedClock, SystemClock
from app.kernel.errors import NotPermitted, RuleViolation, Unavailable
from sync.http import Session
from sync.protocol import codec
from sync.protocol.messages import MEDIA_GZIP, MEDIA_JSON, MEDIA_ZSTD, End
from sync.server.accounts import Accounts
from sync.server.files import Files, leaves_of
from sync.server.http import Server
from sync.server.parts import LEAF
from sync.server.service import Service
from tests.doubles.toy import AddNote, HoldBuckets
from tests.doubles.web import Running, liar, serve
from tests.sync.desk import Desk

X = ("agency:x",)
PASSWORD = "mật khẩu mẫu"


@pytest.fixture
def server(service: Service, tmp_path: Path, clock: FixedClock) -> Server:
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    accounts = Accounts(service.store, clock, hasher)
    accounts.put("an", "an", PASSWORD)
    accounts.put("binh", "binh", PASSWORD)
    return Server(service, accounts, Files(tmp_path / "files", service.store), SystemClock())


@pytest.fixture
def running(server: Server) -> Iterator[Running]:
    with serve(server.app()) as made:
        yield made


@pytest.fixture
def http() -> Iterator[Session]:
    made = Session(SystemClock())
    yield made
    made.close()


class Caller:
    """Ask with a token, as JSON."""

    def __init__(self, http: Session, base: str, token: str = "") -> None:
        self.http, self.base, self.token = http, base, token

    def __call__(self, method: str, path: str, value: Any = None, **headers: str) -> Any:
        body = value if isinstance(value, bytes) else json.dumps(value).encode() if value else b""
        given = {k.replace("_", "-"): v for k, v in headers.items()}
        if self.token:
            given["Authorization"] = f"Bearer {self.token}"
        return self.http.request(
            method, f"{self.base}{path}", body=body, headers=given, max_bytes=1 << 24
        )

    def sign_in(self, login: str, password: str = PASSWORD) -> dict[str, Any]:
        reply = self("POST", "/sync/v1/session", {"login": login, "password": password})
        value: dict[str, Any] = json.loads(reply.body)
        self.token = value.get("access", "")
        return value


@pytest.fixture
def ask(http: Session, running: Running) -> Caller:
    return Caller(http, running.url)


def test_round_over_http_streams_frames(ask: Caller, desk: Callable[..., Desk]) -> None:
    ask.sign_in("an")
    an = desk()
    body, media = codec.encode_request(an.request(an.envelope(AddNote("n1", "một", X))))
    for accept in (MEDIA_ZSTD, MEDIA_GZIP):
        headers = {"Content-Type": media, "Accept": accept, "Authorization": f"Bearer {ask.token}"}
        with ask.http.stream("POST", f"{ask.base}/sync/v1", body=body, headers=headers) as reply:
            assert (reply.status, reply.headers["Content-Type"]) == (200, accept)
            unpacker = codec.Unpacker(accept)
            end = an.take(f for piece in reply.chunks for f in unpacker.feed(piece))
        assert isinstance(end, End)
        assert end.caught_up
        assert an.ids("note") == {"n1"}


@pytest.mark.parametrize("token", ["", "wrong"])
def test_without_a_token_nothing_is_answered(ask: Caller, token: str) -> None:
    ask.token = token
    for method, path in (
        ("POST", "/sync/v1"),
        ("GET", "/sync/v1/wait"),
        ("GET", f"/sync/v1/files/{'0' * 64}"),
        ("DELETE", "/sync/v1/session"),
    ):
        reply = ask(method, path)
        assert reply.status == 401
        assert reply.headers["Content-Type"].startswith(MEDIA_JSON)
        assert json.loads(reply.body)["error"]["code"] == "sync.token"


def test_wrong_body_is_a_typed_error(ask: Caller) -> None:
    ask.sign_in("an")
    for body in (b"<html>", b"{}", b"\x00" * 100):
        reply = ask("POST", "/sync/v1", body)
        assert (reply.status, json.loads(reply.body)["error"]["code"]) == (400, "sync.request")


def test_sign_in_is_limited_per_login(server: Server, clock: FixedClock) -> None:
    accounts = server.accounts
    for _ in range(5):
        with pytest.raises(NotPermitted, match=r"sync\.sign_in"):
            accounts.sign_in("an", "sai", "10.0.0.1")
    with pytest.raises(Unavailable, match=r"sync\.too_many") as waited:
        accounts.sign_in("an", PASSWORD, "10.0.0.2")
    assert waited.value.retry_at is not None
    accounts.sign_in("binh", PASSWORD, "10.0.0.1")
    clock.advance(timedelta(hours=1))
    assert accounts.sign_in("an", PASSWORD, "10.0.0.1").person == "an"


def test_sign_in_is_limited_per_address(server: Server) -> None:
    for turn in range(30):
        with pytest.raises(NotPermitted):
            server.accounts.sign_in(f"ai{turn}", "sai", "10.0.0.1")
    with pytest.raises(Unavailable, match=r"sync\.too_many"):
        server.accounts.sign_in("an", PASSWORD, "10.0.0.1")
    assert server.accounts.sign_in("an", PASSWORD, "10.0.0.9").person == "an"


def test_refresh_survives_a_lost_reply_but_not_a_thief(server: Server, clock: FixedClock) -> None:
    accounts = server.accounts
    first = accounts.sign_in("an", PASSWORD, "a")
    lost = accounts.refresh(first.refresh)
    again = accounts.refresh(first.refresh)
    assert accounts.check(again.access).person == "an"
    clock.advance(timedelta(minutes=10))
    with pytest.raises(NotPermitted, match=r"sync\.token"):
        accounts.refresh(first.refresh)
    for token in (lost.refresh, again.refresh):
        with pytest.raises(NotPermitted):
            accounts.refresh(token)


def test_access_expires_and_sign_out_ends_it(server: Server, clock: FixedClock) -> None:
    accounts = server.accounts
    given = accounts.sign_in("an", PASSWORD, "a")
    clock.advance(timedelta(minutes=16))
    with pytest.raises(NotPermitted):
        accounts.check(given.access)
    fresh = accounts.refresh(given.refresh)
    accounts.sign_out(accounts.check(fresh.access))
    with pytest.raises(NotPermitted):
        accounts.check(fresh.access)
    with pytest.raises(NotPermitted):
        accounts.refresh(fresh.refresh)


def test_changed_password_ends_every_sign_in(ask: Caller) -> None:
    ask.sign_in("an")
    assert ask("POST", "/sync/v1/password", {"old": PASSWORD, "new": "ngắn"}).status == 400
    assert ask("POST", "/sync/v1/password", {"old": "sai", "new": "mật khẩu khác"}).status == 401
    assert ask("POST", "/sync/v1/password", {"old": PASSWORD, "new": "mật khẩu khác"}).status == 200
    assert ask("DELETE", "/sync/v1/session").status == 401
    assert ask.sign_in("an", "mật khẩu khác")["person"] == "an"


def test_wait_is_woken_by_another_desk(
    ask: Caller, service: Service, clock: FixedClock, desk: Callable[..., Desk]
) -> None:
    ask.sign_in("an")
    an = desk()
    an.sync()
    place = f"/sync/v1/wait?cursor={an.cursor}&scope={','.join(an.scope)}"
    assert json.loads(ask("GET", f"{place}&seconds=0").body) == {"news": False}
    later = threading.Timer(0.3, lambda: desk("binh").sync(AddNote("n1", "", X)))
    later.start()
    assert json.loads(ask("GET", f"{place}&seconds=9").body) == {"news": True}
    later.join()


def test_wait_tells_of_a_changed_role(
    ask: Caller, service: Service, desk: Callable[..., Desk]
) -> None:
    ask.sign_in("an")
    an = desk()
    an.sync()
    service.run_as_system(HoldBuckets("an", ("all",)))
    an.sync()
    service.run_as_system(HoldBuckets("an", ("all", "agency:z")))
    reply = ask("GET", f"/sync/v1/wait?cursor=999999&scope={','.join(an.scope)}&seconds=0")
    assert json.loads(reply.body) == {"news": True}


def upload(ask: Caller, data: bytes, piece: int = 1 << 20) -> str:
    sha256 = hashlib.sha256(data).hexdigest()
    plan = {"size": len(data), "leaves": leaves_of(data)}
    state = json.loads(ask("POST", f"/sync/v1/files/{sha256}", plan).body)
    while not state.get("have"):
        at = state["offset"]
        reply = ask(
            "PATCH",
            f"/sync/v1/files/{sha256}",
            data[at : at + piece],
            Upload_Offset=str(at),
            Upload_Length=str(len(data)),
        )
        assert reply.status == 200, reply.body
        state = json.loads(reply.body)
    return sha256


def test_file_goes_up_in_pieces_and_down_by_range(ask: Caller, server: Server) -> None:
    ask.sign_in("an")
    data = bytes(range(256)) * 3000
    sha256 = upload(ask, data, 300_000)
    path = f"/sync/v1/files/{sha256}"
    assert ask("HEAD", path).headers["Upload-Offset"] == str(len(data))
    assert ask("GET", path).body == data
    tag = ask("GET", path).headers["ETag"]
    part = ask("GET", path, Range="bytes=1000-1999", If_Range=tag)
    assert (part.status, part.body) == (206, data[1000:2000])
    assert ask("GET", path, Range="bytes=1000-1999", If_Range='"other"').status == 200
    assert ask("GET", path, Range=f"bytes={len(data)}-").status == 400
    leaves = json.loads(ask("GET", f"{path}/leaves").body)["leaves"]
    assert leaves == [
        hashlib.sha256(data[i : i + LEAF]).hexdigest() for i in range(0, len(data), LEAF)
    ]


def test_bad_leaf_is_refused_and_the_good_ones_stay(ask: Caller) -> None:
    ask.sign_in("an")
    data = b"a" * (LEAF * 2 + 5)
    sha256 = hashlib.sha256(data).hexdigest()
    plan = {"size": len(data), "leaves": leaves_of(data)}
    ask("POST", f"/sync/v1/files/{sha256}", plan)
    bad = data[: LEAF + 9] + b"b" * (LEAF - 9)
    reply = ask(
        "PATCH", f"/sync/v1/files/{sha256}", bad, Upload_Offset="0", Upload_Length=str(len(data))
    )
    assert (reply.status, json.loads(reply.body)["error"]["code"]) == (422, "sync.leaf")
    assert ask("HEAD", f"/sync/v1/files/{sha256}").headers["Upload-Offset"] == str(LEAF)
    wrong = ask(
        "PATCH", f"/sync/v1/files/{sha256}", b"a", Upload_Offset="7", Upload_Length=str(len(data))
    )
    assert wrong.status == 409
    assert upload(ask, data) == sha256


def test_file_is_hidden_from_who_sees_no_record_of_it(
    ask: Caller, http: Session, running: Running, desk: Callable[..., Desk]
) -> None:
    ask.sign_in("an")
    sha256 = upload(ask, b"noi dung")
    other = Caller(http, running.url)
    other.sign_in("binh")
    path = f"/sync/v1/files/{sha256}"
    assert {other("GET", path).status, other("HEAD", path).status} == {403}
    assert other("GET", f"{path}/leaves").status == 403
    started = other("POST", path, {"size": 8, "leaves": leaves_of(b"noi dung")})
    assert json.loads(started.body) == {"offset": 0}
    desk().sync(AddNote("n1", "", X, files=(sha256,)))
    assert other("GET", path).status == 200


def test_names_that_are_no_hash_reach_no_folder(ask: Caller) -> None:
    ask.sign_in("an")
    for name in ("..%2f..%2fetc%2fpasswd", "A" * 64, "0" * 63):
        assert ask("GET", f"/sync/v1/files/{name}").status in (400, 404)


@pytest.mark.parametrize(
    ("reply", "truth"),
    [
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            "sync.portal",
        ),
        (b"HTTP/1.1 511 Sign in\r\nContent-Length: 0\r\n\r\n", "sync.portal"),
        (b"HTTP/1.1 407 Proxy\r\nContent-Length: 0\r\n\r\n", "sync.proxy_auth"),
        (b"HTTP/1.1 503 Down\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", "sync.server_down"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", "sync.offline"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + b"x" * 3_000_000,
            "sync.reply_too_large",
        ),
        (b"", "sync.offline"),
    ],
)
def test_session_says_what_the_network_is(http: Session, reply: bytes, truth: str) -> None:
    with liar(reply) as url, pytest.raises(Unavailable) as told:
        http.request("GET", url, timeout=5)
    assert told.value.code == truth
    assert (told.value.retry_at is not None) == (truth == "sync.server_down")


def test_silence_is_offline_and_nobody_there_is_down(http: Session) -> None:
    with liar(None) as url:
        with pytest.raises(Unavailable, match=r"sync\.offline"):
            http.request("GET", url, timeout=0.3)
        closed = url
    with pytest.raises(Unavailable, match=r"sync\.server_down"):
        http.request("GET", closed)


def test_foreign_certificate_is_interception(tmp_path: Path, http: Session) -> None:
    with liar(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", tls=tmp_path) as url:
        with pytest.raises(Unavailable, match=r"sync\.tls_intercepted"):
            http.request("GET", url)
        own = Session(SystemClock(), ca=str(tmp_path / "cert.pem"))
        assert own.request("GET", url).status == 200
        own.close()


def test_plain_http_is_refused_off_loopback() -> None:
    guarded = Session(SystemClock(), tls=True)
    with pytest.raises(RuleViolation, match=r"sync\.tls_required"):
        guarded.request("GET", "http://server.invalid/")
    guarded.close()


@pytest.mark.parametrize("mark", ["MẬT", "TỐI MẬT", "TUYỆT MẬT"])
def test_marked_page_is_refused_and_nothing_of_it_stays(
    ask: Caller, server: Server, mark: str
) -> None:
    letter = DraftDocument(
        agency="UBND xã",
        paragraphs=("Mở đầu.", mark),
        subject="Mẫu",
        notation="UBND",
        signer_title="Chủ tịch",
        signer_name="Mẫu",
    )
    data = compose(letter)
    sha256 = hashlib.sha256(data).hexdigest()
    ask.sign_in("an")
    ask("POST", f"/sync/v1/files/{sha256}", {"size": len(data), "leaves": leaves_of(data)})
    reply = ask(
        "PATCH", f"/sync/v1/files/{sha256}", data, Upload_Offset="0", Upload_Length=str(len(data))
    )
    assert json.loads(reply.body)["error"]["code"] == "document.secret"
    assert server.files.plan(sha256) is None
    assert not [
        p
        for p in server.files.path(sha256).parents[1].rglob("*")
        if p.is_file() and p.stat().st_size
    ]
    assert upload(ask, compose(replace(letter, paragraphs=("Mở đầu.",))))
