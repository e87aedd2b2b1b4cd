"""Desks at work while their primary dies: who was told what, and what the standby has of it."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.kernel.errors import Unavailable
from tests.doubles.replication import NAME, Machine, Pair, until
from tests.doubles.toy import AddNote, CountUp
from tests.sync.real import Process, RealDesk
from tests.sync.server_process import PASSWORD

X = ("agency:x",)
SHARED = "shared"
_POLL = 0.5
_ACKED = (
    "SELECT command FROM journal UNION SELECT command FROM outbox"
    " WHERE settled = 1 AND state <> 'refused'"
)
_GIVEN = "SELECT command FROM journal UNION SELECT command FROM outbox"


@dataclass
class Worker:
    """A desk that acts and sends until it is told to stop."""

    desk: RealDesk
    name: str
    notes: int = 0
    counts: int = 0
    cuts: int = 0
    sent: int = 0

    def act(self) -> None:
        """Enter a note of its own and count one up that all desks count."""
        self.notes += 1
        self.desk.act(AddNote(f"{self.name}-{self.notes}", "", X))
        self.desk.act(CountUp(SHARED))
        self.counts += 1

    def send(self) -> bool:
        """Run one round; False where the server could not be had."""
        try:
            self.sent += self.desk.engine.round(flush=True).sent
        except Unavailable:
            self.cuts += 1
            return False
        return True

    def work(self, stop: threading.Event) -> None:
        """Act and send until told to stop."""
        while not stop.is_set():
            self.act()
            if not self.send():
                stop.wait(0.2)

    def acked(self) -> set[str]:
        """Return the commands that this desk was told were accepted."""
        return self._commands(_ACKED)

    def given(self) -> set[str]:
        """Return every command of this desk."""
        return self._commands(_GIVEN)

    def held(self) -> dict[str, Any]:
        """Return the notes as this desk shows them."""
        with self.desk.store.reader() as connection:
            rows = connection.exec_driver_sql("SELECT id, data FROM entity WHERE kind = 'note'")
            return {name: json.loads(data) for name, data in rows}

    def _commands(self, query: str) -> set[str]:
        with self.desk.store.reader() as connection:
            return {command for (command,) in connection.exec_driver_sql(query)}


@dataclass
class Scene:
    """Two machines, two server processes and the desks."""

    pair: Pair
    processes: list[Process]
    workers: list[Worker]
    primary: Machine
    standby: Machine
    lost: set[str] = field(default_factory=set)

    @classmethod
    def begin(cls, folder: Path, pair: Pair, desks: int) -> Scene:
        """Start server processes, sign the desks in and let them have what there is."""
        processes = []
        for name in ("one", "two"):
            (folder / name).mkdir()
            processes.append(Process(folder / name, pair.url, _POLL, quiet=True))
        workers = []
        for turn in range(desks):
            person = ("an", "binh")[turn % 2]
            desk = RealDesk(folder / f"desk{turn}", processes[turn % 2].url, person)
            desk.transport.sign_in(person, PASSWORD)
            workers.append(Worker(desk, f"d{turn}"))
        workers[0].desk.act(AddNote(SHARED, "", X))
        for worker in workers:
            assert worker.send()
        return cls(pair, processes, workers, pair.a, pair.b)

    def traffic(self, seconds: float, *, least: int = 1) -> None:
        """Let all desks work for a while, each until that many of its commands were sent."""
        stop, threads = self._start()
        due = [worker.sent + least for worker in self.workers]
        time.sleep(seconds)
        until(
            lambda: all(w.sent >= d for w, d in zip(self.workers, due, strict=True)),
            "every desk gets something through",
        )
        stop.set()
        for thread in threads:
            thread.join()

    def die_at_work(self, seconds: float) -> set[str]:
        """Kill the primary while all desks work; answer what they had been told was done."""
        stop, threads = self._start()
        before = [worker.sent for worker in self.workers]
        cuts = [worker.cuts for worker in self.workers]
        time.sleep(seconds)
        until(
            lambda: all(w.sent > b for w, b in zip(self.workers, before, strict=True)),
            "every desk is at work",
        )
        self.primary.kill()
        until(
            lambda: all(w.cuts > c for w, c in zip(self.workers, cuts, strict=True)),
            "every desk notices",
        )
        stop.set()
        for thread in threads:
            thread.join()
        return set().union(*(worker.acked() for worker in self.workers))

    def promote(self, told: set[str]) -> None:
        """Make the standby the primary; note what was told as done and is not there."""
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary
        self.lost = told - self.receipts(self.primary)

    def rejoin(self) -> None:
        """Bring the dead machine back as the standby, as the guide says."""
        self.standby.rewind(self.primary)
        self.standby.follow(self.primary)
        self.standby.start()
        self.primary.wait_for(self.standby.name)
        until(lambda: self.primary.in_sync(self.standby), "the old primary follows")

    def settle(self) -> None:
        """Let every desk send and take what is left."""
        for _ in range(3):
            for worker in self.workers:
                until(worker.send, "the desk gets through")

    def receipts(self, machine: Machine) -> set[str]:
        """Return the commands that a machine has decided."""
        rows = machine.sql("SELECT command FROM receipt", NAME)
        found = {str(command) for (command,) in rows}
        assert len(found) == len(rows), "a command was decided twice"
        return found

    def commands(self) -> int:
        """Return how many commands all desks have given."""
        return sum(len(worker.given()) for worker in self.workers)

    def judge(self) -> None:
        """See every command there once, and every desk hold what the server holds."""
        given = set().union(*(worker.given() for worker in self.workers))
        assert self.receipts(self.primary) == given
        rows = self.primary.sql("SELECT id, data FROM entity WHERE kind = 'note'", NAME)
        truth = {str(name): json.loads(str(data)) for name, data in rows}
        assert truth[SHARED]["count"] == sum(worker.counts for worker in self.workers)
        assert len(truth) == 1 + sum(worker.notes for worker in self.workers)
        for worker in self.workers:
            done = worker.desk.engine.round(verify=True)
            assert (done.caught_up, done.repaired) == (True, 0), worker.name
            assert worker.held() == truth, ("diverged", worker.name)
            assert worker.given() == worker.acked(), ("still waiting", worker.name)

    def close(self) -> None:
        """End desks and processes."""
        for worker in self.workers:
            worker.desk.close()
        for process in self.processes:
            process.kill()

    def _start(self) -> tuple[threading.Event, list[threading.Thread]]:
        stop = threading.Event()
        threads = [threading.Thread(target=w.work, args=(stop,)) for w in self.workers]
        for thread in threads:
            thread.start()
        return stop, threads
