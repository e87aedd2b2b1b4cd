"""Sign in for the first time, and register, through a shaped line or a bad commune's.

TLS as in the field, the product's own desk without its window, its own server in a process of
its own, and 20,000 documents behind it. Every time is that of the clock on the wall, from the
click to the rows: the line itself takes most of it, which no other work on the machine changes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.kernel.clock import SystemClock
from app.kernel.ids import new_id
from tests.bench import servers
from tests.bench.corpus import NOW
from tests.bench.shaper import COMMUNE, SHAPED, Line, Strength, shaped
from tests.doubles.postgres import cluster
from tests.prove import once, province
from tests.prove.children import Told
from tests.prove.tls import authority

STRENGTHS = {"shaped": SHAPED, "commune": COMMUNE}
FIRST = {"shaped": 3.0, "commune": 10.0}
WHOLE = 28.0
BOTH_SIDES = 20.0
SIZE, OFFICIALS, STARTS, ACTS = 20_000, 2000, 5, 6
FAULTY, FAULTY_DESKS = 120.0, 6
FAULTS = {"cut": 0.1, "stall": 0.05, "portal": 0.1, "lost": 0.15}
LOGINS = ("clerk", "leader")
_LOOKS = 60
# Signed in and the profile made, opened, usable; after these the desk's processor seconds, and
# those in which its first thread stood for want of one.
_PHASES = ("signs", "made", "opened", "usable")
_NOTHING: dict[str, Any] = {"seconds": [0.0], "megabytes": [0.0]}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the line's strength and how often to try."""
    parser.add_argument("--strength", choices=sorted(STRENGTHS), required=True)
    parser.add_argument("--size", type=int, default=SIZE, help="documents on the server")
    parser.add_argument("--officials", type=int, default=OFFICIALS, help="of other communes")
    parser.add_argument("--starts", type=int, default=STARTS, help="first sign-ins")
    parser.add_argument(
        "--acts",
        type=int,
        default=ACTS,
        help="registrations with instruction; 0 leaves out the whole pull too",
    )
    parser.add_argument("--faulty-seconds", type=float, default=FAULTY, metavar="N")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Prove, and say the times; 0 when every budget is kept and both sides hold the same."""
    with tempfile.TemporaryDirectory() as folder:
        found = prove(arguments, Path(folder))
    if arguments.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name}: {value}")
    return 0 if found["kept"] and found["equal"] else 1


def prove(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return what was measured, with the load of the machine."""
    strength = STRENGTHS[arguments.strength]
    with _server(folder, arguments.size, arguments.officials) as (port, env):
        far = _Far(folder, strength, port, env)
        starts = [far.start(turn) for turn in range(arguments.starts)]
        whole, acts, equal = far.work(arguments.acts) if arguments.acts else (_NOTHING, [], True)
    first = [start.seconds for start in starts if not start.silent]
    on_both = [act.seconds for act in acts if not act.silent]
    kept = max(first, default=0) <= FIRST[arguments.strength]
    kept = kept and max(on_both, default=0) <= BOTH_SIDES
    if strength is SHAPED:
        kept = kept and min(whole["seconds"]) <= WHOLE
    faults = faulty(folder / "faults", strength, arguments.faulty_seconds)
    return {
        "strength": arguments.strength,
        "documents": arguments.size,
        "officials": arguments.officials,
        "load": os.getloadavg()[0],
        "first_screen": _spread(first),
        "first_screen_phases": far.phases,
        "first_screen_met_silence": _spread([s.seconds for s in starts if s.silent]),
        "first_screen_budget": FIRST[arguments.strength],
        "whole_pull": whole,
        "whole_pull_budget": WHOLE if strength is SHAPED else None,
        "register_instruct_both_sides": _spread(on_both),
        "register_instruct_met_silence": _spread([a.seconds for a in acts if a.silent]),
        "register_instruct_budget": BOTH_SIDES,
        "faults": faults,
        "kept": kept,
        "equal": equal and faults["exact"],
    }


def _spread(times: list[float]) -> dict[str, Any]:
    if not times:
        return {"count": 0}
    return {
        "count": len(times),
        "median": round(statistics.median(times), 2),
        "worst": round(max(times), 2),
    }


def faulty(folder: Path, strength: Strength, seconds: float) -> dict[str, Any]:
    """Let desks work through a line that cuts, stalls, loses replies and shows a portal's page.

    It carries plain HTTP: through TLS a portal's page is told from a reply by itself.
    """
    folder.mkdir()
    with cluster() as made, ExitStack() as stack:
        url = made.database()
        province.build(url, FAULTY_DESKS, SystemClock())
        port = stack.enter_context(servers.serving(url, folder / "files", "--log-level", "error"))
        line = stack.enter_context(shaped(port, replace(strength, **FAULTS)))
        child = Told(
            "tests.prove.desks_child", str(folder), f"http://127.0.0.1:{line.port}",
            "0", str(FAULTY_DESKS), "7",
        )  # fmt: skip
        stack.callback(child.kill)
        child.heard()
        child.ask("work")
        time.sleep(seconds)
        line.mend()
        settled = child.ask("settle")["settled"]
        end = child.ask("compare")
        counts = Counter(end["counts"])
        told = once.counted(url, folder / "files", counts)
    well = settled == FAULTY_DESKS and not end["differ"] and not counts["refused"]
    return {
        "struck": dict(line.struck),
        "desks_counts": dict(counts),
        **told,
        "exact": well and once.exact(told),
    }


