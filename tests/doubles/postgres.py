"""A real PostgreSQL cluster in a temporary folder, run by a user who is not root."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url

_FAST = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "shared_buffers=128MB",
    "max_connections=60",
    "listen_addresses=",
)


def binaries() -> Path:
    """Return the folder of the newest PostgreSQL programs."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3])
    )
    if not found:
        raise RuntimeError("PostgreSQL is not installed (Debian: postgresql)")
    return found[-1].parent


class Cluster:
    """A running cluster; `database()` makes an empty database and returns its URL."""

    def __init__(self, folder: Path, user: str | None) -> None:
        self._folder = folder
        self._user = user
        self._count = 0
        self.pid = 0

    def processor(self) -> float:
        """Return the processor seconds of all its processes, those that have ended too."""
        told = [_stat(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        mine = [words for pid, words in told if words and self.pid in (pid, int(words[1]))]
        own = sum(int(n) for words in mine for n in words[11:13])
        ended = sum(
            int(n) for pid, words in told if words and pid == self.pid for n in words[13:15]
        )
        return (own + ended) / os.sysconf("SC_CLK_TCK")

    def analyse(self, url: str) -> None:
        """Let the planner know what lies in a database, as autovacuum would have by then."""
        self.run(
            "vacuumdb", "-h", str(self._folder), "-U", "tester", "-z", make_url(url).database or ""
        )

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the cluster's user."""
        subprocess.run(
            [str(binaries() / program), *arguments],
            user=self._user,
            cwd=self._folder,
            check=True,
            capture_output=True,
            timeout=600,
            env={"LC_ALL": "C.UTF-8"},
            extra_groups=[] if self._user else None,
        )

    def database(self) -> str:
        """Make an empty database and return its SQLAlchemy URL."""
        self._count += 1
        name = f"test{self._count}"
        self.run("createdb", "-h", str(self._folder), "-U", "tester", name)
        return f"postgresql+psycopg://tester@/{name}?host={self._folder}"


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a cluster and stop it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="hb-pg-"))
    user = "nobody" if os.geteuid() == 0 else None
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    made = Cluster(folder, user)
    data = str(folder / "data")
    made.run(
        "initdb",
        "-D",
        data,
        "-U",
        "tester",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    )
    options = [x for setting in _FAST for x in ("-c", setting)]
    server = subprocess.Popen(
        [str(binaries() / "postgres"), "-D", data, "-k", str(folder), *options],
        user=user,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        extra_groups=[] if user else None,
    )
    made.pid = server.pid
    try:
        _await(made, folder)
        yield made
    finally:
        # At once: what it would write down is thrown away
        server.send_signal(signal.SIGQUIT)
        server.wait()
        shutil.rmtree(folder)


def _stat(entry: Path) -> tuple[int, list[str]]:
    """Return what the kernel tells of a process after its name; nothing of one that has ended."""
    try:
        text = (entry / "stat").read_text()
    except OSError:
        return 0, []
    return int(entry.name), text.rpartition(")")[2].split()


def _await(made: Cluster, folder: Path) -> None:
    for _ in range(200):
        try:
            made.run("pg_isready", "-h", str(folder))
        except subprocess.CalledProcessError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("PostgreSQL did not start")
