"""The demonstration leaves nothing running, however it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.entry.demo import SHARED_PC, Demo
from app.kernel.clock import SystemClock
from sync.server.demo.province import AUTHORITY, authority, free_port

ROOT = Path(__file__).parents[3]
PATIENCE = 300.0


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


@contextmanager
def started(*words: str, **pipes: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program that a signal reaches; it does not outlive the block.

    A shell starts what it puts into the background deaf to SIGINT, and so would the tests' own
    children be.
    """
    shown = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONUNBUFFERED": "1"}
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    program = subprocess.Popen([sys.executable, "-m", *words], cwd=ROOT, env=shown, **pipes)
    signal.signal(signal.SIGINT, before)
    with program:
        try:
            yield program
        finally:
            program.kill()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_server_ends_with_the_demonstration(folder: Path, how: signal.Signals) -> None:
    port = int(Demo(folder).facts()["port"])
    with started("app", "demo", "--folder", str(folder), stderr=subprocess.PIPE) as demo:
        assert demo.stderr is not None
        # Said just before the window opens, while the server is up.
        assert any(b"Hoa Ban" in line for line in demo.stderr)
        assert listens(port)
        demo.send_signal(how)
        code = demo.wait(PATIENCE)
    until(lambda: not listens(port))
    assert code in ((-how,) if how is signal.SIGKILL else (0, 128 + how, -how))


def test_a_server_that_is_told_to_ends_with_its_standard_input(tmp_path: Path) -> None:
    port = free_port()
    place = ["--database", f"sqlite:///{tmp_path / 's.db'}", "--files", str(tmp_path / "f")]
    words = ["sync.server", "serve", *place, "--port", str(port), "--end-with-stdin"]
    with started(*words, stdin=subprocess.PIPE) as server:
        until(lambda: listens(port))
        assert server.stdin is not None
        server.stdin.close()
        assert server.wait(PATIENCE) == 0
