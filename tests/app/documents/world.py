"""A small province in memory: real rules of identity, registers and documents."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.documents import commands as c
from app.documents.feature import FEATURE as DOCUMENTS
from app.documents.model import Assignee, Document, Particulars, Recipient, Role
from app.files.model import FileRef
from app.identity.model import Person, Post, Unit
from app.kernel.actor import SYSTEM_ACTOR, Actor
from app.kernel.bus import Situation, execute, wrap
from app.kernel.clock import local_date
from app.kernel.codec import to_json
from app.kernel.command import Command
from app.kernel.event import Event
from app.kernel.feature import Feature, Kind, Registry
from app.registers.feature import FEATURE as REGISTERS
from app.registers.model import Lease, Register, RegisterMode

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TODAY = local_date(NOW)
DEVICE = "may-van-thu"
PROVINCE, COMMUNE, DEPARTMENT = "u-tinh", "u-xa", "u-phong"


def _unchanged(entity: Any, _: Event) -> Any:
    return entity


DIRECTORY = Feature(
    "directory",
    kinds=tuple(
        Kind(name, model, _unchanged, lambda _: frozenset({"province"}))
        for name, model in (("unit", Unit), ("person", Person), ("post", Post))
    ),
)
REGISTRY = Registry((DIRECTORY, REGISTERS, DOCUMENTS))

STAFF = {
    "clerk": (COMMUNE, COMMUNE, ("clerk",)),
    "leader": (COMMUNE, COMMUNE, ("leader",)),
    "deputy": (COMMUNE, COMMUNE, ("leader",)),
    "office": (COMMUNE, COMMUNE, ("office_head",)),
    "head": (COMMUNE, DEPARTMENT, ("department_head",)),
    "anna": (COMMUNE, DEPARTMENT, ("specialist",)),
    "binh": (COMMUNE, DEPARTMENT, ("specialist",)),
    "archivist": (COMMUNE, COMMUNE, ("archivist",)),
    "p-clerk": (PROVINCE, PROVINCE, ("clerk",)),
    "p-leader": (PROVINCE, PROVINCE, ("leader",)),
    "p-staff": (PROVINCE, PROVINCE, ("specialist",)),
}
PARTICULARS = Particulars(
    subject="Về việc rà soát hộ nghèo (mẫu)",
    type="CV",
    type_name="Công văn",
    number="12",
    notation="UBND-VX",
    issued=date(2026, 11, 20),
    issuer="UBND tỉnh (mẫu)",
    signer="Người ký mẫu",
)


def ref(name: str, role: str = "main", media: str = "application/pdf") -> FileRef:
    """Name a file by the hash of its name."""
    return FileRef(hashlib.sha256(name.encode()).hexdigest(), 1000, media, f"{name}.pdf", role)


def actor(person: str, **values: Any) -> Actor:
    """Return a person of the sample staff at his post."""
    agency, unit, roles = STAFF[person]
    plain = Actor(person, f"post-{person}", agency, unit, frozenset(roles), f"Mẫu {person}")
    return replace(plain, **values)


def to(role: Role, person: str = "", unit: str = "", due: date | None = None) -> Assignee:
    """Name somebody to assign to."""
    return Assignee(role, person, unit, f"Mẫu {person or unit}", due)


def book(kind: str, agency: str = COMMUNE) -> str:
    """Return the id of this year's book."""
    return f"{agency}:{TODAY.year}:{kind}"


@dataclass
class World:
    """A state with its events; `server` runs the reactions too."""

    server: bool = False
    now: datetime = NOW
    entities: dict[tuple[str, str], Any] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    count: int = 0

    def get(self, kind: str, entity: str) -> Any:
        return self.entities.get((kind, entity))

    def put(self, kind: str, entity: str, value: Any) -> None:
        self.entities[(kind, entity)] = value

    def record(self, event: Event) -> None:
        self.events.append(event)

    def run(self, who: Actor, *commands: Command) -> list[Event]:
        """Run commands as the desk of `who` would, or as the server when this is one."""
        found: list[Event] = []
        for command in commands:
            before, told = dict(self.entities), list(self.events)
            try:
                found += self._one(who, command)
            except BaseException:
                self.entities, self.events = before, told
                raise
        return found

    def _one(self, who: Actor, command: Command) -> list[Event]:
        handler = REGISTRY.handler(command.NAME)
        if not who.is_system:
            self.now += timedelta(seconds=1)
        envelope = wrap(handler, command, who, DEVICE, self.now)
        situation = Situation(
            self, who, self.now, DEVICE, envelope.id, self.now if self.server else None
        )
        if handler.prepare is not None and not who.is_system:
            command = handler.prepare(self.get(handler.kind, command.id), command, situation)
            envelope = replace(envelope, args=to_json(command))
        events = list(execute(REGISTRY, self, envelope, situation))
        if self.server:
            for event in tuple(events):
                events += self._react(event, situation)
        return events

    def _react(self, event: Event, situation: Situation) -> list[Event]:
        found: list[Event] = []
        system = replace(situation, actor=SYSTEM_ACTOR)
        for react in REGISTRY.reactions.get(event.name, ()):
            for command in react(event, system):
                found += self._one(SYSTEM_ACTOR, command)
        return found

    def doc(self, entity: str = "d1") -> Document:
        """Return a document."""
        document = self.get("document", entity)
        assert isinstance(document, Document)
        return document

    def item_of(self, person: str, entity: str = "d1") -> str:
        """Return the id of a person's or unit's newest item."""
        return [i.id for i in self.doc(entity).items if person in (i.person, i.unit)][-1]

    def names(self, entity: str = "d1") -> list[str]:
        """Return the names of a document's events, in order."""
        return [e.name.removeprefix("document.") for e in self.events if e.entity == entity]


