"""A commune's desk with a real encrypted store: its people, neighbours, book, and documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from app.desk import Desk
from app.documents import commands as c
from app.documents.model import Document, Particulars, Recipient
from app.documents.rules import fold
from app.features import registry
from app.files.model import FileRef
from app.forms.compose import DraftDocument, compose
from app.identity.model import Person, Post, Unit
from app.kernel.actor import Actor
from app.kernel.bus import Bus
from app.kernel.calendar import WorkingCalendar
from app.kernel.clock import FixedClock, local_date
from app.kernel.codec import to_json
from app.kernel.event import Event
from app.kernel.ids import new_id
from app.registers.model import Lease, Register, RegisterMode
from app.settings import Settings
from app.store.desk import DeskStore
from app.store.model import Page, Receipt, Row
from app.store.replica import Replica
from signing.batch.signer import TokenBatchSigner
from signing.checking.verify import PdfVerifier
from signing.tokens.signer import TokenSigner
from signing.trust.store import TrustStore
from signing.work.worker import Workers
from tests.doubles.http import LoopbackHttp

NOW = datetime(2026, 11, 20, 1, 20, tzinfo=UTC)
AGENCY, DEPARTMENT, PROVINCE = "xa-mp", "xa-mp/KT", "tinh"
UNITS = (
    Unit(PROVINCE, "UBND", "Ủy ban nhân dân tỉnh Điện Biên", "UBND tỉnh Điện Biên", "UBND", "committee", None, True, "Điện Biên"),
    Unit(AGENCY, "UBND", "Ủy ban nhân dân xã Mường Phăng", "UBND xã Mường Phăng", "UBND", "committee", PROVINCE, True, "Mường Phăng"),
    Unit(DEPARTMENT, "KT", "Phòng Kinh tế", "Phòng Kinh tế", "KT", "office", AGENCY),
    Unit("stc", "STC", "Sở Tài chính", "Sở Tài chính", "STC", "department", PROVINCE, True, "Điện Biên"),
    Unit("snv", "SNV", "Sở Nội vụ", "Sở Nội vụ", "SNV", "department", PROVINCE, True, "Điện Biên"),
    Unit("xa-mn", "UBND", "Ủy ban nhân dân xã Mường Nhé", "UBND xã Mường Nhé", "UBND", "committee", PROVINCE, True, "Mường Nhé"),
    Unit("xa-tg", "UBND", "Ủy ban nhân dân xã Tuần Giáo", "UBND xã Tuần Giáo", "UBND", "committee", PROVINCE, True, "Tuần Giáo"),
    Unit("p-mt", "UBND", "Ủy ban nhân dân phường Mường Thanh", "UBND phường Mường Thanh", "UBND", "committee", PROVINCE, True, "Mường Thanh"),
)  # fmt: skip
STAFF = {
    "clerk": ("Lò Thị Mẫu", AGENCY, "Văn thư", ("clerk",)),
    "leader": ("Quàng Văn Mẫu", AGENCY, "Chủ tịch", ("leader",)),
    "deputy": ("Vàng A Mẫu", AGENCY, "Phó Chủ tịch", ("leader",)),
    "anna": ("Cà Thị Mẫu", DEPARTMENT, "Chuyên viên", ("specialist",)),
}
WORDS = DraftDocument(
    agency="Ủy ban nhân dân\nxã Mường Phăng",
    superior="",
    notation="BC-UBND",
    subject="Kết quả giải ngân vốn đầu tư công năm 2026 (mẫu)",
    type_name="Báo cáo",
    place="Mường Phăng",
    paragraphs=(
        "Thực hiện Công văn số 4512/UBND-TH ngày 20 tháng 11 năm 2026 của Ủy ban nhân dân tỉnh, Ủy ban nhân dân xã Mường Phăng báo cáo như sau:",
        "1. Đến ngày 20 tháng 11 năm 2026, xã có 6 dự án, đã giải ngân 4 dự án; 2 dự án vướng giải phóng mặt bằng.",
        "2. Đề nghị Sở Tài chính hướng dẫn thủ tục thanh toán khối lượng hoàn thành.",
    ),
    authority=("TM. Ủy ban nhân dân",),
    signer_title="Chủ tịch",
    signer_name="Quàng Văn Mẫu",
    recipients=("UBND tỉnh;", "Sở Tài chính;", "Lưu: VT."),
)
TO = (Recipient("stc", "Sở Tài chính"), Recipient(PROVINCE, "Ủy ban nhân dân tỉnh Điện Biên"))


def actor(who: str) -> Actor:
    """Return one of the commune's people at his post."""
    name, unit, title, roles = STAFF[who]
    return Actor(who, f"post-{who}", AGENCY, unit, frozenset(roles), name, title)


