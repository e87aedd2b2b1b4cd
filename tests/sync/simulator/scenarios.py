"""Short scripts on the simulator, one for each mutant: what just this promise is made for."""

from __future__ import annotations

import argparse
import errno
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.kernel.command import Command
from sync.protocol.messages import Frame, Mark
from tests.doubles.toy import AddNote, CloseNote, CountUp, HoldBuckets, ShareNote
from tests.power.power import build, preloaded
from tests.sync.simulator import events, judge, line
from tests.sync.simulator.bench import Bench
from tests.sync.simulator.desk import SimDesk
from tests.sync.simulator.mutants import MUTANTS
from tests.sync.simulator.world import World

_HELD = ("all", "agency:x", "agency:y")
Played = dict[str, tuple[str, str]]


class Stage(World):
    """A life in which nothing happens by chance: two persons, two desks, two notes."""

    def __init__(self, bench: Bench, *, old: bool = False) -> None:
        self.clear(bench, 0)
        self.faults = False
        self.serve(2)
        self.service.run_as_system(
            *(HoldBuckets(p, (*_HELD, f"person:{p}")) for p in ("an", "binh")),
            AddNote("n0", "cũ", ("agency:x",)),
            AddNote("n1", "cũ", ("agency:y",)),
        )
        self.join("an", old=old)
        self.join("binh")
        self.an, self.binh = self.desks
        self.catch_up(self.an)
        self.catch_up(self.binh)

    def catch_up(self, desk: SimDesk) -> None:
        """Let a whole round pass, without anything lost."""
        self.sync(desk)
        while desk.steps is not None:
            self.sync(desk)
        judge.no_flicker(desk)

    def begin(self, desk: SimDesk) -> list[Frame]:
        """Begin a round; answer what the server replies to its first request."""
        self.sync(desk)
        assert desk.request is not None
        frames = self.handle(desk.request, desk.person)
        assert frames is not None
        return frames

    def act_now(self, desk: SimDesk, command: Command) -> None:
        """Give a command that the desk must take."""
        assert self.do(desk, command)

    def count(self, desk: SimDesk, note: str) -> None:
        """Count up, which its person must go on seeing."""
        self.act_now(desk, CountUp(note))
        desk.own[note] = desk.own.get(note, 0) + 1

    def dark(self, desk: SimDesk | None) -> None:
        """Let the power of a desk's disk, or of the server's, fail at the next write."""
        folder = self.bench.server if desk is None else desk.folder
        self.bench.power.arm(folder, 0, errno.EIO)


def _reply_lost(stage: Stage) -> None:
    """What was decided is remembered: the same request again decides nothing."""
    stage.count(stage.an, "n0")
    stage.begin(stage.an)
    stage.an.drop()


def _refused(stage: Stage) -> None:
    """A refusal is shown to the person whose command it was."""
    stage.act_now(stage.binh, CloseNote("n0"))
    stage.catch_up(stage.binh)
    stage.count(stage.an, "n0")


def _cut_after_hello(stage: Stage) -> None:
    """A reply that breaks off at once has told nothing."""
    stage.act_now(stage.binh, AddNote("n2", "mới", ("agency:x",)))
    stage.catch_up(stage.binh)
    stage.advance(stage.an, line.cut(stage.begin(stage.an), 1))


def _cut_after_a_mark(stage: Stage) -> None:
    """An own command that was taken stays in sight until its rows have come."""
    stage.act_now(stage.binh, AddNote("n2", "mới", ("agency:x",)))
    stage.catch_up(stage.binh)
    stage.count(stage.an, "n0")
    frames = stage.begin(stage.an)
    first = next(place for place, frame in enumerate(frames) if isinstance(frame, Mark))
    stage.advance(stage.an, line.cut(frames, first + 1))
    judge.no_flicker(stage.an)


def _act_while_rows_come(stage: Stage) -> None:
    """What was done after the request left is done again on what its reply brings."""
    stage.act_now(stage.binh, ShareNote("n0", "agency:x"))
    stage.catch_up(stage.binh)
    frames = stage.begin(stage.an)
    stage.count(stage.an, "n0")
    stage.advance(stage.an, line.whole(frames))
    judge.no_flicker(stage.an)


