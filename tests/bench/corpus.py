"""A synthetic commune: its office, and as many documents as a benchmark wants.

All words are our own; the same size and seed give the same documents on every machine.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.documents.model import (
    Channel,
    Delivery,
    DeliveryStatus,
    Direction,
    Document,
    Item,
    Particulars,
    Role,
    SignatureMark,
    State,
    Step,
    Urgency,
)
from app.files.model import FileRef
from app.identity.model import Person, Post, Unit
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.kernel.ids import derived_id
from app.registers.model import Lease, Register, RegisterMode, register_id
from tests.bench import words

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TODAY = local_date(NOW)
AGENCY, DEPARTMENT, PROVINCE = "mau-xa", "mau-phong", "mau-tinh"
DEVICE = "bench-desk"
STAFF = {
    "clerk": (AGENCY, ("clerk",)),
    "leader": (AGENCY, ("leader",)),
    "head": (DEPARTMENT, ("department_head",)),
    **{f"staff{n}": (DEPARTMENT, ("specialist",)) for n in range(8)},
}
_WORKERS = tuple(name for name in STAFF if name.startswith("staff"))
# Of a hundred documents: how many are still open, and how many the commune wrote itself.
_OPEN, _OUTGOING = 3, 15
_OPEN_STATES = (State.TO_REGISTER, State.WAITING, State.IN_PROGRESS, State.PASSED)
INCOMING = register_id(AGENCY, TODAY.year, "incoming")
OUTGOING = register_id(AGENCY, TODAY.year, "outgoing")

Entity = tuple[str, str, Any]


def name_of(login: str) -> str:
    """Return the name of one of the staff; all are recognisable as samples."""
    return f"Mẫu {login}"


def actor(login: str) -> Actor:
    """Return one of the staff at his post."""
    unit, roles = STAFF[login]
    return Actor(login, f"post-{login}", AGENCY, unit, frozenset(roles), name_of(login))


def office(device: str = DEVICE) -> Iterator[Entity]:
    """Yield (kind, id, value) of the units, the people, their posts and the books."""
    for unit in (PROVINCE, AGENCY, DEPARTMENT):
        agency = unit != DEPARTMENT
        yield "unit", unit, Unit(unit, unit, f"Đơn vị {unit}", abbr="UBND", is_agency=agency)
    for login, (unit, roles) in STAFF.items():
        post = f"post-{login}"
        yield "person", login, Person(login, name_of(login), login, posts=(post,))
        yield "post", post, Post(post, login, unit, AGENCY, "Mẫu", roles, date(2025, 7, 1))
    lease = Lease(device, "clerk", 1) if device else None
    mode = RegisterMode.LEASED if device else RegisterMode.SERVER
    for book, kind in ((INCOMING, "incoming"), (OUTGOING, "outgoing")):
        yield (
            "register",
            book,
            Register(
                book, AGENCY, TODAY.year, kind, "Sổ mẫu", mode, 900_001, lease, 1, first=900_001
            ),
        )


def province(officials: int) -> Iterator[Entity]:
    """Yield so many people of other communes with their posts, thirty to a commune."""
    for n in range(officials):
        unit = f"mau-xa-{n // 30}"
        if n % 30 == 0:
            yield "unit", unit, Unit(unit, unit, f"Đơn vị {unit}", abbr="UBND", is_agency=True)
        name = f"mau-{n}"
        post = Post(f"post-{name}", name, unit, unit, "Mẫu", ("specialist",), date(2025, 7, 1))
        yield "person", name, Person(name, name_of(name), name, posts=(post.id,))
        yield "post", post.id, post


def documents(count: int, seed: int = 1) -> Iterator[Document]:
    """Yield documents from the oldest to the newest, one a minute up to now."""
    rnd = random.Random(seed)
    start = NOW - timedelta(minutes=count)
    for n in range(count):
        at = start + timedelta(minutes=n)
        if rnd.randrange(100) < _OUTGOING:
            yield _outgoing(rnd, n, at)
        else:
            yield _incoming(rnd, n, at)


def _incoming(rnd: random.Random, n: int, at: datetime) -> Document:
    state = State.DONE
    if rnd.randrange(100) < _OPEN:
        state = rnd.choice(_OPEN_STATES)
    entered = state is not State.TO_REGISTER
    items = (_item(rnd, n, at, state),) if entered else ()
    return Document(
        id=derived_id("bench", str(n)),
        direction=Direction.INCOMING,
        agency=AGENCY,
        state=state,
        particulars=_particulars(rnd, n, at),
        created_by="clerk",
        created_at=at,
        channel=rnd.choice((Channel.PAPER, Channel.SCAN, Channel.SYSTEM)),
        files=(_file(n),),
        register=INCOMING if entered else "",
        arrival_number=n + 1 if entered else None,
        arrival_date=local_date(at) if entered else None,
        arrived_at=at,
        registered_at=at if entered else None,
        items=items,
        instruction=f"Giao {items[0].name} tham mưu." if items else "",
    )


def _item(rnd: random.Random, n: int, at: datetime, state: State) -> Item:
    worker = rnd.choice(_WORKERS)
    return Item(
        id=derived_id("item", str(n)),
        role=Role.LEAD,
        person=worker,
        name=name_of(worker),
        due=TODAY + timedelta(days=rnd.randrange(-5, 15)),
        state=state,
        giver="leader",
        giver_name=name_of("leader"),
        given_at=at,
        text="Tham mưu thực hiện.",
        done_at=at if state is State.DONE else None,
    )


def _outgoing(rnd: random.Random, n: int, at: datetime) -> Document:
    worker = rnd.choice(_WORKERS)
    step = Step(DeliveryStatus.FINISHED, at, number=rnd.randrange(1, 9000))
    base = _particulars(rnd, n, at)
    return Document(
        id=derived_id("bench", str(n)),
        direction=Direction.OUTGOING,
        agency=AGENCY,
        state=State.ISSUED,
        particulars=replace(base, issuer="UBND xã (mẫu)", due=None),
        created_by=worker,
        created_at=at,
        files=(_file(n),),
        drafter=worker,
        drafter_name=name_of(worker),
        number_register=OUTGOING,
        reserved=n + 1,
        signatures=(
            SignatureMark(_file(n).sha256, "", "approve", "Người ký mẫu", "leader", at, "B-T"),
            SignatureMark(_file(n).sha256, "", "issue", "UBND xã (mẫu)", "clerk", at, "B-T"),
        ),
        sealed_by="clerk",
        issued_at=at,
        deliveries=(
            Delivery(PROVINCE, "UBND tỉnh (mẫu)", status=DeliveryStatus.FINISHED, steps=(step,)),
        ),
    )


def _particulars(rnd: random.Random, n: int, at: datetime) -> Particulars:
    kind, kind_name = rnd.choice(words.TYPES)
    return Particulars(
        subject=words.subject(rnd),
        type=kind,
        type_name=kind_name,
        number=str(n % 9000 + 1),
        notation=rnd.choice(words.NOTATIONS),
        issued=local_date(at) - timedelta(days=rnd.randrange(4)),
        issuer=rnd.choice(words.ISSUERS),
        signer=f"Người ký {rnd.randrange(60)} (mẫu)",
        pages=rnd.randrange(1, 12),
        urgency=rnd.choice((Urgency.NORMAL,) * 8 + (Urgency.URGENT, Urgency.EXPRESS)),
        due=TODAY + timedelta(days=rnd.randrange(-5, 20)) if rnd.randrange(4) == 0 else None,
    )


def _file(n: int) -> FileRef:
    digest = hashlib.sha256(f"file {n}".encode()).hexdigest()
    return FileRef(digest, 60_000 + n % 90_000, "application/pdf", f"van-ban-{n}.pdf", "main")
