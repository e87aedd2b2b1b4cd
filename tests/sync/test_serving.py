"""The server's process ends in order: whoever waits for news is answered, not cut off."""

from __future__ import annotations

import json
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


def started(folder: Path, database: str, *more: str) -> tuple[subprocess.Popen[str], int]:
    port = free_port()
    command = [sys.executable, "-m", "sync.server", "serve", "--database", database]
    command += ["--files", str(folder / "files"), "--port", str(port), *more]
    server = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    _until_open(port)
    return server, port


def test_a_desk_that_waits_is_answered_when_the_server_ends(tmp_path: Path) -> None:
    database, scope, head = seeded(tmp_path)
    server, port = started(tmp_path, database)
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


def test_a_request_in_work_is_finished_and_logged_when_the_server_ends(tmp_path: Path) -> None:
    database, _, _ = seeded(tmp_path)
    server, port = started(tmp_path, database, "--log-level", "info")
    body = json.dumps({"login": "mai", "password": PASSWORD}).encode()
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        head = f"POST /sync/v1/session HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n"
        line.sendall(head.encode() + body[:9])
        url = f"http://127.0.0.1:{port}/metrics"
        while "hoaban_requests_busy 1" not in requests.get(url, timeout=20).text:
            time.sleep(0.05)
        server.send_signal(signal.SIGTERM)
        while _is_open(port):
            time.sleep(0.05)
        line.sendall(body[9:])
        assert line.recv(9000).startswith(b"HTTP/1.1 200")
    assert server.wait(30) in (0, -signal.SIGTERM)
    assert server.stderr is not None
    said = [json.loads(row) for row in server.stderr]
    server.stderr.close()
    assert said[-1]["route"] == "sign_in" and said[-1]["status"] == 200
    assert "mai" not in str(said)


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _until_open(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if _is_open(port):
            return
        time.sleep(0.05)
    raise AssertionError("the server did not open")