@dataclass(frozen=True, slots=True)
class Timed:
    """How long something took, and whether a silence of the line fell into it."""

    seconds: float
    silent: bool


@contextmanager
def _server(folder: Path, size: int, officials: int) -> Iterator[tuple[int, dict[str, str]]]:
    """Run the server on PostgreSQL behind TLS; yield its port and what makes desks trust it."""
    root, certificate, key = authority(folder)
    with cluster() as made:
        url = made.database()
        servers.fill(url, size, LOGINS, officials)
        options = ("--tls-cert", str(certificate), "--tls-key", str(key))
        with servers.serving(url, folder / "files", *options) as port:
            yield port, {"SSL_CERT_FILE": str(root), "SSL_CERT_DIR": "/nonexistent"}


class _Far:
    """The desks at the far end of a line."""

    def __init__(self, folder: Path, strength: Strength, port: int, env: dict[str, str]) -> None:
        self._folder, self._strength, self._port, self._env = folder, strength, port, env
        self._count = 0
        self.phases: list[list[float]] = []

    def _desk(self, line: Line, login: str) -> Told:
        self._count += 1
        home = self._folder / f"desk-{self._count}"
        home.mkdir()
        server = f"https://localhost:{line.port}"
        child = Told(
            "tests.prove.line_child", str(home), server, login, servers.PASSWORD, env=self._env
        )
        child.heard()
        return child

    def start(self, turn: int) -> Timed:
        """Sign in once for the first time at a line of its own."""
        with shaped(self._port, self._strength, turn * 10) as line:
            desk = self._desk(line, LOGINS[turn % 2])
            told: dict[str, float] = {}
            done = _timed(line, lambda: told.update(desk.ask("begin")))
            desk.kill()
        self.phases.append([round(told[b] - told[a], 2) for a, b in itertools.pairwise(_PHASES)])
        return done

    def work(self, acts: int) -> tuple[dict[str, Any], list[Timed], bool]:
        """Let clerk and leader pull everything, each over a line of his own, then work."""
        with ExitStack() as stack:
            lines = [stack.enter_context(shaped(self._port, self._strength, n)) for n in (77, 88)]
            desks = [self._desk(*pair) for pair in zip(lines, LOGINS, strict=True)]
            for desk in desks:
                stack.callback(desk.kill)
            # One after the other: both at once would measure the processor.
            took = [desk.ask("begin")["signs"] - desk.ask("whole")["at"] for desk in desks]
            whole = {
                "seconds": [round(-seconds, 2) for seconds in took],
                "megabytes": [round(line.down.carried / 1e6, 3) for line in lines],
            }
            done = [self._act(lines[0], *desks) for _ in range(acts)]
            equal = _until_equal(desks)
            for desk in desks:
                desk.ask("end")
        return whole, done, equal

    def _act(self, line: Line, clerk: Told, leader: Told) -> Timed:
        """Register at the clerk's, instruct at the leader's, until both have all of it."""
        entity = new_id(NOW)

        def both() -> None:
            leader.tell("instruct", entity)
            clerk.ask("register", entity)
            clerk.tell("instructed", entity)
            leader.heard()
            leader.tell("settled", entity)
            numbers = {clerk.heard()["number"], leader.heard()["number"]}
            if len(numbers) != 1 or None in numbers:
                raise RuntimeError(f"two sides, two numbers: {numbers}")

        return _timed(line, both)


def _timed(line: Line, work: Callable[[], object]) -> Timed:
    began = time.monotonic()
    work()
    ended = time.monotonic()
    return Timed(ended - began, line.silences(began, ended) > 0)


def _until_equal(desks: list[Told]) -> bool:
    """Wait for what is still on its way, and tell whether both ends hold the same."""
    for _ in range(_LOOKS):
        if _agree([desk.ask("digest") for desk in desks]):
            return True
        time.sleep(1.0)
    return False


def _agree(held: list[dict[str, Any]]) -> bool:
    """Tell whether what two desks hold of the same buckets is the same, and nothing is owed."""
    owed = any(one["waiting"] or one["refused"] for one in held)
    one, other = (one["sums"] for one in held)
    shared = one.keys() & other.keys()
    agency = any(name.startswith("agency:") for name in shared)
    return not owed and agency and all(one[name] == other[name] for name in shared)
