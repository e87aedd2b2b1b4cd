"""The server's process ends in order: whoever waits for news is answered, not cut off."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import date
from pathlib import Path

import requests

from app.features import registry
from app.identity.commands import PutPerson, PutPost, PutUnit
from app.kernel.clock import SystemClock
from sync.server.demo.province import free_port
from sync.server.seed import Seed, build

ROOT = Path(__file__).parents[2]
PASSWORD = "mật khẩu mẫu"
SINCE = date(2025, 7, 1)


def seeded(folder: Path) -> tuple[str, str, int]:
    """Return the database of a server with one clerk, his buckets and the head of its log."""
    database = f"sqlite:///{folder / 'server.db'}"
    (folder / "files").mkdir()
    server = build(database, folder / "files", registry(), SystemClock())
    seed, service = Seed(server, folder), server.service
    seed.commands(
        PutUnit("xa", "11.1", "UBND xã Mẫu", kind="agency", is_agency=True, valid_from=SINCE),
        PutPerson("mai", "Lò Thị Mai (mẫu)", "mai"),
        PutPost("q.mai", "mai", "xa", "xa", "Văn thư", ("clerk",), SINCE),
    )
    seed.account("mai", "mai", PASSWORD)
    scope = ",".join(service.pull.scope_of("mai", service.clock.now()))
    with service.store.read() as connection:
        head = service.store.head(connection)
    service.store.close()
    return database, scope, head


def test_a_desk_that_waits_is_answered_when_the_server_ends(tmp_path: Path) -> None:
    database, scope, head = seeded(tmp_path)
    port = free_port()
    command = [sys.executable, "-m", "sync.server", "serve", "--database", database]
    command += ["--files", str(tmp_path / "files"), "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    _until_open(port)
    url = f"http://127.0.0.1:{port}/sync/v1"
    given = requests.post(
        f"{url}/session", json={"login": "mai", "password": PASSWORD}, timeout=20
    ).json()
    answers: list[requests.Response] = []

    def wait() -> None:
        asked = {"cursor": str(head), "scope": scope, "seconds": "50"}
        bearer = {"Authorization": f"Bearer {given['access']}"}
        answers.append(requests.get(f"{url}/wait", params=asked, headers=bearer, timeout=60))

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(1.0)
    assert answers == [], "it waits"
    server.send_signal(signal.SIGTERM)
    waiting.join(30)
    assert server.wait(30) == 0 or server.returncode == -signal.SIGTERM
    assert [(a.status_code, a.json()) for a in answers] == [(200, {"news": False})]
    assert server.stderr is not None
    assert server.stderr.read() == ""
    server.stderr.close()


def _until_open(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the server did not open")
