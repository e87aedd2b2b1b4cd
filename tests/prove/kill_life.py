"""What is killed: a server and desks over the toy feature, and what they write down outside.

A desk notes each act before and after it, in a file that no kill takes back.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path

from app.kernel.actor import Actor
from app.kernel.bus import Bus
from app.kernel.clock import SystemClock
from app.kernel.command import Command
from app.kernel.errors import NotPermitted, Unavailable
from app.kernel.ids import new_id
from app.store.desk import DeskStore
from app.store.model import OutboxState
from app.store.replica import Replica
from sync.client.engine import Engine
from sync.client.transport import HttpTransport
from sync.http import Session
from tests.doubles.toy import AddNote, CountUp, NumberNote, registry
from tests.sync import server_process
from tests.sync.real import KEY, Keys, X

SHARED = "shared"
_WAIT = 0.05
_PATIENCE = 120.0


def serve(url: str, files: str, port: int) -> None:
    """Serve until killed."""
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - as long as the process
    server_process.main(url, files, str(port), "2.0")


class Life:
    """One desk from its start to its kill."""

    def __init__(self, folder: str, url: str, person: str, seed: int) -> None:
        self.folder, self._person, self._chance = Path(folder), person, random.Random(seed)
        self._clock = SystemClock()
        self._actor = Actor(person, roles=frozenset({"writer"}))
        self.store = DeskStore.open(self.folder, KEY, registry(), self._clock)
        self.store.hold_seconds = 0.0
        self.store.resolve_actor = lambda _get, _envelope: self._actor
        self.replica = Replica(self.store)
        self._session = Session(self._clock)
        self._transport = HttpTransport(self._session, url, Keys())
        self.engine = Engine(self.replica, self._transport)

    def turn(self) -> None:
        """Act once or twice, and exchange."""
        for _ in range(self._chance.randint(1, 2)):
            self._act()
        self.exchange()

    def exchange(self) -> bool:
        """Do a round; answer whether the line bore it."""
        try:
            if not self._transport.signed_in:
                self._transport.sign_in(self._person, server_process.PASSWORD)
            caught_up = self.engine.round(flush=True).caught_up
        except (Unavailable, NotPermitted):
            time.sleep(_WAIT)
            return False
        self._note("had", "round", "-")
        return caught_up

    def _act(self) -> None:
        if self._chance.random() < 0.5 and self.store.get("note", SHARED) is not None:
            self._do("count", CountUp(SHARED))
            return
        name = f"{self._person}-{new_id(self._clock.now())}"
        self._do("add", AddNote(name, "chữ", X))
        if self._chance.random() < 0.5:
            self._do("number", NumberNote(name))

    def _do(self, what: str, command: Command) -> None:
        store = self.store
        self._note("will", what, command.id)
        bus = Bus(store.registry, store.transaction, store.device, self._clock, store.changes)
        bus.run(self._actor, command)
        self._note("did", what, command.id)

    def _note(self, when: str, what: str, name: str) -> None:
        with (self.folder.parent / f"{self._person}.log").open("ab", buffering=0) as log:
            log.write(f"{when} {what} {name}\n".encode())


def live(folder: str, url: str, person: str, seed: int) -> None:
    """Act and exchange until killed."""
    life = Life(folder, url, person, seed)
    while True:
        life.turn()


def settle(folder: str, url: str, person: str, seed: int) -> None:
    """Send what waits, compare every row, and write down what came of it."""
    life = Life(folder, url, person, seed)
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and not (life.exchange() and not _waiting(life)):
        continue
    found = life.engine.round(flush=True, verify=True)
    said = {
        "waiting": _waiting(life),
        "caught_up": found.caught_up,
        "repaired": found.repaired,
        "refused": len(life.replica.items()) - _waiting(life),
        "notes": len(life.store.entities("note")),
    }
    (life.folder.parent / f"{person}.json").write_text(json.dumps(said))
    life.store.close()


def _waiting(life: Life) -> int:
    return sum(item.state is not OutboxState.REFUSED for item in life.replica.items())


def acts(folder: Path, person: str) -> tuple[Counter[str], Counter[str], set[str], set[str]]:
    """Return what a desk began and what it finished, and the notes that it would add and added."""
    will, did = Counter[str](), Counter[str]()
    names: dict[str, set[str]] = {"will": set(), "did": set()}
    for line in (folder / f"{person}.log").read_text().splitlines():
        when, what, name = line.split()
        if when == "had":
            continue
        (will if when == "will" else did)[what] += 1
        if what == "add":
            names[when].add(name)
    return will, did, names["will"], names["did"]
