"""How desks fare, as they tell it: kept per desk, listed, counted, and forgotten in the end."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from app.kernel.clock import FixedClock, SystemClock
from app.kernel.release import VERSION
from sync.client.service import SyncService
from sync.protocol.messages import RULES, Beat
from sync.server.__main__ import main
from sync.server.accounts import Accounts
from sync.server.devices import Devices
from sync.server.files import Files
from sync.server.heartbeats import EVERY, KEPT, STALE, Heartbeats
from sync.server.http import Server
from sync.server.service import Service
from tests.doubles.toy import AddNote, CloseNote, CountUp
from tests.doubles.web import serve
from tests.sync.desk import Desk
from tests.sync.real import RealDesk

PASSWORD = "mật khẩu mẫu"
X = ("agency:x",)
FINE = Beat(VERSION, 0, 0, 0, 0, 50_000, 10)


@pytest.fixture
def server(service: Service, tmp_path: Path) -> Iterator[tuple[Server, str]]:
    light = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    accounts = Accounts(service.store, SystemClock(), light)
    accounts.put("an", "an", PASSWORD)
    made = Server(service, accounts, Files(tmp_path / "files", service.store), SystemClock())
    with serve(made.app()) as running:
        yield made, running.url


def heard(service: Service) -> dict[str, dict[str, Any]]:
    with service.store.read() as connection:
        return Heartbeats(service.store, service.clock).rows(connection)


def test_the_program_says_the_version_of_its_package() -> None:
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["project"]["version"] == VERSION


def test_a_real_desk_tells_how_it_fares(
    server: tuple[Server, str], service: Service, tmp_path: Path
) -> None:
    desk = RealDesk(tmp_path / "pc", server[1])
    desk.transport.sign_in("an", PASSWORD)
    desk.store.vault.put(bytes(3 << 20))
    desk.act(AddNote("n1", "lời riêng", X), CloseNote("n1"))
    line = SyncService(desk.store, desk.transport, desk.clock)
    line.step(flush=True)
    [first] = heard(service).values()
    assert (first["version"], first["rules"], first["waiting"], first["refused"]) == (
        VERSION,
        RULES,
        2,
        0,
    )
    assert (first["synced"], first["kept"]) == (None, 3)
    assert first["free"] > 0
    assert abs(first["off"]) < 60
    # Within five minutes the same desk says no more; the next program does at once.
    desk.act(AddNote("n2", "", X))
    line.step(flush=True)
    assert heard(service)[desk.store.device]["waiting"] == 2
    again = SyncService(desk.store, desk.transport, desk.clock)
    again.step()
    now = heard(service)[desk.store.device]
    assert (now["waiting"], now["behind"] > 0) == (0, False)
    assert 0 <= now["seen"] - now["synced"] < 60
    desk.close()


def test_the_list_of_desks_tells_it(
    service: Service,
    desk: Callable[..., Desk],
    clock: FixedClock,
    url: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    recent = FixedClock(SystemClock().now())
    Heartbeats(service.store, recent).note(desk().request(beat=FINE), "an")
    Heartbeats(service.store, clock).note(desk("binh").request(), "binh")
    assert main(["devices", "list", "--json", "--database", url]) == 0
    rows = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert [r["heartbeat"]["version"] for r in rows] == [VERSION, None]
    assert main(["devices", "list", "--stale", "--json", "--database", url]) == 0
    [stale] = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert stale["device"] == "desk-binh"


def test_what_was_not_answered_is_told_again(
    server: tuple[Server, str], service: Service, tmp_path: Path
) -> None:
    desk = RealDesk(tmp_path / "pc", "http://127.0.0.1:9")
    line = SyncService(desk.store, desk.transport, desk.clock)
    line.step()
    desk.through(server[1])
    desk.transport.sign_in("an", PASSWORD)
    late = SyncService(desk.store, desk.transport, desk.clock)
    assert late._pulse() is not None
    assert late._pulse() is not None
    late.step()
    assert late._pulse() is None
    assert list(heard(service)) == [desk.store.device]
    desk.close()


def test_desks_that_need_somebody_are_counted(
    service: Service, desk: Callable[..., Desk], clock: FixedClock
) -> None:
    devices = Devices(service.store, clock)
    now = int(clock.now().timestamp())
    told = {
        "well": FINE,
        "slow-clock": Beat(VERSION, now - 301),
        "full": Beat(VERSION, now, free=100),
        "unsent": Beat("0.0.9", now, waiting=4),
        "old": None,
    }
    for name, beat in told.items():
        one = desk("an", name)
        one.sync()
        asked = one.request(beat=beat and Beat(**{**_fields(beat), "at": beat.at or now}))
        devices.heartbeats.note(asked, "an")
    figures = dict(devices.heartbeats.figures())
    assert figures == {
        "desks_known": 5,
        "desks_stale": 0,
        "desks_stale_unsent": 0,
        "desks_old": 2,
        "desks_clock_off": 1,
        "desks_low_room": 1,
    }
    rows = heard(service)
    assert rows["slow-clock"]["off"] == -301
    assert {rows["old"][name] for name in ("version", "waiting", "free", "off")} == {None}


def test_a_desk_that_went_silent_is_stale_and_then_forgotten(
    service: Service, desk: Callable[..., Desk], clock: FixedClock
) -> None:
    devices = Devices(service.store, clock)
    for name, beat in (("well", FINE), ("unsent", Beat(VERSION, waiting=4)), ("old", None)):
        devices.heartbeats.note(desk("an", name).request(beat=beat), "an")
    clock.advance(STALE + timedelta(seconds=1))
    devices.heartbeats.note(desk("an", "well").request(beat=FINE), "an")
    figures = dict(devices.heartbeats.figures())
    assert (figures["desks_stale"], figures["desks_stale_unsent"]) == (2, 1)
    assert [r["device"] for r in devices.rows(stale=True)] == ["old", "unsent"]
    clock.advance(KEPT - STALE)
    devices.heartbeats.note(desk("an", "well").request(beat=FINE), "an")
    assert list(heard(service)) == ["well"]


def _fields(beat: Beat) -> dict[str, Any]:
    return {name: getattr(beat, name) for name in beat.__slots__}


def test_a_desk_from_before_is_seen_now_and_then(
    service: Service, desk: Callable[..., Desk], clock: FixedClock
) -> None:
    beats, old = Heartbeats(service.store, clock), desk()
    old.sync()
    seen = []
    for _ in range(3):
        beats.note(old.request(), "an")
        seen.append(heard(service)["desk-an"]["seen"])
        clock.advance(timedelta(seconds=EVERY / 2))
    assert [at - seen[0] for at in seen] == [0, 0, int(EVERY)]


def test_nobody_speaks_for_the_desk_of_another(
    service: Service, desk: Callable[..., Desk], clock: FixedClock
) -> None:
    beats, mine = Heartbeats(service.store, clock), desk()
    mine.sync(AddNote("n1", "", X), CountUp("n1"))
    beats.note(mine.request(beat=FINE), "an")
    beats.note(mine.request(beat=Beat("9.9", waiting=7)), "binh")
    assert heard(service)["desk-an"]["version"] == VERSION


@pytest.mark.parametrize("figure", [-(2**63) + 1, 2**63 - 1])
def test_absurd_figures_are_bounded(
    service: Service, desk: Callable[..., Desk], clock: FixedClock, figure: int
) -> None:
    beats, mine = Heartbeats(service.store, clock), desk()
    absurd = Beat("v" * 1000, figure, figure, figure, figure, figure, figure)
    beats.note(mine.request(beat=absurd, cursor=figure, rules=figure), "an")
    row = heard(service)["desk-an"]
    assert len(row["version"]) == 40
    assert all(abs(row[n] or 0) <= 1 << 41 for n in ("waiting", "free", "off", "behind", "synced"))


def test_the_figures_of_the_desks_stand_among_the_metrics(
    server: tuple[Server, str], service: Service, desk: Callable[..., Desk]
) -> None:
    import requests

    server[0].devices.heartbeats.note(desk().request(beat=FINE), "an")
    text = requests.get(f"{server[1]}/metrics", timeout=10).text
    assert "hoaban_desks_known 1\n" in text
    assert "hoaban_desks_stale 0\n" in text