def world(*, server: bool = False, leased: bool = True) -> World:
    """Return a province of one agency above and one commune, with their books."""
    made = World(server=server)
    for unit in (PROVINCE, COMMUNE, DEPARTMENT):
        made.put("unit", unit, Unit(unit, unit, f"Đơn vị mẫu {unit}", is_agency=True))
    for person, (agency, unit, roles) in STAFF.items():
        post = f"post-{person}"
        made.put("person", person, Person(person, f"Mẫu {person}", person, posts=(post,)))
        made.put("post", post, Post(post, person, unit, agency, "Mẫu", roles, date(2026, 1, 1)))
    for agency in (COMMUNE, PROVINCE):
        for kind in ("incoming", "outgoing"):
            made.put("register", book(kind, agency), _register(agency, kind, leased))
    return made


def _register(agency: str, kind: str, leased: bool) -> Register:
    mode = RegisterMode.LEASED if leased else RegisterMode.SERVER
    lease = Lease(DEVICE, "clerk", 1) if leased else None
    return Register(
        book(kind, agency), agency, TODAY.year, kind, "Sổ mẫu", mode, lease=lease, epoch=1
    )


def receive(made: World, entity: str = "d1", **changes: Any) -> World:
    """Let the clerk take in a paper document."""
    particulars = replace(PARTICULARS, **changes)
    files = (ref(f"scan-{entity}"),)
    made.run(actor("clerk"), c.Receive(entity, COMMUNE, particulars, files=files))
    return made


def registered(made: World, entity: str = "d1", **changes: Any) -> World:
    """Let the clerk take in a document and enter it in the book."""
    receive(made, entity, **changes)
    made.run(actor("clerk"), c.Register(entity, book("incoming"), TODAY))
    return made


def instructed(made: World, *assignees: Assignee, entity: str = "d1", **changes: Any) -> World:
    """Carry a document up to the leader's instruction."""
    registered(made, entity, **changes)
    made.run(actor("clerk"), c.Present(entity, "leader", "Mẫu leader"))
    made.run(actor("leader"), c.Instruct(entity, "Giao xử lý (mẫu)", assignees))
    return made


def drafted(made: World, entity: str = "o1", **values: Any) -> World:
    """Let a specialist draft an outgoing document with its PDF."""
    values.setdefault("recipients", (Recipient(PROVINCE, "UBND tỉnh (mẫu)"),))
    values.setdefault("files", (ref(f"draft-{entity}"),))
    particulars = replace(PARTICULARS, number="", issued=None, issuer="UBND xã (mẫu)")
    made.run(actor("anna"), c.Draft(entity, COMMUNE, particulars, **values))
    return made


def submitted(made: World, entity: str = "o1", **values: Any) -> World:
    """Carry a draft to the leader."""
    drafted(made, entity, **values)
    made.run(actor("anna"), c.Submit(entity, "leader", "Mẫu leader"))
    return made


def numbered(made: World, entity: str = "o1", **values: Any) -> World:
    """Carry a draft to its number."""
    submitted(made, entity, **values)
    made.run(actor("leader"), c.ReserveNumber(entity, book("outgoing"), TODAY))
    return made


def sign(made: World, entity: str = "o1") -> World:
    """Let the leader sign the document's file."""
    main = made.doc(entity).main_file
    assert main is not None
    signed = ref(f"signed-{entity}", "signed")
    made.run(
        actor("leader"), c.AttachSignature(entity, signed, main.sha256, "approve", "Mẫu", "B-B")
    )
    return made


def sealed(made: World, entity: str = "o1", **values: Any) -> World:
    """Carry a draft to the agency's seal."""
    sign(numbered(made, entity, **values), entity)
    main = made.doc(entity).main_file
    assert main is not None
    seal = c.Seal(entity, ref(f"sealed-{entity}", "signed"), main.sha256, "UBND xã (mẫu)")
    made.run(actor("clerk"), seal)
    return made


def issued(made: World, entity: str = "o1", **values: Any) -> World:
    """Carry a draft to its recipients."""
    sealed(made, entity, **values)
    made.run(actor("clerk"), c.Issue(entity))
    return made


def run_all(made: World, who: Actor, commands: Iterable[Command]) -> World:
    """Run commands one after the other."""
    made.run(who, *commands)
    return made
