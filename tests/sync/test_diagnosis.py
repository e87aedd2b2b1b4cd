"""This PC, the line, or the server: every fault is laid at the right door."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.kernel.clock import SystemClock
from app.kernel.errors import Cancelled, Unavailable
from app.kernel.network import NetworkFinding
from app.kernel.texts import Texts
from sync.client.diagnosis import Check
from sync.http import Session
from sync.protocol.messages import RULES
from sync.proxies import ProxyKeys, proxy_for
from tests.doubles.proxy import proxy
from tests.doubles.web import liar
from tests.sync.real import Keys

FAR = "https://hoaban.test"
CLOCK = SystemClock()


def own(value: object, status: str = "200 OK", date: str = "") -> bytes:
    body = json.dumps(value).encode()
    media = "application/vnd.hoaban.sync+json"
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n{date}\r\n"
    )
    return head.encode() + body


WELL = own({"status": "ok", "proto": 1, "rules": RULES})
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"
BAD_GATEWAY = b"HTTP/1.1 502 Bad\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"
MOVED = b"HTTP/1.1 302 Found\r\nLocation: http://x.test/\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def keys() -> ProxyKeys:
    return ProxyKeys(Keys())


def check(server: str, keys: ProxyKeys, ca: str = "", **given: object) -> Check:
    made: Callable[..., Check] = Check
    return made(server, CLOCK, keys, lambda: Session(CLOCK, ca=ca, keys=keys), **given)


def end(found: Iterator[NetworkFinding]) -> tuple[str, str, str]:
    *before, last = list(found)
    assert all(f.state != "fail" for f in before)
    return last.part, last.state, last.code


def test_a_way_that_is_well_is_well_at_every_link(keys: ProxyKeys) -> None:
    with liar(WELL) as url:
        found = list(check(url, keys, ahead=lambda: timedelta(0))())
    assert {f.state for f in found} == {"ok"}
    assert [f.part for f in found] == ["pc"] * 3 + ["line"] * 3 + ["server"] * 3
    assert [f.code for f in found][-3:] == ["health.ok", "version.ok", "rules.ok"]


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (PAGE, ("line", "fail", "portal")),
        (MOVED, ("line", "fail", "portal")),
        (BAD_GATEWAY, ("server", "fail", "health.down")),
        (b"", ("line", "fail", "connection.breaks")),
        (own({"proto": 1, "rules": RULES + 1}), ("server", "warn", "rules.behind")),
        (own({"proto": 1, "rules": RULES - 1}), ("server", "warn", "rules.ahead")),
    ],
)
def test_each_answer_is_laid_at_the_right_door(
    keys: ProxyKeys, reply: bytes, told: tuple[str, str, str]
) -> None:
    with liar(reply) as url:
        assert end(check(url, keys)()) == told


def test_no_network_no_name_nobody_there_and_silence(keys: ProxyKeys) -> None:
    assert end(check(FAR, keys, way_out=lambda: False)()) == ("pc", "fail", "card.none")
    gone = check("https://nowhere.invalid", keys, way_out=lambda: True)
    assert end(gone()) == ("line", "fail", "name.unknown")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    nobody = check(f"http://127.0.0.1:{port}", keys)
    assert end(nobody()) == ("server", "fail", "connection.refused")


@pytest.mark.parametrize(
    ("off", "code"), [(timedelta(minutes=9), "clock.slow"), (-timedelta(hours=1), "clock.fast")]
)
def test_a_wrong_clock_is_told_of_before_the_line(
    keys: ProxyKeys, off: timedelta, code: str
) -> None:
    with liar(WELL) as url:
        found = list(check(url, keys, ahead=lambda: off)())
    assert (found[1].part, found[1].state, found[1].code) == ("pc", "warn", code)
    assert found[1].params["minutes"] == round(abs(off).total_seconds() / 60)


def test_a_desk_that_never_synced_hears_the_time_from_the_server(keys: ProxyKeys) -> None:
    with liar(own({}, date="Date: Mon, 01 Jan 2001 00:00:00 GMT\r\n")) as url:
        codes = [f.code for f in check(url, keys)()]
    assert (codes[1], "clock.fast" in codes) == ("clock.unknown", True)


def test_the_proxys_part_is_told_and_its_account_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: ProxyKeys
) -> None:
    with liar(WELL, tls=tmp_path, name="hoaban.test") as url:
        with proxy(urlsplit(url).port or 0, "an:bi mat") as between:
            monkeypatch.setenv("HTTPS_PROXY", between.url)
            look = check(FAR, keys, str(tmp_path / "cert.pem"), way_out=lambda: True)
            assert end(look()) == ("pc", "fail", "proxy.auth")
            look.remember_proxy("an", "bi mat")
            assert end(look()) == ("server", "ok", "rules.ok")
        assert end(look()) == ("pc", "fail", "proxy.down")
        with proxy(urlsplit(url).port or 0, refusal=b"HTTP/1.1 403 No\r\n\r\n") as between:
            monkeypatch.setenv("HTTPS_PROXY", between.url)
            assert end(look()) == ("line", "fail", "proxy.refused")
    monkeypatch.delenv("HTTPS_PROXY")
    with pytest.raises(Unavailable, match=r"sync\.no_proxy"):
        look.remember_proxy("an", "bi mat")


def test_interception_and_a_clock_that_spoils_certificates(tmp_path: Path, keys: ProxyKeys) -> None:
    with liar(WELL, tls=tmp_path) as url:
        assert end(check(url, keys)()) == ("line", "fail", "tls.root")
        assert end(check(url, keys, str(tmp_path / "cert.pem"))()) == ("server", "ok", "rules.ok")
    with liar(WELL, tls=tmp_path, age=9) as url:
        old = str(tmp_path / "cert.pem")
        assert end(check(url, keys, old)()) == ("line", "fail", "tls.time")
        wrong = check(url, keys, old, ahead=lambda: timedelta(days=9))
        assert end(wrong()) == ("pc", "fail", "tls.time")


def test_a_walk_that_is_stopped_asks_no_further(keys: ProxyKeys) -> None:
    class Stop:
        def raise_if_cancelled(self) -> None:
            raise Cancelled

    heard: list[bytes] = []
    with liar(WELL, heard=heard) as url, pytest.raises(Cancelled):
        list(check(url, keys)(Stop()))
    assert heard == []


def test_every_sentence_exists_and_every_fault_says_what_to_do() -> None:
    texts = Texts("vi")
    for code in ("card.none", "proxy.down", "proxy.auth", "proxy.refused", "name.unknown",
                 "connection.refused", "connection.silent", "connection.breaks", "tls.root",
                 "tls.name", "tls.time", "portal", "health.down", "health.not_ready"):  # fmt: skip
        given = {"host": "h", "proxy": "p", "at": "", "minutes": 1}
        assert len(texts(f"network.{code}.do", **given)) > 20, code


def test_the_environments_proxy_is_found_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://lo.thi.mai:mat-khau@proxy.test:3128")
    found = proxy_for(FAR)
    assert found is not None
    assert (found.name, found.address) == ("proxy.test:3128", "http://proxy.test:3128")
    assert found.credentials == ("lo.thi.mai", "mat-khau")
    monkeypatch.setenv("NO_PROXY", "hoaban.test")
    assert proxy_for(FAR) is None
