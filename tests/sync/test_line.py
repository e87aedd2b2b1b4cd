"""What the network really is: proxies, portals, interception, and nothing of it mistaken."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.kernel.clock import SystemClock
from app.kernel.errors import NotPermitted, Unavailable
from app.store.desk import DeskStore
from sync.client.service import SyncService
from sync.client.transport import ACCESS, HttpTransport
from sync.client.truths import truth
from sync.http import Session, certificate_fault
from sync.protocol.messages import Request
from sync.proxies import ProxyKeys, parsed
from tests.doubles.proxy import proxy
from tests.doubles.toy import registry
from tests.doubles.web import liar
from tests.sync.real import KEY

HELD = "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: 2\r\n\r\n{{}}"
OWN = HELD.format("application/vnd.hoaban.sync+json").encode()
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<html>xin chao<"
FAR = "https://hoaban.test/"


class Box:
    """A keyring."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {ACCESS: "token"}

    def get(self, name: str) -> str | None:
        return self.held.get(name)

    def set(self, name: str, value: str) -> None:
        self.held[name] = value

    def delete(self, name: str) -> None:
        self.held.pop(name, None)


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[int]:
    with liar(OWN, tls=tmp_path, name="hoaban.test") as url:
        yield urlsplit(url).port or 0


def session(tmp_path: Path, box: Box) -> Session:
    return Session(SystemClock(), tls=True, ca=str(tmp_path / "cert.pem"), keys=ProxyKeys(box))


def use(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)


pytestmark = pytest.mark.usefixtures("no_proxy")


def test_the_systems_proxy_is_used_and_this_machine_never_goes_through_it(
    tmp_path: Path, box: Box, server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy(server) as between:
        use(monkeypatch, between.url)
        http = session(tmp_path, box)
        assert http.request("GET", FAR).status == 200
        assert [line.split()[:2] for line in between.asked] == [["CONNECT", "hoaban.test:443"]]
        assert http.request("GET", f"https://127.0.0.1:{server}/").status == 200
        assert len(between.asked) == 1
        http.close()


def test_a_proxy_that_asks_who_is_there_is_answered_from_the_keyring(
    tmp_path: Path, box: Box, server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy(server, "nguời dùng:mật khẩu: 9%") as between:
        use(monkeypatch, between.url)
        http = session(tmp_path, box)
        with pytest.raises(Unavailable, match=r"sync\.proxy_auth"):
            http.request("GET", FAR)
        # Another session, as the dialog has one, keeps it; this one finds it by itself.
        known = parsed(between.url)
        assert known is not None
        ProxyKeys(box).put(known, "nguời dùng", "mật khẩu: 9%")
        assert http.request("GET", FAR).status == 200
        assert set(box.held) == {ACCESS, f"proxy.127.0.0.1:{between.port}"}
        ProxyKeys(box).put(known, "nguời dùng", "sai")
        other = session(tmp_path, box)
        with pytest.raises(Unavailable, match=r"sync\.proxy_auth"):
            other.request("GET", FAR)
        http.close()
        other.close()


def test_credentials_in_the_proxys_address_count_and_stand_in_no_message(
    tmp_path: Path, box: Box, server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy(server, "an:bí mật") as between:
        use(monkeypatch, f"http://an:b%C3%AD%20m%E1%BA%ADt@127.0.0.1:{between.port}")
        http = session(tmp_path, box)
        assert http.request("GET", FAR).status == 200
        http.close()
    with pytest.raises(Unavailable, match=r"sync\.proxy_down") as told:
        http.request("GET", FAR)
    assert "b%C3%AD" not in repr(told.value.__cause__)
    http.close()


@pytest.mark.parametrize(
    ("answer", "code", "state"),
    [
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "sync.proxy_refused", "offline"),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "sync.server_down", "server_down"),
        (b"HTTP/1.1 504 Timeout\r\n\r\n", "sync.server_down", "server_down"),
    ],
)
def test_what_a_proxy_refuses_is_not_mistaken_for_the_server(
    tmp_path: Path, box: Box, server: int, monkeypatch: pytest.MonkeyPatch,
    answer: bytes, code: str, state: str,
) -> None:  # fmt: skip
    with proxy(server, refusal=answer) as between:
        use(monkeypatch, between.url)
        http = session(tmp_path, box)
        with pytest.raises(Unavailable) as told:
            http.request("GET", FAR)
        assert (told.value.code, truth(told.value)) == (code, state)
        http.close()


def test_a_proxy_that_is_not_there_says_nothing_of_the_server(
    tmp_path: Path, box: Box, server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy(server) as between:
        use(monkeypatch, between.url)
    http = session(tmp_path, box)
    with pytest.raises(Unavailable) as told:
        http.request("GET", FAR)
    assert (told.value.code, truth(told.value)) == ("sync.proxy_down", "offline")
    http.close()


def test_interception_behind_a_proxy_is_seen(
    tmp_path: Path, box: Box, server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with liar(OWN, tls=other, name="hoaban.test") as url, proxy(urlsplit(url).port or 0) as between:
        use(monkeypatch, between.url)
        http = session(tmp_path, box)
        with pytest.raises(Unavailable, match=r"sync\.tls_intercepted") as told:
            http.request("GET", FAR)
        assert certificate_fault(told.value) == "root"
        http.close()


@pytest.mark.parametrize(("name", "age", "fault"), [("khac.test", 0, "name"), ("", 9, "time")])
def test_why_a_certificate_is_not_taken(
    tmp_path: Path, box: Box, monkeypatch: pytest.MonkeyPatch, name: str, age: int, fault: str
) -> None:
    with (
        liar(OWN, tls=tmp_path, name=name or "hoaban.test", age=age) as url,
        proxy(urlsplit(url).port or 0) as between,
    ):
        use(monkeypatch, between.url)
        http = session(tmp_path, box)
        with pytest.raises(Unavailable, match=r"sync\.tls_intercepted") as told:
            http.request("GET", FAR)
        assert certificate_fault(told.value) == fault
        http.close()


def test_the_environment_gives_no_roots_and_a_netrc_no_identity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login an password mau\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with liar(OWN, tls=tmp_path) as url:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "cert.pem"))
        http = Session(SystemClock())
        with pytest.raises(Unavailable, match=r"sync\.tls_intercepted"):
            http.request("GET", url)
        http.close()
    heard: list[bytes] = []
    with liar(OWN, heard=heard) as url:
        http.request("GET", url, headers={"Authorization": "Bearer cua ban"})
        http.close()
    assert b"Authorization: Bearer cua ban\r\n" in heard[0]


def told_by(reply: bytes, box: Box, way: str = "round") -> str:
    """Return the state that a transport's failure means over such a line."""
    with liar(reply) as url:
        http = Session(SystemClock())
        transport = HttpTransport(http, url, box)
        try:
            if way == "round":
                list(transport.exchange(Request(1, 1, 1, "desk")))
            elif way == "file":
                with transport.stream("GET", "/files/x", b"", {}) as opened:
                    list(opened.chunks)
            else:
                transport.call("GET", "/wait")
        except (Unavailable, NotPermitted) as error:
            return truth(error)
        finally:
            http.close()
    return "ok"


def plain(status: str, media: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@pytest.mark.parametrize("way", ["round", "file", "call"])
def test_a_portals_page_is_a_portal_wherever_it_comes(box: Box, way: str) -> None:
    assert told_by(PAGE, box, way) == "portal"
    assert told_by(plain("302 Found", "text/html\r\nLocation: http://x.test/", b""), box, way) == (
        "portal"
    )


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (plain("401 No", "text/html", b"<html>"), "portal"),
        (plain("401 No", "application/json", b'{"error": {"code": "sync.token"}}'), "portal"),
        (plain("401 No", "application/vnd.hoaban.sync+json", b"{}"), "portal"),
        (
            plain("401 No", "application/vnd.hoaban.sync+json", b'{"error": {"code": "x"}}'),
            "sign_in",
        ),
        (plain("502 Bad", "text/html", b"<html>nginx"), "server_down"),
        (plain("500 Bad", "text/html", b"<html>nginx"), "server_down"),
    ],
)
def test_only_our_own_401_ends_the_sign_in(box: Box, reply: bytes, state: str) -> None:
    assert told_by(reply, box, "call") == state


