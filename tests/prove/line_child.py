"""A desk of the product without its window, told by lines of JSON what to do.

`python -m tests.prove.line_child FOLDER SERVER LOGIN PASSWORD` says `ready` when everything is
loaded, as behind the login, and then answers each line with the monotonic time at which it was
done. Desks and proof share one clock: both run on this machine.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from app.desk import Desk
from app.documents import commands as c
from app.documents import lists, queries
from app.documents.model import Assignee, Direction, Document, Particulars, Role
from app.documents.rows import Ask, View
from app.entry import desks, line
from app.kernel.clock import local_date
from app.store.replica import Replica
from sync.client.service import Wanted
from tests.bench import corpus

# The rows that a window of 1366 × 720 shows.
SCREEN = 20
_LOOK = 0.02
_PATIENCE = 600.0
_WHAT = Particulars(
    subject="Về việc rà soát hộ nghèo (mẫu)", type="CV", type_name="Công văn", number="12",
    notation="UBND-VX", issued=corpus.TODAY, issuer="UBND tỉnh (mẫu)", signer="Người ký mẫu",
)  # fmt: skip


def no_files(_: object) -> Iterator[Wanted]:
    """Fetch no file before somebody opens it."""
    return iter(())


class Child:
    """One person at a desk."""

    def __init__(self, folder: Path, server: str, login: str, password: str) -> None:
        self._launcher = desks.launcher(folder)
        self._server, self._login, self._password = server, login, password
        self._desk: Desk | None = None

    @property
    def desk(self) -> Desk:
        """Return the desk that was opened."""
        if self._desk is None:
            raise RuntimeError("nobody has signed in")
        return self._desk

    def begin(self) -> dict[str, Any]:
        """Sign in for the first time and open the desk; answer when its first screens have rows."""
        signs, worked, stood = time.monotonic(), time.process_time(), _stood()
        folder = self._launcher.create(self._server, self._login, self._password)
        made = time.monotonic()
        self._desk = self._launcher.open(folder, self._password)
        opened = time.monotonic()
        _until(self._usable)
        return {
            "signs": signs,
            "made": made,
            "opened": opened,
            "usable": time.monotonic(),
            "processor": time.process_time() - worked,
            "stood": _stood() - stood,
        }

    def _usable(self) -> bool:
        """Tell whether the person has his post, and the lists, open and all, a screen of rows."""
        if not self.desk.posts():
            return False
        today = local_date(self.desk.clock.now())
        actor = self.desk.actor()
        self.desk.query(queries.my_work, actor, today)
        asked = (Ask(Direction.INCOMING, view, today=today) for view in (View.OPEN, View.ALL))
        shown = (self.desk.query(lists.rows, actor, ask, 0, SCREEN) for ask in asked)
        return all(len(rows) == SCREEN for rows in shown)

    def whole(self) -> dict[str, Any]:
        """Answer when the desk has caught up."""
        _until(lambda: (s := self.desk.sync) is not None and s.status.last_sync is not None)
        with self.desk.store.reader() as connection:
            held = connection.exec_driver_sql("SELECT kind, count(*) FROM entity GROUP BY kind")
            return {"held": dict(map(tuple, held))}

    def register(self, entity: str) -> dict[str, Any]:
        """Receive, register and present a document; answer when it was done and numbered."""
        actor, did = self.desk.actor(), time.monotonic()
        self.desk.run(
            actor,
            c.Receive(entity, corpus.AGENCY, _WHAT),
            c.Register(entity, corpus.INCOMING, local_date(self.desk.clock.now())),
            c.Present(entity, "leader", corpus.name_of("leader")),
        )
        committed = time.monotonic()
        self._send()
        _until(lambda: self._numbered(entity))
        return {"did": did, "committed": committed, "numbered": time.monotonic()}

    def instruct(self, entity: str) -> dict[str, Any]:
        """Wait for the document, with its number, and write the leader's instruction."""
        _until(lambda: self._numbered(entity))
        came = time.monotonic()
        due = local_date(self.desk.clock.now())
        lead = Assignee(Role.LEAD, person="staff1", name=corpus.name_of("staff1"), due=due)
        self.desk.run(self.desk.actor(), c.Instruct(entity, "Giao xử lý (mẫu)", (lead,)))
        self._send()
        return {"came": came, "did": time.monotonic()}

    def instructed(self, entity: str) -> dict[str, Any]:
        """Answer when the instruction is here and nothing waits to be sent."""
        _until(lambda: self._instructed(entity) and self._settled())
        return {"number": self._number(entity)}

    def settled(self, entity: str) -> dict[str, Any]:
        """Answer when nothing waits to be sent."""
        _until(self._settled)
        return {"number": self._number(entity)}

    def digest(self, _: str = "") -> dict[str, Any]:
        """Answer what is held, row by row counted anew, and what was refused."""
        replica = Replica(self.desk.store)
        replica.recount()
        sums = {f"{d.bucket} {d.kind}": [d.count, f"{d.sum:016x}"] for d in replica.digests()}
        waiting, refused = self.desk.outbox_counts()
        return {"sums": sums, "waiting": waiting, "refused": refused}

    def end(self) -> dict[str, Any]:
        """Close the desk."""
        self.desk.close()
        return {}

    def _send(self) -> None:
        """Send at once, as the button does: nobody waits out the time to take it back."""
        if self.desk.sync is not None:
            self.desk.sync.poke()

    def _document(self, entity: str) -> Document | None:
        held: Document | None = self.desk.store.get("document", entity)
        return held

    def _numbered(self, entity: str) -> bool:
        held = self._document(entity)
        return held is not None and held.arrival_number is not None

    def _number(self, entity: str) -> int | None:
        held = self._document(entity)
        return held.arrival_number if held is not None else None

    def _instructed(self, entity: str) -> bool:
        held = self._document(entity)
        return held is not None and bool(held.items)

    def _settled(self) -> bool:
        return not self.desk.outbox_counts()[0]


def _stood() -> float:
    """Return the seconds that this thread was ready to work and had no processor."""
    return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9


def _until(ready: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError("waited in vain")
        time.sleep(_LOOK)


def main(folder: str, server: str, login: str, password: str) -> None:
    """Do what the lines say until they end."""
    # Whether files come by themselves is a setting; here rows are what is measured.
    line.wanted_files = no_files  # type: ignore[assignment]
    child = Child(Path(folder), server, login, password)
    print(json.dumps({"ready": time.monotonic()}), flush=True)
    for text in sys.stdin:
        name, *words = text.split()
        answer = getattr(child, name)(*words)
        print(json.dumps({"at": time.monotonic(), **answer}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