@dataclass
class Office:
    """The desk with what tests do to it."""

    desk: Desk
    clock: FixedClock
    made: list[str] = field(default_factory=list)
    versions: int = 0

    def close(self) -> None:
        """End the token helpers and close the store."""
        assert isinstance(self.desk.signer, TokenBatchSigner)
        self.desk.signer.close()
        self.desk.close()

    def run(self, who: str, *commands: Any) -> None:
        """Act as one of the people."""
        self.desk.run(actor(who), *commands)
        self.clock.advance(timedelta(seconds=40))

    def document(self, entity: str) -> Document:
        """Return a document as the desk has it."""
        found = self.desk.store.get("document", entity)
        assert isinstance(found, Document)
        return found

    def pdf(self, words: DraftDocument = WORDS) -> FileRef:
        """Keep a composed page."""
        kept = self.desk.store.vault.put(compose(replace(words, watermark="TÀI LIỆU MẪU")))
        return replace(kept, role="main", name="du-thao.pdf")

    def draft(self, subject: str = "", who: str = "anna", **values: Any) -> str:
        """Draft a document with its page; answer its id."""
        words = replace(WORDS, subject=subject or WORDS.subject, watermark="TÀI LIỆU MẪU")
        entity = new_id(self.clock.now())
        particulars = Particulars(
            subject=words.subject, type="BC", type_name="Báo cáo", notation="BC-UBND",
            signer=words.signer_name, signer_title=words.signer_title,
            issuer=UNITS[1].name,
        )  # fmt: skip
        self.run(
            who,
            c.Draft(
                entity, AGENCY, particulars, (self.pdf(words),), recipients=TO, form="document",
                form_values=to_json(words), **values,
            ),
        )  # fmt: skip
        self.made.append(entity)
        return entity

    def submitted(self, subject: str = "") -> str:
        """Carry a draft to the leader."""
        entity = self.draft(subject)
        self.run("anna", c.Submit(entity, "leader", STAFF["leader"][0]))
        return entity


def rows() -> Sequence[Row]:
    """Return what the server would have sent of people, units and the book."""
    found = [Row("unit", u.id, 1, ("province",), to_json(u)) for u in UNITS]
    for who, (name, unit, title, roles) in STAFF.items():
        person = Person(who, name, who, posts=(f"post-{who}",))
        post = Post(f"post-{who}", who, unit, AGENCY, title, roles, date(2026, 1, 1))
        found.append(Row("person", who, 1, ("province",), to_json(person)))
        found.append(Row("post", post.id, 1, ("province",), to_json(post)))
    return found


def book(device: str) -> Row:
    """Return the outgoing book, held by a device, at number 157; "" means the server's."""
    lease = Lease(device, "clerk", 1) if device else None
    mode = RegisterMode.LEASED if device else RegisterMode.SERVER
    made = Register(
        f"{AGENCY}:2026:outgoing", AGENCY, 2026, "outgoing", "Sổ văn bản đi", mode, 157, lease,
        1 if device else 0, first=157,
    )  # fmt: skip
    return Row("register", made.id, 1, (f"agency:{AGENCY}",), to_json(made))


def no_tokens(clock: FixedClock, roots: TrustStore) -> TokenBatchSigner:
    """Return the signer of a machine without a signing device."""
    return TokenBatchSigner(TokenSigner([], clock, roots), Workers([]), clock)


def open_office(
    folder: Path,
    *,
    who: str = "leader",
    leased: bool = True,
    signer: Callable[[FixedClock], TokenBatchSigner] | None = None,
    trust: TrustStore | None = None,
    at: datetime = NOW,
) -> Office:
    """Open a desk of the commune in a folder."""
    clock = FixedClock(at)
    known = registry()
    store = DeskStore.open(folder, b"k" * 32, known, clock)
    roots = trust or TrustStore([])
    desk = Desk(
        store=store,
        registry=known,
        bus=Bus(known, store.transaction, store.device, clock, store.changes),
        clock=clock,
        person=who,
        settings=Settings(),
        calendar=WorkingCalendar((), (), (), date(2030, 12, 31)),
        signer=signer(clock) if signer is not None else no_tokens(clock, roots),
        verifier=PdfVerifier(roots, clock),
        http=LoopbackHttp(),
    )
    grants = ("province", f"agency:{AGENCY}")
    page = Page(rows=(*rows(), book(store.device if leased else "")), grants=grants, cursor=1)
    Replica(store).apply(page)
    return Office(desk, clock)


def synced(office: Office) -> None:
    """Let the server take everything, as a round of the sync client would."""
    store = office.desk.store
    replica = Replica(store)
    sent = replica.outgoing(1000, flush=True)
    rows = []
    for kind in ("document", "register", "register_entry"):
        for entity, value in store.entities(kind):
            rows.append(Row(kind, entity, 50 + len(rows), (f"agency:{AGENCY}",), to_json(value)))
    for entity in office.made:
        for event in store.events("document", entity):
            told = replace(event, server_at=event.server_at or event.at)
            rows.append(
                Row("event", told.id, 500 + len(rows), (f"agency:{AGENCY}",), to_json(told))
            )
    receipts = tuple(Receipt(e.n or 0, e.id) for e in sent)
    last = max((e.n or 0 for e in sent), default=None)
    replica.apply(Page(rows=tuple(rows), receipts=receipts, acked=last, cursor=2000))
    replica.finish(2000, "h", caught_up=True)


def report(
    office: Office, entity: str, agency: str, status: str, number: int | None = None
) -> None:
    """Let a recipient's state arrive from the server, as the sync client would bring it."""
    document = office.document(entity)
    at = office.clock.now()
    event = Event(
        id=new_id(at), kind="document", entity=entity, name="document.delivery_reported",
        data={"agency": agency, "status": status, "on": at.isoformat(), "number": number},
        command=new_id(at), place=0, person="system", post="", at=at,
    )  # fmt: skip
    data = to_json(fold.apply(document, event))
    office.versions += 1
    row = Row("document", entity, 5000 + office.versions, (f"agency:{AGENCY}",), data)
    Replica(office.desk.store).apply(Page(rows=(row,), cursor=5000 + office.versions))


def today(office: Office) -> date:
    """Return the day in Vietnam."""
    return local_date(office.clock.now())