def test_a_line_that_stalls_in_the_middle_is_offline_and_one_that_moves_is_not(box: Box) -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Type: x/y\r\nContent-Length: 90\r\n\r\nhalf"
    with liar(half, hold=True) as url:
        http = Session(SystemClock())
        with (
            pytest.raises(Unavailable, match=r"sync\.offline"),
            http.stream("GET", url, stall=0.3) as opened,
        ):
            list(opened.chunks)
        http.close()
    with liar(plain("200 OK", "x/y", b"m" * 6), drip=0.2) as url:
        with http.stream("GET", url, stall=0.6) as opened:
            # All of it takes far longer than the stall, and none of its gaps does.
            assert b"".join(opened.chunks) == b"m" * 6
        http.close()


def test_another_network_is_tried_at_once_and_what_is_held_stays_held(
    tmp_path: Path, box: Box
) -> None:
    store = DeskStore.open(tmp_path, KEY, registry(), SystemClock())
    service = SyncService(store, HttpTransport(Session(SystemClock()), "x", box), SystemClock())
    service._backoff.failed()
    flushed: list[bool] = []
    again = threading.Event()

    def step(*, flush: bool = False) -> float:
        flushed.append(flush)
        if len(flushed) > 1:
            again.set()
        return 300.0

    service.step = step  # type: ignore[method-assign]
    service.start()
    while not flushed:
        again.wait(0.01)
    service.line_changed()
    assert again.wait(5), "it waited for its back-off"
    service.stop()
    store.close()
    assert service._backoff._failures == 0
    assert flushed == [False, False]
