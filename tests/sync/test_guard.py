"""What every request passes: limits, request ids, headers, logs without people, figures."""

from __future__ import annotations

import json
import logging
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.kernel.clock import FixedClock, SystemClock
from app.kernel.errors import RuleViolation, Unavailable
from sync.client.transport import HttpTransport
from sync.http import Session
from sync.protocol.messages import MEDIA_JSON
from sync.server.accounts import Accounts
from sync.server.faults import typed
from sync.server.files import Files
from sync.server.http import Server
from sync.server.limits import Limits
from sync.server.logs import JsonLines
from sync.server.service import Service
from sync.server.store import Store
from tests.doubles.postgres import Cluster, cluster
from tests.doubles.toy import HoldBuckets, ToyPeople, registry
from tests.doubles.web import liar, serve
from tests.sync.real import Keys

PASSWORD = "mật khẩu mẫu"
Ask = Callable[..., Any]


def server(store: Store, folder: Path, limits: Limits = Limits()) -> Server:  # noqa: B008 - frozen
    clock = SystemClock()
    service = Service(store, registry(), ToyPeople(), clock)
    service.run_as_system(HoldBuckets("an", ("all",)))
    accounts = Accounts(store, clock, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    accounts.put("an", "an", PASSWORD)
    return Server(service, accounts, Files(folder / "files", store), clock, limits)


@contextmanager
def asking(made: Server) -> Iterator[Ask]:
    http = Session(SystemClock())
    with serve(made.app()) as running:

        def ask(method: str, path: str, value: Any = None, **headers: str) -> Any:
            body = json.dumps(value).encode() if value is not None else b""
            given = {k.replace("_", "-"): v for k, v in headers.items()}
            return http.request(method, f"{running.url}{path}", body=body, headers=given)

        ask.url = running.url  # type: ignore[attr-defined]
        yield ask
    http.close()


@pytest.fixture
def sqlite(tmp_path: Path, clock: FixedClock) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path / 'server.db'}", clock)
    yield made
    made.close()


def bearer(ask: Ask) -> dict[str, str]:
    reply = ask("POST", "/sync/v1/session", {"login": "an", "password": PASSWORD})
    return {"Authorization": f"Bearer {json.loads(reply.body)['access']}"}


def code(reply: Any) -> tuple[int, str]:
    assert reply.headers["Content-Type"].startswith(MEDIA_JSON)
    return reply.status, json.loads(reply.body)["error"]["code"]


def test_every_reply_bears_an_id_and_the_headers_of_a_safe_one(
    sqlite: Store, tmp_path: Path
) -> None:
    with asking(server(sqlite, tmp_path)) as ask:
        for method, path in (
            ("GET", "/health"),
            ("GET", "/không-có"),
            ("DELETE", "/sync/v1"),
            ("GET", "/sync/v1/wait"),
            ("POST", "/sync/v1/session"),
        ):
            reply = ask(method, path)
            assert re.fullmatch(r"[0-9a-f-]{36}", reply.headers["X-Request-Id"])
            assert reply.headers["X-Content-Type-Options"] == "nosniff"
            assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
            assert reply.headers["Cache-Control"] == "no-store"
            assert "Strict-Transport-Security" not in reply.headers
        given = "0123456789abcdef0123"
        assert ask("GET", "/health", X_Request_Id=given).headers["X-Request-Id"] == given
        foreign = ask("GET", "/health", X_Request_Id="Lo Thi Mai 0123456789")
        assert foreign.headers["X-Request-Id"] != "Lo Thi Mai 0123456789"


def test_health_readiness_and_figures(sqlite: Store, tmp_path: Path) -> None:
    made = server(sqlite, tmp_path)
    with asking(made) as ask:
        assert ask("GET", "/ready").status == 200
        assert code(ask("POST", "/sync/v1", {})) == (401, "sync.token")
        found = ask("GET", "/metrics").body.decode()
        assert 'hoaban_requests_total{method="POST",route="sync",status="401"} 1' in found
        assert 'hoaban_request_seconds_bucket{route="ready",le="+Inf"} 1' in found
        assert "hoaban_database_up 1" in found
        assert re.search(r"^hoaban_log_head [1-9]", found, re.MULTILINE)
        made.ending = True
        assert ask("GET", "/ready").status == 503
        assert ask("GET", "/health").status == 200


