"""Many desks in one process, a thread each: `python -m tests.prove.desks_child DIR URL A B SEED`.

Each is the product's store, engine and transport with a person of the small province. They act
and exchange until told to stop; what the line does to them they bear as the service does.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.documents import commands as c
from app.documents.model import Particulars
from app.features import registry
from app.identity.actors import resolve
from app.kernel.bus import Bus
from app.kernel.clock import SystemClock, local_date
from app.kernel.command import Command
from app.kernel.errors import HoaBanError, Unavailable
from app.kernel.ids import new_id
from app.store.desk import DeskStore
from app.store.replica import Replica
from sync.client.engine import Engine
from sync.client.transport import HttpTransport
from sync.http import Session
from tests.prove import province

KEY = bytes(range(32))
# The pause of each desk after a round, by how many share the processor: so many rounds a second.
_ROUNDS = 4.0
_PATIENCE = 300.0


class Desk:
    """One person's desk and all that it counted."""

    def __init__(self, folder: Path, url: str, number: int, seed: int, pause: float) -> None:
        folder.mkdir()
        self._pause = pause
        self.counts: Counter[str] = Counter()
        self._chance = random.Random(seed * 1000 + number)
        self._clock = SystemClock()
        self._actor = province.actor(number)
        self.store = DeskStore.open(folder, KEY, registry(), self._clock)
        self.store.hold_seconds = 0.0
        self.store.resolve_actor = lambda get, e: resolve(get, e.person, e.post, e.at)
        self.replica = Replica(self.store)
        self.session = Session(self._clock)
        self._transport = HttpTransport(self.session, url, _Tokens())
        self.engine = Engine(self.replica, self._transport)
        self._own: list[str] = []

    def work(self, until: threading.Event) -> None:
        """Act and exchange until told to stop."""
        while not until.is_set():
            if not self._try(self._turn):
                until.wait(self._chance.uniform(0.1, 2.0))

    def _turn(self) -> None:
        if self._signs_in():
            self.engine.round()
        for _ in range(self._chance.choice((0, 0, 1, 2))):
            self._act()
        self.engine.round(flush=True)
        self.counts["rounds"] += 1
        state = self.replica.state()
        self._transport.news(state.cursor, state.buckets, self._chance.randint(1, 4))
        time.sleep(self._chance.uniform(0.0, self._pause))

    def settle(self) -> bool:
        """Exchange until nothing waits, then compare every row with the server's."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            if self._try(self._settled):
                return True
            time.sleep(0.5)
        return False

    def _signs_in(self) -> bool:
        """Sign in where that is not done yet; tell whether it was done now."""
        if self._transport.signed_in:
            return False
        self._transport.sign_in(self._actor.person, province.PASSWORD)
        return True

    def _settled(self) -> None:
        self._signs_in()
        done = self.engine.round(flush=True)
        if not done.caught_up or any(i.state != "refused" for i in self.replica.items()):
            raise Unavailable("sync.busy")

    def compare(self) -> int:
        """Return how many rows differ from the server's: those that a repair has to bring."""
        done = self.engine.round(flush=True, verify=True)
        self.counts["refused"] += sum(i.state == "refused" for i in self.replica.items())
        return done.repaired if done.caught_up else -1

    def _try(self, work: Callable[[], None]) -> bool:
        try:
            work()
        except Unavailable as error:
            self.counts[f"line {error.code}"] += 1
        except HoaBanError as error:
            self.counts[f"other {error.code}"] += 1
        else:
            return True
        return False

    def _act(self) -> None:
        """Take a document in and register it, or write a note on one of the commune's."""
        if self._own and self._chance.random() < 0.5:
            self._run(c.AddNote(self._chance.choice(self._own), "Ý kiến (mẫu)"))
            return
        today, entity = local_date(self._clock.now()), new_id(self._clock.now())
        number = str(self._chance.randrange(1, 90_000_000))
        what = Particulars(
            subject="Về việc rà soát (mẫu)", type="CV", type_name="Công văn", number=number,
            notation="UBND-VX", issued=today, issuer=f"UBND {number} (mẫu)", signer="Người ký mẫu",
        )  # fmt: skip
        agency = self._actor.agency
        received = c.Receive(entity, agency, what)
        self._run(received, c.Register(entity, province.book(agency), today))
        self._own.append(entity)

    def _run(self, *commands: Command) -> None:
        store = self.store
        Bus(store.registry, store.transaction, store.device, self._clock, store.changes).run(
            self._actor, *commands
        )
        for command in commands:
            self.counts[command.NAME] += 1


class _Tokens(dict[str, str]):
    """Tokens in memory."""

    def set(self, name: str, value: str) -> None:
        self[name] = value

    def delete(self, name: str) -> None:
        self.pop(name, None)


class Desks:
    """All desks of this process."""

    def __init__(self, folder: Path, url: str, numbers: range, seed: int) -> None:
        pause = 2 * len(numbers) / _ROUNDS
        self._desks = [Desk(folder / f"desk-{n}", url, n, seed, pause) for n in numbers]
        self._over = threading.Event()
        self._threads = [threading.Thread(target=d.work, args=(self._over,)) for d in self._desks]

    def work(self) -> dict[str, Any]:
        """Let all desks work."""
        for thread in self._threads:
            thread.start()
        return {}

    def settle(self) -> dict[str, Any]:
        """Stop acting and bring every desk's commands to the server."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        return {"settled": sum(desk.settle() for desk in self._desks)}

    def compare(self) -> dict[str, Any]:
        """Compare every desk with the server; all have settled."""
        # What the last of them sent, the first have not seen yet.
        settled = sum(desk.settle() for desk in self._desks)
        differ = [desk.compare() for desk in self._desks]
        counts: Counter[str] = sum((desk.counts for desk in self._desks), Counter())
        return {"settled": settled, "differ": sum(d != 0 for d in differ), "counts": counts}

    def end(self) -> dict[str, Any]:
        """Close everything."""
        for desk in self._desks:
            desk.session.close()
            desk.store.close()
        return {}


def main(folder: str, url: str, first: str, last: str, seed: str) -> None:
    """Do what the lines say until they end."""
    desks = Desks(Path(folder), url, range(int(first), int(last)), int(seed))
    print(json.dumps({"ready": True}), flush=True)
    for text in sys.stdin:
        print(json.dumps(getattr(desks, text.strip())()), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
