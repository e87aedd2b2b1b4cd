"""Two desks edit one document without a line: the record is one afterwards, and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from app.documents import commands as c
from app.documents.model import Document
from app.kernel.actor import Actor
from app.kernel.bus import Bus
from app.kernel.clock import FixedClock
from app.kernel.codec import from_json, to_json
from app.kernel.command import Command, Envelope
from app.store.desk import DeskStore
from app.store.model import OutboxState
from app.store.replica import Replica
from sync.client.engine import Engine
from sync.protocol import codec
from sync.protocol.messages import Frame, Request
from sync.server.service import Account, Service
from sync.server.store import Store
from tests.app.documents.world import COMMUNE, NOW, PARTICULARS, REGISTRY, actor

KEY = bytes(range(32))


class Staff:
    """The commune's people, who all hold what is the commune's."""

    def actor(self, _: Any, envelope: Envelope) -> Actor:
        return actor(envelope.person)

    def scope(self, _: Any, person: str, __: datetime) -> tuple[tuple[str, int], ...]:
        return ((f"agency:{COMMUNE}", 0), (f"person:{person}", 0))

    def first(self, _: Any, __: str) -> tuple[tuple[str, str], ...]:
        return ()

    def shown(self, buckets: Sequence[str]) -> tuple[str, ...]:
        return tuple(buckets)


@dataclass
class Wire:
    """Carry requests within the process."""

    service: Service
    person: str

    def exchange(self, request: Request) -> Iterator[Frame]:
        frames = self.service.handle(request, Account(self.person, self.person))
        return iter(list(codec.Unpacker().feed(b"".join(codec.pack(frames)))))


class Place:
    """One desk with its own line."""

    def __init__(self, folder: Path, service: Service, person: str, clock: FixedClock) -> None:
        folder.mkdir()
        self.clock, self.actor = clock, actor(person)
        self.store = DeskStore.open(folder, KEY, REGISTRY, clock)
        self.store.hold_seconds = 0.0
        self.store.resolve_actor = lambda _get, _envelope: self.actor
        self.replica = Replica(self.store)
        self.engine = Engine(self.replica, Wire(service, person))

    def act(self, *commands: Command) -> None:
        store = self.store
        Bus(REGISTRY, store.transaction, store.device, self.clock, store.changes).run(
            self.actor, *commands
        )

    def sync(self) -> None:
        assert self.engine.round().caught_up

    @property
    def document(self) -> Document:
        found = self.store.get("document", "d1")
        assert isinstance(found, Document)
        return found


@dataclass
class Commune:
    one: Place
    two: Place
    server: Store

    def settle(self) -> None:
        for place in (self.one, self.two, self.one, self.two):
            place.sync()

    @property
    def on_server(self) -> Document:
        with self.server.read() as connection:
            text = connection.exec_driver_sql(
                "SELECT data FROM entity WHERE kind = 'document' AND id = 'd1'"
            ).scalar_one()
        return from_json(Document, json.loads(text))


@contextmanager
def commune() -> Iterator[Commune]:
    """Give two desks of one commune with a document that both have."""
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder, clock = Path(name), FixedClock(NOW)
        server = Store(f"sqlite:///{folder / 'server.db'}", clock)
        stack.callback(server.close)
        service = Service(server, REGISTRY, Staff(), clock)
        one = Place(folder / "one", service, "clerk", clock)
        stack.callback(one.store.close)
        two = Place(folder / "two", service, "office", clock)
        stack.callback(two.store.close)
        one.act(c.Receive("d1", COMMUNE, replace(PARTICULARS, note="giao phòng Kinh tế")))
        made = Commune(one, two, server)
        made.settle()
        yield made


def test_the_later_edit_is_a_proposal_on_both_desks_and_the_server() -> None:
    with commune() as made:
        made.two.act(c.Edit("d1", {"subject": "Về việc A", "pages": 3}))
        made.one.act(c.Edit("d1", {"subject": "Về việc B", "copies": 2}))
        assert made.one.document.particulars.subject == "Về việc B"
        made.two.sync()
        made.one.sync()
        held = made.one.document
        assert (held.particulars.subject, held.particulars.copies) == ("Về việc A", 2)
        assert [(p.value, p.person) for p in held.proposals] == [("Về việc B", "clerk")]
        made.settle()
        assert made.one.document == made.two.document == made.on_server
        made.two.act(c.TakeProposal("d1", held.proposals[0].id))
        made.settle()
        assert made.on_server.particulars.subject == "Về việc B"
        assert made.one.document == made.two.document == made.on_server
        assert made.one.document.proposals == ()


def test_two_who_decide_differently_hear_of_each_other() -> None:
    with commune() as made:
        made.two.act(c.Edit("d1", {"subject": "Về việc A"}))
        made.one.act(c.Edit("d1", {"subject": "Về việc B"}))
        made.settle()
        made.settle()
        name = made.one.document.proposals[0].id
        made.one.act(c.TakeProposal("d1", name))
        made.two.act(c.LeaveProposal("d1", name))
        made.settle()
        refused = [i for i in made.two.replica.items() if i.state is OutboxState.REFUSED]
        assert [(i.name, i.code) for i in refused] == [
            ("document.leave_proposal", "document.proposal_gone")
        ]
        told = made.two.replica.meanwhile(refused[0].command)
        assert [(e.name, e.person) for e in told] == [("document.proposal_taken", "clerk")]
        assert made.one.document == made.two.document == made.on_server


PLAIN = {"subject": "", "pages": 0, "note": ""}
FIELDS = {
    "subject": st.sampled_from(["Về việc A", "Về việc B", "Về việc C"]),
    "pages": st.integers(0, 3),
    "note": st.lists(st.sampled_from(["giao", "phòng", "Kinh tế", "Văn hóa"]), max_size=5).map(
        " ".join
    ),
}


@settings(max_examples=12, deadline=None, phases=[Phase.generate])
@given(st.data())
def test_whatever_two_desks_edit_ends_equal_and_nothing_typed_is_dropped(
    data: st.DataObject,
) -> None:
    with commune() as made:
        typed: dict[tuple[str, str], Any] = {}
        seen = to_json(made.on_server.particulars)
        for _ in range(data.draw(st.integers(1, 6))):
            who = data.draw(st.sampled_from(["one", "two"]))
            if data.draw(st.integers(0, 4)) == 0:
                made.settle()
                # What both have seen, the next edit changes knowingly
                typed, seen = {}, to_json(made.on_server.particulars)
                continue
            field = data.draw(st.sampled_from(sorted(FIELDS)))
            value = data.draw(FIELDS[field])
            getattr(made, who).act(c.Edit("d1", {field: value}))
            typed[who, field] = value
            if value == seen.get(field, PLAIN[field]):
                # Who puts back what stood has changed nothing
                del typed[who, field]
        made.settle()
        document = made.on_server
        assert made.one.document == made.two.document == document
        kept = to_json(document.particulars)
        for (who, field), value in typed.items():
            person = getattr(made, who).actor.person
            held = [p for p in document.proposals if (p.field, p.person) == (field, person)]
            found = [kept.get(field, PLAIN[field]), *(p.value for p in held)]
            if field == "note":
                # A long text is merged by its words
                assert set(value.split()) <= set(" ".join(found).split())
            else:
                assert value in found