@pytest.mark.logs("sync.server")
def test_without_its_database_a_server_says_when_to_come_back(tmp_path: Path) -> None:
    with cluster() as gone:
        store = Store(gone.database(), SystemClock())
        made = server(store, tmp_path)
        store.close()
    with asking(made) as ask:
        assert ask("GET", "/health").status == 200
        ready = ask("GET", "/ready")
        assert (ready.status, ready.headers["Retry-After"]) == (503, "5")
        reply = ask("POST", "/sync/v1", {}, Authorization="Bearer x")
        assert code(reply) == (503, "sync.busy")
        assert int(reply.headers["Retry-After"]) in range(1, 6)
        assert "hoaban_database_up 0" in ask("GET", "/metrics").body.decode()
    store.close()


def test_too_many_waiting_desks_are_sent_away(sqlite: Store, tmp_path: Path) -> None:
    with asking(server(sqlite, tmp_path, Limits(waiting=0))) as ask:
        reply = ask("GET", "/sync/v1/wait?seconds=0", **bearer(ask))
        assert code(reply) == (503, "sync.busy")
        assert reply.headers["Retry-After"] == "30"
        assert 'hoaban_shed_total{reason="waiting"} 1' in ask("GET", "/metrics").body.decode()


def test_work_beyond_the_limit_is_put_off(sqlite: Store, tmp_path: Path) -> None:
    body = json.dumps({"login": "an", "password": PASSWORD}).encode()
    with asking(server(sqlite, tmp_path, Limits(busy=1))) as ask:
        host, _, port = ask.url.removeprefix("http://").partition(":")  # type: ignore[attr-defined]
        with socket.create_connection((host, int(port)), timeout=20) as slow:
            head = f"POST /sync/v1/session HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n"
            slow.sendall(head.encode() + b"Connection: close\r\n\r\n" + body[:5])
            while "hoaban_requests_busy 1" not in ask("GET", "/metrics").body.decode():
                continue
            reply = ask("DELETE", "/sync/v1/session")
            assert code(reply) == (503, "sync.busy")
            assert reply.headers["Retry-After"] == "2"
            slow.sendall(body[5:])
            assert slow.recv(9000).startswith(b"HTTP/1.1 200")
        assert code(ask("DELETE", "/sync/v1/session")) == (401, "sync.token")


def test_a_sign_in_that_asks_too_fast_waits_and_others_do_not(
    sqlite: Store, tmp_path: Path
) -> None:
    limits = Limits(each=0.01, each_burst=3)
    with asking(server(sqlite, tmp_path, limits)) as ask:
        hasty, calm = bearer(ask), bearer(ask)
        replies = [ask("GET", "/sync/v1/wait?seconds=0", **hasty) for _ in range(4)]
        assert [r.status for r in replies] == [200, 200, 200, 429]
        assert code(replies[3]) == (429, "sync.too_fast")
        assert int(replies[3].headers["Retry-After"]) > 50
        assert ask("GET", "/sync/v1/wait?seconds=0", **calm).status == 200


def test_guessing_tokens_is_slow(sqlite: Store, tmp_path: Path) -> None:
    with asking(server(sqlite, tmp_path, Limits(unknown=0.01, unknown_burst=4))) as ask:
        good = bearer(ask)
        guesses = [ask("GET", "/sync/v1/wait", Authorization=f"Bearer {n}") for n in range(4)]
        assert [r.status for r in guesses] == [401, 401, 401, 429]
        # Who guesses from an address shuts it for those who are there with him, for a while.
        assert code(ask("GET", "/sync/v1/wait?seconds=0", **good)) == (429, "sync.too_fast")
        assert ask("GET", "/health").status == 200


def test_what_is_too_large_is_refused_before_it_is_read(sqlite: Store, tmp_path: Path) -> None:
    with asking(server(sqlite, tmp_path)) as ask:
        host, _, port = ask.url.removeprefix("http://").partition(":")  # type: ignore[attr-defined]
        with socket.create_connection((host, int(port)), timeout=20) as line:
            line.sendall(
                b"POST /sync/v1 HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n"
            )
            assert b"sync.too_large" in b"".join(iter(lambda: line.recv(9000), b""))
        assert code(ask("GET", f"/sync/v1/wait?scope={'x' * 61000}")) == (400, "sync.too_large")


