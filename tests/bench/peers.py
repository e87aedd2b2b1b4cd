"""Sync programs of others, run beside ours where a folder with them is given.

The folder holds an environment and a measuring script for each, as its own README says. What
is not there, or does not run, is a figure too: it says why there is nothing to compare with.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.bench.__main__ import Plan
from tests.bench.figures import Figure
from tests.bench.servers import wait_for

_SECONDS = 900
_KINTO_DELTA = r"delta pull: .*?, ([\d.]+) kB"


@dataclass(frozen=True, slots=True)
class Peer:
    """How to run a peer's server and its measure; `rate` finds documents a second in that."""

    name: str
    environment: str
    server: tuple[str, ...]
    port: int
    script: tuple[str, ...]
    rate: str
    settings: tuple[tuple[str, str], ...] = ()


PEERS = (
    Peer(
        "Kinto, in memory",
        "kinto-venv",
        ("-c", "from kinto.__main__ import main; main()", "start", "--ini", "kinto/kinto-mem.ini"),
        18889,
        ("bench_kinto.py", "http://127.0.0.1:18889/v1", "200"),
        r"initial pull limit=5000: .* = (\d+)/s",
    ),
    Peer(
        "Anki, ordinary sync",
        "anki-venv",
        ("-m", "anki.syncserver",),
        18880,
        ("bench_anki.py",),
        r"normal-sync pull 20000 .* = (\d+) notes/s",
        (("SYNC_USER1", "bench:bench"), ("SYNC_HOST", "127.0.0.1"), ("SYNC_PORT", "18880"),
         ("SYNC_BASE", "anki/srv")),
    ),
)  # fmt: skip


def pull(plan: Plan, ours: float) -> list[Figure]:
    """Return what the peers reach with 20,000 documents, beside ours; none without `--peers`."""
    if plan.peers is None:
        return []
    home = plan.peers.resolve()
    return [_figure(peer, home, plan.folder / "peers", ours) for peer in PEERS]


def delta(plan: Plan, ours: float) -> list[Figure]:
    """Return what Kinto carries for 100 changed of 20,000, beside ours; none without `--peers`."""
    if plan.peers is None:
        return []
    what, home = "Kinto, in memory: 100 changed of 20,000, on the wire", plan.peers.resolve()
    try:
        carried = _measured(replace(PEERS[0], rate=_KINTO_DELTA), home, plan.folder / "peers")
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        return [Figure(what, 0, "kB", compared_with=f"not run: {_why(error)}")]
    return [Figure(what, carried, "kB", compared_with=f"ours: {ours / carried:.2f} ×")]


def _figure(peer: Peer, home: Path, scratch: Path, ours: float) -> Figure:
    what = f"{peer.name}: first pull of 20,000, on the disk"
    try:
        rate = _measured(peer, home, scratch)
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        return Figure(what, 0, "docs/s", compared_with=f"not run: {_why(error)}")
    return Figure(what, rate, "docs/s", compared_with=f"ours on the disk: {ours / rate:.2f} ×")


def _why(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _measured(peer: Peer, home: Path, scratch: Path) -> float:
    python = home / peer.environment / "bin" / "python"
    if not python.exists():
        raise RuntimeError(f"there is no {peer.environment} in the folder")
    work = scratch / peer.environment
    # The scripts write where they stand, and nothing of that belongs beside the originals.
    shutil.copytree(home, work, ignore=shutil.ignore_patterns("*-venv", "*.db*", "pg", "anki"))
    (work / "anki" / "srv").mkdir(parents=True, exist_ok=True)
    with _serving(peer, python, work):
        run = subprocess.run(
            [str(python), *peer.script],
            cwd=work, capture_output=True, text=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
    found = re.search(peer.rate, run.stdout)
    if found is None:
        said = run.stderr.strip().splitlines()[-1:] or ["nothing"]
        raise RuntimeError(f"{peer.script[0]} answered {run.returncode}: {said[0][:120]}")
    return float(found[1])


@contextmanager
def _serving(peer: Peer, python: Path, work: Path) -> Iterator[None]:
    with (work / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [str(python), *peer.server],
            cwd=work, env=os.environ | dict(peer.settings), stdout=log, stderr=log,
        )  # fmt: skip
        try:
            wait_for(peer.port, process)
            yield
        finally:
            process.terminate()
            process.wait(30)
