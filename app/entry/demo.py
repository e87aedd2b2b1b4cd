"""`demo`: seed the demonstration province once, serve it on loopback, open a clerk's desk."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from app.kernel.clock import SystemClock
from app.kernel.errors import Unavailable

Note = Callable[[str], None]
CLERK = "vanthu.muongphang"
# People who share the clerk's PC in the demonstration
SHARED_PC = (CLERK, "chutich.muongphang", "truongphong.muongphang")
# holder in the authority -> label of its SoftHSM2 token, 32 bytes at most (PKCS#11)
TOKENS = {
    "person-chutich.muongphang": "Quàng Văn Mẫu",
    "agency-muongphang": "UBND Mường Phăng MẪU",
    "person-chutich.tinh": "Lê Văn Thử MẪU",
    "agency-tinh": "UBND tỉnh MẪU",
}
_START_SECONDS = 60
# What a shell says of a program that a signal has ended
_SIGNALLED = 128


@dataclass(frozen=True, slots=True)
class Demo:
    """Where the demonstration lies; everything is made once and kept."""

    folder: Path

    @property
    def profiles(self) -> Path:
        """Return the folder of the profiles of the clerk's PC."""
        return self.folder / "pc" / "profiles"

    @property
    def trust(self) -> Path:
        """Return the folder of anchors beside the profiles."""
        return self.folder / "pc" / "trust"

    @property
    def database(self) -> str:
        """Return the URL of the server's database."""
        return f"sqlite:///{(self.folder / 'server' / 'server.db').as_posix()}"

    @property
    def files(self) -> Path:
        """Return the server's files."""
        return self.folder / "server" / "files"

    def facts(self) -> dict[str, Any]:
        """Return what was settled when the demonstration was made."""
        found: dict[str, Any] = json.loads((self.folder / "demo.json").read_text("utf-8"))
        return found

    @property
    def url(self) -> str:
        """Return the server's address."""
        return f"http://127.0.0.1:{self.facts()['port']}"


def run_demo(folder: Path, note: Note, *, seed_only: bool = False) -> int:
    """Make what is missing, then show it; return the exit code."""
    demo = Demo(folder.resolve())
    # Unwound like any error, so that what was started is ended; the window has its own way.
    signal.signal(signal.SIGTERM, _leave)
    prepare(demo, note)
    if seed_only:
        return 0
    from app.entry.first import launcher
    from ui.shell.application import run_desk

    with served(demo):
        make_profiles(demo, demo.profiles, SHARED_PC)
        note(f"Hoa Ban: {CLERK} · mật khẩu {_password()}")
        return run_desk(launcher(demo.profiles), demo.profiles / CLERK, "vi")


def _leave(number: int, _: Any) -> NoReturn:
    sys.exit(_SIGNALLED + number)


def prepare(demo: Demo, note: Note) -> None:
    """Seed the server and the tokens once; a seeding that was cut off begins anew."""
    done = demo.folder / "demo.json"
    if not done.exists():
        note("Đang dựng tỉnh mẫu…")
        shutil.rmtree(demo.folder / "server", ignore_errors=True)
        shutil.rmtree(demo.folder / "tokens", ignore_errors=True)
        demo.files.mkdir(parents=True)
        _server(demo, "seed", "--demo", check=True)
        _trust_and_tokens(demo)
        from sync.server.demo.province import free_port

        done.write_text(json.dumps({"port": free_port()}), encoding="utf-8")
    conf = demo.folder / "tokens" / "softhsm2.conf"
    if conf.exists():
        os.environ["SOFTHSM2_CONF"] = str(conf)


@contextmanager
def served(demo: Demo) -> Iterator[None]:
    """Run the server and the demonstration authority while the block runs."""
    from sync.server.demo.province import AUTHORITY, authority

    with ExitStack() as stack:
        issuer = authority(demo.files.parent / AUTHORITY, SystemClock())
        stack.enter_context(issuer.serve())
        port = int(demo.facts()["port"])
        # The server ends with the pipe to it, which closes however this process ends.
        server = _server(demo, "serve", "--port", str(port), "--end-with-stdin")
        stack.callback(_end, server)
        _await(port, server)
        yield


def make_profiles(demo: Demo, folder: Path, logins: tuple[str, ...]) -> None:
    """Make the profiles of a PC that are not there yet, by signing in as their people."""
    from app.entry.desks import launcher

    launch = launcher(folder)
    for login in logins:
        if not (folder / login).exists():
            launch.create(demo.url, login, _password())


def _password() -> str:
    from sync.server.demo.people import PASSWORD

    return PASSWORD


def _server(demo: Demo, action: str, *more: str, check: bool = False) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "sync.server", action]
    command += ["--database", demo.database, "--files", str(demo.files), *more]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    try:
        if check and process.wait() != 0:
            raise Unavailable("demo.seed_failed")
    except BaseException:
        process.kill()
        process.wait()
        raise
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _await(port: int, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise Unavailable("demo.no_server", port=port)


def _trust_and_tokens(demo: Demo) -> None:
    from app.entry import parts
    from sync.server.demo.people import PIN
    from sync.server.demo.province import AUTHORITY, authority

    issuer = authority(demo.files.parent / AUTHORITY, SystemClock())
    issuer.anchors(demo.trust)
    module = next((m for m in parts.modules().known() if "softhsm" in Path(m).name), None)
    if module is None or shutil.which("softhsm2-util") is None:
        return
    store = demo.folder / "tokens" / "store"
    store.mkdir(parents=True)
    conf = demo.folder / "tokens" / "softhsm2.conf"
    text = f"directories.tokendir = {store}\nobjectstore.backend = file\nlog.level = ERROR\n"
    conf.write_text(text, encoding="utf-8")
    os.environ["SOFTHSM2_CONF"] = str(conf)
    for holder, label in TOKENS.items():
        issuer.load_token(holder, label, PIN, module=module)