@pytest.mark.parametrize(
    ("method", "path", "value"),
    [
        ("POST", "/sync/v1/session", {"login": "a\0", "password": "b"}),
        ("POST", "/sync/v1/session", {"login": "\ud800", "password": "b"}),
        ("POST", "/sync/v1/session/refresh", {"refresh": "x", "device": "a\0"}),
        ("POST", "/sync/v1/device/erased", {"device": "\0", "waiting": []}),
        ("POST", "/sync/v1/device/erased", {"device": "a", "waiting": [1]}),
        ("POST", f"/sync/v1/files/{'a' * 64}", {"size": 2**70, "leaves": []}),
        ("GET", "/sync/v1/wait?cursor=²", None),
        ("GET", "/sync/v1/wait?seconds=٣", None),
        ("GET", "/sync/v1/wait?cursor=-1", None),
        ("GET", "/sync/v1/files/%00", None),
        ("PATCH", f"/sync/v1/files/{'a' * 64}", None),
    ],
)
def test_odd_letters_and_numbers_are_the_callers_fault(
    store: Store, tmp_path: Path, method: str, path: str, value: Any
) -> None:
    with asking(server(store, tmp_path)) as ask:
        odd = {"Upload_Offset": "²", "Upload_Length": "1"} if method == "PATCH" else {}
        assert 400 <= ask(method, path, value, **bearer(ask), **odd).status < 500


def test_the_log_has_ids_and_figures_and_no_person(
    sqlite: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "sync.server"), asking(server(sqlite, tmp_path)) as ask:
        ask("POST", "/sync/v1/session", {"login": "an-mai", "password": "sai-roi"})
        given = ask("GET", f"/sync/v1/files/{'ab' * 32}", **bearer(ask)).headers["X-Request-Id"]
    spelled = [JsonLines().format(r) for r in caplog.records if r.name == "sync.server"]
    assert not [s for s in spelled if re.search(r"an-mai|sai-roi|abab|127\.0|Bearer", s)]
    refused, _, last = [json.loads(s) for s in spelled if '"request"' in s]
    assert (refused["route"], refused["status"], refused["code"]) == (
        "sign_in",
        401,
        "sync.sign_in",
    )
    assert (last["request"], last["route"], last["code"]) == (given, "read", "sync.file_unknown")
    assert last["bytes_out"] > 0 and last["ms"] >= 0 and last["level"] == "info"


@pytest.mark.logs("sync.server")
def test_a_bug_is_answered_and_its_place_noted_without_what_it_says(
    sqlite: Store,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("tên một người")

    monkeypatch.setattr(Accounts, "refresh", broken)
    with asking(server(sqlite, tmp_path)) as ask:
        reply = ask("POST", "/sync/v1/session/refresh", {"refresh": "x"})
        assert code(reply) == (500, "sync.internal")
    [record] = [r for r in caplog.records if r.levelno >= logging.ERROR]
    said = json.loads(JsonLines().format(record))
    assert (said["error"], said["request"]) == ("KeyError", reply.headers["X-Request-Id"])
    assert "test_guard.py" in said["where"][-1]
    assert "tên" not in JsonLines().format(record)


def test_postgres_gives_up_on_what_takes_too_long(postgres: Cluster, clock: FixedClock) -> None:
    store = Store(postgres.database(), clock, patience=1)
    with pytest.raises(OperationalError) as told, store.read() as connection:
        connection.execute(text("SELECT pg_sleep(60)"))
    assert typed(told.value, clock).code == "sync.busy"
    with pytest.raises(Exception, match="division") as odd, store.read() as connection:
        connection.execute(text("SELECT 1 / 0"))
    assert isinstance(typed(odd.value, clock), RuleViolation)
    store.close()


def test_a_desk_hears_when_to_come_back() -> None:
    body = b'{"error":{"code":"sync.busy"}}'
    head = f"HTTP/1.1 503 x\r\nContent-Type: {MEDIA_JSON}\r\nRetry-After: 40\r\n"
    reply = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    clock = SystemClock()
    http, keys = Session(clock), Keys()
    keys.set("sync.access", "x")
    with liar(reply) as url, pytest.raises(Unavailable, match=r"sync\.busy") as told:
        HttpTransport(http, url, keys).call("GET", "/files")
    http.close()
    assert told.value.retry_at is not None
    assert 20 < (told.value.retry_at - clock.now()).total_seconds() <= 40
