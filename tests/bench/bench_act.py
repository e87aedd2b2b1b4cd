"""Acts committed to the disk on a desk that holds 100,000 documents."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from app.documents import commands as c
from app.documents.model import Assignee, Document, Particulars, Role, reading_id
from app.features import registry
from app.files.model import FileRef
from app.identity.trail import DeskTrail
from app.kernel.actor import Actor
from app.kernel.bus import Bus
from app.kernel.clock import FixedClock
from app.kernel.command import Command
from app.kernel.ids import derived_id
from app.store.desk import DeskStore
from tests.bench import corpus, desks
from tests.bench.__main__ import Plan
from tests.bench.corpus import AGENCY, INCOMING, NOW, OUTGOING, TODAY
from tests.bench.figures import Figure, Took, busy, p95, timed

SIZE = 100_000
_ROUNDS = 40
_CLERK, _LEADER, _STAFF = (corpus.actor(login) for login in ("clerk", "leader", "staff1"))
_WHAT = Particulars(
    subject="Về việc rà soát hộ nghèo (mẫu)", type="CV", type_name="Công văn", number="12",
    notation="UBND-VX", issued=TODAY, issuer="UBND tỉnh (mẫu)", signer="Người ký mẫu",
)  # fmt: skip


def measure(plan: Plan) -> list[Figure]:
    """Measure every act of the day, each in a transaction that is on the disk when it ends."""
    count = plan.rows(SIZE)
    store = desks.filled(plan.folder, count)
    try:
        day = _Day(store)
        for turn in range(plan.times(_ROUNDS)):
            day.play(turn)
    finally:
        store.close()
    every = [ms for times in day.took.values() for ms in times]
    beside = f"commit alone p95 {p95(day.bare):.1f} ms"
    figures = [
        Figure(f"any act, p95 ({count:,} documents)", p95(every), "ms", 50, beside),
        Figure("any act, processor, p95", p95(busy(every)), "ms", 50,
               f"commit alone {p95(busy(day.bare)):.1f} ms"),
    ]  # fmt: skip
    return figures + [Figure(f"{name}, p95", p95(ms), "ms", 50) for name, ms in day.took.items()]


class _Day:
    """One incoming and one outgoing document a turn, through the desk's bus."""

    def __init__(self, store: DeskStore) -> None:
        self.took: dict[str, list[Took]] = {}
        self.bare: list[Took] = []
        self._store = store
        clock, trail = FixedClock(NOW), DeskTrail(store)
        self._bus = Bus(registry(), store.transaction, store.device, clock, store.changes, trail)

    def play(self, turn: int) -> None:
        """Carry both documents through their acts."""
        base = len(self._store.events("document", ""))
        incoming = derived_id("act", "in", str(turn), str(base), self._fresh())
        outgoing = derived_id("act", "out", str(turn), str(base), self._fresh())
        self._incoming(incoming)
        self._outgoing(outgoing)
        self.bare += timed(lambda: self._store.set_meta("bench", incoming))

    def _fresh(self) -> str:
        with self._store.reader() as connection:
            count = connection.exec_driver_sql("SELECT count(*) FROM outbox").scalar_one()
        return str(count)

    def _incoming(self, entity: str) -> None:
        lead = Assignee(Role.LEAD, person="staff1", name=corpus.name_of("staff1"), due=TODAY)
        self._do("receive", _CLERK, c.Receive(entity, AGENCY, _WHAT, files=(_file(entity),)))
        self._do("register", _CLERK, c.Register(entity, INCOMING, TODAY))
        self._do("present", _CLERK, c.Present(entity, "leader", corpus.name_of("leader")))
        self._do("instruct", _LEADER, c.Instruct(entity, "Giao xử lý (mẫu)", (lead,)))
        read = c.MarkRead(reading_id(entity, "staff1"), entity)
        self._do("read", _STAFF, read)
        item = self._item(entity)
        self._do("progress", _STAFF, c.ReportProgress(entity, item, "Đang làm (mẫu)"))
        self._do("finish", _STAFF, c.Finish(entity, item, "Đã xong (mẫu)"))

    def _outgoing(self, entity: str) -> None:
        draft = _file(f"draft {entity}")
        signed = replace(_file(f"signed {entity}"), role="signed")
        what = replace(_WHAT, number="", issued=None)
        self._do("draft", _STAFF, c.Draft(entity, AGENCY, what, (draft,)))
        self._do("submit", _STAFF, c.Submit(entity, "leader", corpus.name_of("leader")))
        self._do("reserve a number", _LEADER, c.ReserveNumber(entity, OUTGOING, TODAY))
        mark = c.AttachSignature(entity, signed, draft.sha256, "approve", "Mẫu", "B-B")
        self._do("attach a signature", _LEADER, mark)

    def _item(self, entity: str) -> str:
        held = self._store.get("document", entity)
        assert isinstance(held, Document)
        return next(i.id for i in held.items if i.person == "staff1")

    def _do(self, name: str, who: Actor, *commands: Command) -> None:
        run: Callable[..., object] = self._bus.run
        self._note(name, timed(lambda: run(who, *commands)))

    def _note(self, name: str, took: Sequence[Took]) -> None:
        self.took.setdefault(name, []).extend(took)


def _file(name: str) -> FileRef:
    digest = hashlib.sha256(name.encode()).hexdigest()
    return FileRef(digest, 60_000, "application/pdf", "mau.pdf", "main")
