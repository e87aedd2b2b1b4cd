"""Two PostgreSQL machines: a primary that waits for its standby, to be killed and promoted."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

from tests.doubles.postgres import binaries

NAME = "hoaban"
# As docs/admin-guide.md says, but for what only a real disk or a real line needs.
_SETTINGS = (
    "listen_addresses = ''",
    "wal_level = replica",
    "max_wal_senders = 5",
    "wal_keep_size = 256MB",
    "wal_log_hints = on",
    "hot_standby = on",
    "synchronous_commit = on",
    "shared_buffers = 32MB",
    "max_connections = 80",
)


class Machine:
    """One of the two, with its folder, socket and name."""

    def __init__(self, folder: Path, name: str, user: str | None) -> None:
        self.name, self.socket, self.data = name, folder / name, folder / name / "data"
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None
        self.socket.mkdir(mode=0o755)
        if user is not None:
            entry = pwd.getpwnam(user)
            os.chown(self.socket, entry.pw_uid, entry.pw_gid)

    @property
    def source(self) -> str:
        """Return how the other machine reaches this one."""
        return f"host={self.socket} user=tester"

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the machine's user."""
        done = subprocess.run(
            [str(binaries() / program), *arguments],
            user=self._user,
            cwd=self.socket,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={"LC_ALL": "C.UTF-8"},
            extra_groups=[] if self._user else None,
        )
        assert done.returncode == 0, (program, done.stderr)

    def configure(self, *settings: str) -> None:
        """Write settings, before the machine starts."""
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.writelines(f"{setting}\n" for setting in settings)

    def start(self) -> None:
        """Start, and wait until it answers."""
        self._process = subprocess.Popen(
            [str(binaries() / "postgres"), "-D", str(self.data), "-k", str(self.socket)],
            user=self._user,
            cwd=self.socket,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            extra_groups=[] if self._user else None,
        )
        until(self._answers, f"{self.name} answers")

    def _answers(self) -> bool:
        program = [str(binaries() / "pg_isready"), "-q", "-h", str(self.socket)]
        return subprocess.run(program, check=False).returncode == 0

    def kill(self) -> None:
        """End every process of this machine at once, as a power cut would."""
        process = self._process
        if process is None:
            return
        children = _children(process.pid)
        process.send_signal(signal.SIGKILL)
        for child in children:
            _end(child)
        process.wait()
        self._process = None

    def walreceiver(self) -> int:
        """Return the process that takes the log from the primary."""
        assert self._process is not None
        (found,) = [p for p in _children(self._process.pid) if "walreceiver" in _title(p)]
        return found

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement as the superuser."""
        url = f"postgresql+psycopg://tester@/{database}?host={self.socket}"
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                done = connection.execute(text(statement))
                return [tuple(row) for row in done] if done.returns_rows else []
        finally:
            engine.dispose()

    def wait_for(self, standbys: str) -> None:
        """Say which standbys a commit waits for."""
        self.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{standbys}'")
        self.sql("SELECT pg_reload_conf()")

    def follow(self, other: Machine) -> None:
        """Become the standby of another: what the guide says to write into its configuration."""
        line = f"primary_conninfo = '{other.source} application_name={self.name}'\n"
        with (self.data / "postgresql.auto.conf").open("a", encoding="utf-8") as conf:
            conf.write(f"{line}synchronous_standby_names = '{other.name}'\n")
        (self.data / "standby.signal").touch()

    def promote(self) -> None:
        """Become the primary."""
        assert self.sql("SELECT pg_promote(true, 60)") == [(True,)]

    def rewind(self, other: Machine) -> None:
        """Take back what the other one never had, while this one is not running."""
        source = f"{other.source} dbname=postgres"
        # Until its first checkpoint a promoted machine still names its old timeline.
        other.sql("CHECKPOINT")
        self.run(
            "pg_rewind", f"--target-pgdata={self.data}", f"--source-server={source}", "--no-sync"
        )

    def in_sync(self, standby: Machine) -> bool:
        """Tell whether this primary waits for that standby, and it is there."""
        seen = self.sql("SELECT application_name, state, sync_state FROM pg_stat_replication")
        return (standby.name, "streaming", "sync") in seen


class Pair:
    """A primary `a` and its standby `b`."""

    def __init__(self, folder: Path, user: str | None) -> None:
        self.a, self.b = Machine(folder, "a", user), Machine(folder, "b", user)

    @property
    def url(self) -> str:
        """Return the address of a server process: both machines, the first one first."""
        hosts = f"{self.a.socket},{self.b.socket}"
        return f"postgresql+psycopg://tester@/{NAME}?host={hosts}&target_session_attrs=read-write"

    def begin(self) -> None:
        """Set both up, the standby by a base backup, and wait until commits wait for it."""
        options = ("-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        self.a.run("initdb", "-D", str(self.a.data), *options)
        self.a.configure(*_SETTINGS)
        self.a.start()
        self.a.run("createdb", "-h", str(self.a.socket), "-U", "tester", NAME)
        self.a.run(
            "pg_basebackup", "-D", str(self.b.data), "-d", self.a.source, "-X", "stream",
            "--checkpoint=fast", "--no-sync",
        )  # fmt: skip
        self.b.follow(self.a)
        self.b.start()
        self.a.wait_for("b")
        until(lambda: self.a.in_sync(self.b), "the standby is in sync")


@contextmanager
def pair() -> Iterator[Pair]:
    """Start both machines and end them at the end."""
    folder = Path(tempfile.mkdtemp(prefix="hb-ha-"))
    folder.chmod(0o755)
    made = Pair(folder, "nobody" if os.geteuid() == 0 else None)
    try:
        made.begin()
        yield made
    finally:
        made.b.kill()
        made.a.kill()
        shutil.rmtree(folder)


def until(true: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="latin-1").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found


def _title(process: int) -> str:
    return Path(f"/proc/{process}/cmdline").read_text(encoding="latin-1")


def _end(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return