def _cloned(stage: Stage) -> None:
    """Two desks under one name are told apart."""
    events.clone(stage, stage.an)
    stage.count(stage.an, "n0")
    stage.catch_up(stage.an)
    stage.count(stage.desks[-1], "n1")


def _revoked(stage: Stage) -> None:
    """Nothing stays of what a person may no longer hold."""
    stage.service.run_as_system(HoldBuckets("an", ("all", "person:an", "agency:y")))


def _unknown_kind(stage: Stage) -> None:
    """What an older program cannot read waits for a newer one."""
    stage.act_now(stage.binh, ShareNote("n0", "agency:x"))
    stage.catch_up(stage.binh)
    stage.catch_up(stage.an)


def _desk_dark(stage: Stage) -> None:
    """What the person saw done outlives the power."""
    stage.count(stage.an, "n0")
    stage.dark(stage.an)
    assert not stage.do(stage.an, CountUp("n1"))
    stage.struck("power cut", stage.an)
    judge.no_flicker(stage.an)


def _server_dark(stage: Stage) -> None:
    """What the server has answered outlives its power."""
    stage.count(stage.an, "n0")
    stage.catch_up(stage.an)
    stage.count(stage.binh, "n0")
    stage.dark(None)
    stage.sync(stage.binh)
    stage.sync(stage.binh)
    stage.struck("power cut of the server", None)


def _restored(stage: Stage) -> None:
    """What a restored server has forgotten is offered to it again."""
    events.back_up_or_restore(stage, stage.an)
    stage.count(stage.an, "n0")
    stage.catch_up(stage.an)
    events.back_up_or_restore(stage, stage.an)


def _damaged(stage: Stage) -> None:
    """Rows that were changed behind the desk's back are found and mended."""
    stage.an.damaged = True
    with stage.an.store.writing() as connection:
        connection.exec_driver_sql("DELETE FROM entity WHERE kind = 'note' AND id = 'n0'")


SCENARIOS: dict[str, Callable[[Stage], None]] = {
    "acknowledged before caught up": _cut_after_a_mark,
    "cursor before apply": _cut_after_hello,
    "desk not synced": _desk_dark,
    "digests not compared": _damaged,
    "fork overlooked": _cloned,
    "journal not offered": _restored,
    "no replay": _act_while_rows_come,
    "receipt dropped": _reply_lost,
    "refusal dropped": _refused,
    "revoked rows kept": _revoked,
    "server not synced": _server_dark,
    "unknown kinds skipped": _unknown_kind,
}
_OLD = {"unknown kinds skipped"}


def _play(bench: Bench, name: str) -> str:
    """Play one to its end; answer what it died of, "" for nothing."""
    stage = None
    try:
        stage = Stage(bench, old=name in _OLD)
        SCENARIOS[name](stage)
        stage.settle()
        judge.judge(stage)
    except AssertionError as error:
        return f"AssertionError: {error}"[:400]
    finally:
        if stage is not None:
            stage.close()
    return ""


def _broken(bench: Bench, name: str) -> str:
    """Play one on the engine that its mutant has broken, and mend that again."""
    undo: list[tuple[Any, str, Any]] = []

    def patch(owner: Any, attribute: str, value: Any) -> None:
        undo.append((owner, attribute, getattr(owner, attribute)))
        setattr(owner, attribute, value)

    MUTANTS[name](patch)
    try:
        return _play(bench, name)
    finally:
        for owner, attribute, value in reversed(undo):
            setattr(owner, attribute, value)


def played() -> Played:
    """Play all in a process whose disk forgets: what each died of, whole and broken."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder).resolve()
        words = [sys.executable, "-m", __name__, "--folder", str(place / "bench")]
        done = subprocess.run(
            words, env=preloaded(build(place)), stdout=subprocess.PIPE, check=True
        )
    return {name: (whole, broken) for name, (whole, broken) in json.loads(done.stdout).items()}


def main() -> None:
    """Play all in this process and print what came of it as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    bench = Bench(parser.parse_args().folder, thin=True)
    found = {name: (_play(bench, name), _broken(bench, name)) for name in SCENARIOS}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
