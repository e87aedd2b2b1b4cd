"""What administrators and watches see of what is sent outside, and what they do about it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from argon2 import PasswordHasher

from app.catalogues.commands import PutItem
from app.catalogues.model import item_id
from app.features import registry as features
from app.identity import audit
from app.kernel.clock import FixedClock, SystemClock
from app.kernel.errand import Errand
from sync.server import trail
from sync.server.__main__ import main
from sync.server.accounts import Accounts
from sync.server.channels import shipped
from sync.server.directory import People
from sync.server.errands import KEPT, SENT, enqueue
from sync.server.files import Files
from sync.server.http import Server
from sync.server.sending import setting_of
from sync.server.service import Service
from sync.server.store import Store
from tests.doubles.receiver import Receiver
from tests.doubles.web import serve
from tests.sync.desk import Desk
from tests.sync.outside.province import (
    NOON,
    PLAIN,
    ROOT,
    Made,
    share,
    states,
)

Run = Callable[..., tuple[int, list[dict[str, Any]]]]


@pytest.fixture
def run(url: str, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
        capsys.readouterr()
        code = main(["outside", *arguments, "--json", "--database", url])
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return call


def test_an_administrator_sends_again_or_drops(
    service: Service, desk: Callable[..., Desk], worker: Made, to: Receiver, run: Run
) -> None:
    to.says = [400, 400]
    share(desk, "n1", "n2", "n3")
    # The command line has the hour of the machine, which may be a quiet one
    made = worker(replace(PLAIN, quiet=False))
    for _ in range(3):
        made.step()
    code, rows = run("list", "--state", "dead")
    assert (code, [r["id"] for r in rows]) == (0, ["n1-b", "n2-b"])
    assert "data" not in rows[0]
    assert run("retry", "n1-b") == (0, [{"errand": "n1-b", "done": "retry"}])
    assert run("drop", "n2-b")[0] == 0
    code, [row] = run("drop", "n3-b")
    assert (code, row["error"]["code"]) == (1, "outside.unknown")
    service.clock.advance(SystemClock().now() - NOON)  # type: ignore[attr-defined]
    assert [made.step(), made.step()] == [1, 0]
    left = {name: state for name, (state, _, _) in states(service).items()}
    assert left == {"n1-b": SENT, "n2-b": "dropped"}
    with service.store.read() as connection:
        said = [e.detail for e in audit.entries(connection, chain=trail.SYSTEM)]
    assert said[-2:] == ["outside:retry:n1-b", "outside:drop:n2-b"]


def test_what_was_sent_is_forgotten_after_a_month_and_what_failed_is_not(
    service: Service, desk: Callable[..., Desk], worker: Made, to: Receiver, clock: FixedClock
) -> None:
    to.says = [400]
    share(desk, "n1", "n2")
    made = worker()
    made.step()
    made.step()
    clock.advance(KEPT + timedelta(seconds=1))
    made.step()
    assert list(states(service)) == ["n1-b"]


def test_watches_are_told(
    service: Service, desk: Callable[..., Desk], tmp_path: Path, worker: Made, to: Receiver
) -> None:
    to.says = [400, 500]
    share(desk, "n1", "n2", "n3")
    made = worker()
    made.step()
    made.step()
    accounts = Accounts(service.store, service.clock, PasswordHasher(1, 8, 1))
    server = Server(service, accounts, Files(tmp_path / "f", service.store), SystemClock())
    with serve(server.app()) as running:
        ready = requests.get(f"{running.url}/ready", timeout=10)
        text = requests.get(f"{running.url}/metrics", timeout=10).text
    assert (ready.status_code, ready.json()) == (200, {"status": "ok", "outside": "dead"})
    for line in ("waiting 2", "failing 1", "dead 1"):
        assert f"hoaban_outside_{line}\n" in text


def test_the_province_announces_what_goes_on_paper(store: Store, clock: FixedClock) -> None:
    service = Service(store, features(), People(), clock)
    name = item_id("setting", "announcement_url", None)
    service.run_as_system(
        PutItem(name, "setting", "announcement_url", "https://vi-du.vn/thong-bao")
    )
    assert setting_of(store)("announcement_url") == "https://vi-du.vn/thong-bao"
    assert setting_of(store)("quiet_hours") == ""
    assert shipped()["announcement"].address == "announcement_url"


def test_a_worker_of_its_own_sends_until_it_is_ended(
    store: Store, url: str, secrets: Path, to: Receiver
) -> None:
    service = Service(store, features(), People(), SystemClock())
    for name, value in (("announcement_url", to.url), ("quiet_hours", "00:00-00:00")):
        service.run_as_system(PutItem(item_id("setting", name, None), "setting", name, value))
    with store.write() as connection:
        enqueue(connection, [Errand("announcement", "k1", {"a": 1})], SystemClock().now())
    command = [sys.executable, "-m", "sync.server", "outside", "run", "--secrets", str(secrets)]
    with subprocess.Popen([*command, "--database", url], cwd=ROOT) as child:
        to.taken.wait(60)
        child.terminate()
    assert child.returncode == 0
    assert to.keys == ["k1"]
    assert states(service) == {"k1": (SENT, 1, "")}
