"""The stage of the tour: a province's server, desks in processes of their own, and a line to cut."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

ANSWER_SECONDS = 60.0
# Answers of a query come within this; a picture is of what a person would see then
SETTLED = 0.4


class Failed(Exception):
    """Say which step of the tour did not come out as it must."""


@dataclass
class Player:
    """A desk on the stage and the orders given to its robot."""

    name: str
    process: subprocess.Popen[str]
    pictures: Path
    taken: list[str] = field(default_factory=list)

    @classmethod
    def enter(cls, name: str, profiles: Path, profile: Path, pictures: Path) -> Self:
        """Start a desk's process."""
        command = [sys.executable, "-m", "tests.tour.desk", str(profiles)]
        command += ["--profile", str(profile)]
        errors = (pictures / f"{name}.log").open("a", encoding="utf-8")
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
            encoding="utf-8", env=os.environ | {"QT_LOGGING_RULES": "*.debug=false"},
        )  # fmt: skip
        errors.close()
        return cls(name, process, pictures)

    def ask(self, op: str, **order: Any) -> Any:
        """Give an order; raises `Failed` when the robot cannot do it."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"op": op, **order}, ensure_ascii=False) + "\n")
        self.process.stdin.flush()
        answer = self._answer()
        if not answer["ok"]:
            raise Failed(f"{self.name}: {op} {order}: {answer['error']}")
        return answer["value"]

    def _answer(self) -> dict[str, Any]:
        out = self.process.stdout
        assert out is not None
        ready, _, _ = select.select([out], [], [], ANSWER_SECONDS)
        line = out.readline() if ready else ""
        if not line:
            raise Failed(f"{self.name}: no answer")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def until(self, what: str, test: Callable[[], Any], seconds: float = 40.0) -> Any:
        """Wait for something to become true on this desk; return it."""
        end = time.monotonic() + seconds
        last = ""
        while time.monotonic() < end:
            try:
                found = test()
            except Failed as error:
                last, found = str(error), None
            if found:
                return found
            time.sleep(0.15)
        raise Failed(f"{self.name}: {what} did not happen; {last}")

    def sees(self, name: str, seconds: float = 40.0) -> None:
        """Wait until something of that name is on the screen."""
        self.until(f"seeing {name!r}", lambda: self.ask("see", name=name), seconds)

    def click(self, name: str, seconds: float = 40.0) -> None:
        """Click a thing as soon as it can be clicked."""
        self.until(f"clicking {name!r}", lambda: self.ask("click", name=name) is None, seconds)

    def go(self, place: str, seconds: float = 40.0) -> None:
        """Go to a place of the navigation."""
        self.until(f"going to {place!r}", lambda: self.ask("go", name=place) is None, seconds)

    def shows(self, text: str, seconds: float = 40.0) -> None:
        """Wait until a text stands somewhere in the window."""
        self.until(f"reading {text!r}", lambda: text in " ".join(self.ask("names")), seconds)

    def key(self, keys: str) -> None:
        """Press keys."""
        self.ask("key", keys=keys)

    def type(self, text: str, into: str = "") -> None:
        """Type into a field."""
        self.until(f"typing into {into!r}", lambda: self.ask("type", text=text, into=into) is None)

    def choose(self, view: str, text: str, seconds: float = 40.0) -> str:
        """Choose the row of a list that holds a text."""
        return str(
            self.until(
                f"{text!r} in {view!r}",
                lambda: self.ask("choose", name=view, text=text),
                seconds,
            )
        )

    def picture(self, name: str) -> str:
        """Photograph the window; return the file's name."""
        file = f"{self.name}-{len(self.taken) + 1:02d}-{name}.png"
        self.until("a calm screen", lambda: self.ask("calm"))
        time.sleep(SETTLED)
        self.ask("picture", path=str(self.pictures / file))
        self.taken.append(file)
        return file

    def facts(self) -> dict[str, Any]:
        """Return what the desk knows of itself."""
        return dict(self.ask("facts"))

    def kill(self) -> None:
        """End the process as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def leave(self) -> None:
        """Close the window as its user would."""
        if self.process.poll() is None:
            try:
                self.ask("quit")
                self.process.wait(20)
            except (Failed, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait(10)


@contextmanager
def window_manager() -> Iterator[None]:
    """Run a window manager where the screen has none: keys go to the active window alone."""
    program = shutil.which("openbox")
    if program is None:
        yield
        return
    process = subprocess.Popen([program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


class Line:
    """The line between desks and server: a relay on loopback that can be cut and mended."""

    def __init__(self, server_port: int) -> None:
        self._target = server_port
        self._cut = threading.Event()
        self._stopped = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._accept, name="tour.line", daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """Cut every connection and let no new one through."""
        self._cut.set()
        with self._lock:
            for end in self._open:
                end.close()
            self._open.clear()

    def mend(self) -> None:
        """Let connections through again."""
        self._cut.clear()

    def close(self) -> None:
        """End the relay."""
        self._stopped.set()
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self._cut.is_set():
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self._target), 5)
            except OSError:
                near.close()
                continue
            with self._lock:
                self._open |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while block := source.recv(65536):
                sink.sendall(block)
        except OSError:
            pass
        finally:
            for end in (source, sink):
                with self._lock:
                    self._open.discard(end)
                end.close()
