"""The demonstration leaves nothing running, however it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.entry.demo import SHARED_PC, Demo
from app.kernel.clock import SystemClock
from sync.server.demo.province import AUTHORITY, authority, free_port

ROOT = Path(__file__).parents[3]
PATIENCE = 60.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demonstration that counts as seeded: an empty server and people without profiles."""
    demo = Demo(tmp_path_factory.mktemp("demo"))
    demo.files.mkdir(parents=True)
    authority(demo.files.parent / AUTHORITY, SystemClock())
    for login in SHARED_PC:
        (demo.profiles / login).mkdir(parents=True)
    (demo.folder / "demo.json").write_text(json.dumps({"port": free_port()}))
    return demo.folder


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(seen: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not seen():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_server_ends_with_the_demonstration(folder: Path, how: signal.Signals) -> None:
    port = int(Demo(folder).facts()["port"])
    command = [sys.executable, "-m", "app", "demo", "--folder", str(folder)]
    shown = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONUNBUFFERED": "1"}
    demo = subprocess.Popen(command, cwd=ROOT, env=shown, stderr=subprocess.PIPE, text=True)
    assert demo.stderr is not None
    # Said just before the window opens, while the server is up.
    assert any("Hoa Ban" in line for line in demo.stderr)
    assert listens(port)
    demo.send_signal(how)
    code = demo.wait(PATIENCE)
    demo.stderr.close()
    until(lambda: not listens(port))
    assert code in ((-how,) if how is signal.SIGKILL else (0, 128 + how, -how))


def test_a_server_that_is_told_to_ends_with_its_standard_input(tmp_path: Path) -> None:
    port = free_port()
    place = ["--database", f"sqlite:///{tmp_path / 's.db'}", "--files", str(tmp_path / "f")]
    command = [sys.executable, "-m", "sync.server", "serve", *place, "--port", str(port)]
    server = subprocess.Popen([*command, "--end-with-stdin"], cwd=ROOT, stdin=subprocess.PIPE)
    until(lambda: listens(port))
    assert server.stdin is not None
    server.stdin.close()
    assert server.wait(PATIENCE) == 0
