"""A commune's desk with a real store, filled by real commands: what these tests open."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from app.catalogues.calendars import calendar_from
from app.catalogues.load import load_items
from app.desk import Desk
from app.documents import commands as c
from app.documents.model import Assignee, Document, Particulars, Role, Urgency
from app.features import registry
from app.files.model import FileRef
from app.forms.compose import DraftDocument, compose
from app.identity.actors import resolve
from app.identity.model import Person, Post, Unit
from app.kernel.actor import Actor
from app.kernel.bus import Bus
from app.kernel.clock import FixedClock, local_date
from app.kernel.codec import to_json
from app.kernel.command import Envelope
from app.kernel.ids import new_id
from app.registers.model import Lease, Register, RegisterMode
from app.settings import Settings
from app.store.desk import DeskStore
from app.store.model import Page, Row
from app.store.replica import Replica
from signing.checking.verify import PdfVerifier
from signing.tokens.signer import TokenSigner
from signing.trust.store import TrustStore
from tests.doubles.http import LoopbackHttp

NOW = datetime(2026, 11, 20, 1, 20, tzinfo=UTC)
TODAY = local_date(NOW)
AGENCY, ECONOMY, CULTURE, PROVINCE = "xa", "xa/KT", "xa/VH", "tinh"
UNITS = (
    Unit(
        PROVINCE,
        "UBND",
        "Ủy ban nhân dân tỉnh Điện Biên",
        "UBND tỉnh Điện Biên",
        "UBND",
        is_agency=True,
    ),
    Unit(
        AGENCY,
        "UBND",
        "Ủy ban nhân dân xã Mường Phăng",
        "UBND xã Mường Phăng",
        "UBND",
        parent=PROVINCE,
        is_agency=True,
    ),
    Unit(ECONOMY, "KT", "Phòng Kinh tế", "Phòng Kinh tế", "KT", parent=AGENCY),
    Unit(CULTURE, "VH", "Phòng Văn hóa - Xã hội", "Phòng Văn hóa - Xã hội", "VH", parent=AGENCY),
)
_SINCE = date(2025, 7, 1)
STAFF = {
    "clerk": ("Lò Thị Mẫu", AGENCY, "Văn thư", ("clerk",)),
    "leader": ("Quàng Văn Mẫu", AGENCY, "Chủ tịch", ("leader",)),
    "office": ("Tòng Văn Thử", AGENCY, "Chánh Văn phòng", ("office_head",)),
    "head": ("Vàng A Mẫu", ECONOMY, "Trưởng phòng Kinh tế", ("department_head",)),
    "anna": ("Cà Thị Thử", ECONOMY, "Chuyên viên", ("specialist",)),
    "binh": ("Lường Văn Thử", ECONOMY, "Chuyên viên", ("specialist",)),
    "hoa": ("Mùa Thị Mẫu", CULTURE, "Chuyên viên", ("specialist",)),
}
BOOK = f"{AGENCY}:{TODAY.year}:incoming"
PROVINCE_NAME = "Ủy ban nhân dân tỉnh Điện Biên"
LETTER = DraftDocument(
    agency="Ủy ban nhân dân\ntỉnh Điện Biên", number="4512", notation="UBND-TH",
    subject="Đẩy nhanh tiến độ giải ngân vốn đầu tư công 6 tháng cuối năm 2026", place="Điện Biên",
    date=date(2026, 11, 20), addressees=("Ủy ban nhân dân các xã, phường",),
    paragraphs=(
        "Thực hiện Kế hoạch đầu tư công năm 2026, đến hết ngày 15 tháng 11 tỷ lệ giải ngân toàn tỉnh đạt thấp so với yêu cầu. Ủy ban nhân dân tỉnh yêu cầu Ủy ban nhân dân các xã, phường tập trung thực hiện các nhiệm vụ sau:",
        "1. Rà soát từng dự án, xác định rõ vướng mắc về giải phóng mặt bằng, nghiệm thu, thanh toán; báo cáo kết quả trước 16 giờ 00 ngày 20 tháng 11 năm 2026.",
        "2. Người đứng đầu chịu trách nhiệm về tiến độ giải ngân của các dự án do đơn vị làm chủ đầu tư.",
    ),
    authority=("KT. Chủ tịch",), signer_title="Phó Chủ tịch", signer_name="Lê Văn Thử",
    recipients=("Như trên;", "Lưu: VT, TH."), watermark="TÀI LIỆU MẪU",
)  # fmt: skip


def actor(who: str) -> Actor:
    """Return one of the commune's people at his post."""
    name, unit, title, roles = STAFF[who]
    return Actor(who, f"post-{who}", AGENCY, unit, frozenset(roles), name, title)


def to(who: str, role: Role = Role.LEAD, due: date | None = None) -> Assignee:
    """Name a person or a unit to assign to."""
    if who in STAFF:
        return Assignee(role, person=who, name=STAFF[who][0], due=due)
    return Assignee(role, unit=who, name=next(u.name for u in UNITS if u.id == who), due=due)


def particulars(subject: str, number: int = 4512, **values: Any) -> Particulars:
    """Return sample particulars."""
    plain = Particulars(
        subject=subject, type="CV", type_name="Công văn", number=str(number or ""),
        notation="UBND-TH", issued=TODAY, issuer=PROVINCE_NAME, signer="Lê Văn Thử",
        signer_title="Phó Chủ tịch",
    )  # fmt: skip
    return replace(plain, **values)


@dataclass
class Commune:
    """The desk with what tests do to it."""

    desk: Desk
    clock: FixedClock
    ids: dict[str, str] = field(default_factory=dict)

    def run(self, who: str, *commands: Any) -> None:
        """Act as one of the people."""
        self.desk.run(actor(who), *commands)
        self.clock.advance(timedelta(seconds=40))

    def document(self, entity: str) -> Document:
        """Return a document as the desk has it."""
        found = self.desk.store.get("document", entity)
        assert isinstance(found, Document)
        return found

    def pdf(self, letter: DraftDocument = LETTER, name: str = "4512-UBND-TH.pdf") -> FileRef:
        """Keep a composed page."""
        return replace(self.desk.store.vault.put(compose(letter)), name=name)

    def received(self, subject: str = LETTER.subject, number: int = 4512, **values: Any) -> str:
        """Take a document in with its page; answer its id."""
        letter = replace(LETTER, subject=subject, number=str(number))
        files = values.pop("files", None)
        held = (self.pdf(letter),) if files is None else files
        entity = new_id(self.clock.now())
        self.run(
            "clerk", c.Receive(entity, AGENCY, particulars(subject, number, **values), files=held)
        )
        return entity

    def registered(self, subject: str = LETTER.subject, number: int = 4512, **values: Any) -> str:
        """Take in a document and enter it in the book."""
        entity = self.received(subject, number, **values)
        self.run("clerk", c.Register(entity, BOOK, TODAY))
        return entity

    def presented(self, subject: str = LETTER.subject, number: int = 4512, **values: Any) -> str:
        """Carry a document to the chairman."""
        entity = self.registered(subject, number, **values)
        self.run("clerk", c.Present(entity, "leader", STAFF["leader"][0]))
        return entity

    def instructed(
        self, *assignees: Assignee, subject: str = LETTER.subject, number: int = 4512, **values: Any
    ) -> str:
        """Carry a document to those whom the chairman named."""
        entity = self.presented(subject, number, **values)
        named = assignees or (to(ECONOMY), to("hoa", Role.CO))
        text = "Giao Phòng Kinh tế chủ trì, Phòng Văn hóa phối hợp. Báo cáo trước 16 giờ."
        self.run("leader", c.Instruct(entity, text, named))
        return entity

    def item_of(self, entity: str, who: str) -> str:
        """Return the id of somebody's newest item."""
        return [i.id for i in self.document(entity).items if who in (i.person, i.unit)][-1]


def directory() -> tuple[Row, ...]:
    """Return units, people, posts and lists as rows of the server."""
    found = [Row("unit", u.id, 1, ("province",), to_json(u)) for u in UNITS]
    for who, (name, unit, title, roles) in STAFF.items():
        post = Post(f"post-{who}", who, unit, AGENCY, title, roles, _SINCE)
        person = Person(who, name, who, posts=(post.id,))
        found.append(Row("person", who, 1, ("province",), to_json(person)))
        found.append(Row("post", post.id, 1, ("province",), to_json(post)))
    found += [Row("catalogue", i.id, 1, ("province",), to_json(i)) for i in load_items()]
    return tuple(found)


def book(device: str) -> Row:
    """Return the incoming book, held by a device from number 1019 on; "" means the server."""
    lease = Lease(device, "clerk", 1) if device else None
    mode = RegisterMode.LEASED if device else RegisterMode.SERVER
    made = Register(BOOK, AGENCY, TODAY.year, "incoming", "Sổ văn bản đến", mode, 1019, lease,
                    1 if device else 0, first=1019)  # fmt: skip
    return Row("register", made.id, 1, (f"agency:{AGENCY}",), to_json(made))


def open_commune(
    folder: Path, *, leased: bool = True, trust: TrustStore | None = None, who: str = "leader"
) -> Commune:
    """Open the commune's desk in a folder."""
    clock = FixedClock(NOW)
    known = registry()
    store = DeskStore.open(folder, b"k" * 32, known, clock)
    store.resolve_actor = _resolve
    roots = trust or TrustStore([])
    desk = Desk(
        store=store, registry=known,
        bus=Bus(known, store.transaction, store.device, clock, store.changes),
        clock=clock, person=who, settings=Settings(), calendar=calendar_from(load_items()),
        signer=TokenSigner([], clock, roots), verifier=PdfVerifier(roots, clock),
        http=LoopbackHttp(),
    )  # fmt: skip
    rows = (*directory(), book(store.device if leased else ""))
    Replica(store).apply(Page(rows=rows, grants=("province", f"agency:{AGENCY}"), cursor=1))
    return Commune(desk, clock)


def _resolve(get: Any, envelope: Envelope) -> Actor:
    return resolve(
        get, envelope.person, envelope.post, envelope.at, envelope.acting_for, envelope.authority
    )


def sample(commune: Commune) -> None:
    """Fill the desk with documents in every state."""
    ids, soon = commune.ids, TODAY + timedelta(days=2)
    ids["meeting"] = commune.registered(
        "Thông báo kết luận của Chủ tịch UBND tỉnh tại phiên họp thường kỳ tháng 11 (mẫu)", 398,
        notation="TB-UBND", type="TB", type_name="Thông báo",
    )  # fmt: skip
    ids["late"] = commune.instructed(
        to(ECONOMY), to("hoa", Role.INFO), number=890, notation="CAT-QLHC", issuer="Công an tỉnh",
        subject="Phối hợp làm sạch dữ liệu dân cư, cập nhật tình trạng cư trú quý IV/2026 (mẫu)",
        due=TODAY - timedelta(days=1),
    )  # fmt: skip
    ids["plain"] = commune.presented(
        "Hướng dẫn đánh giá, xếp loại chất lượng cán bộ, công chức, viên chức năm 2026 (mẫu)", 2203,
        notation="SNV-CCVC", issuer="Sở Nội vụ", due=TODAY + timedelta(days=6),
    )  # fmt: skip
    ids["virus"] = commune.presented(
        "Rà soát, cài đặt phần mềm phòng, chống mã độc tập trung trên máy trạm của cán bộ, công chức cấp xã (mẫu)",
        1187, notation="SKHCN-CĐS", issuer="Sở Khoa học và Công nghệ", due=soon,
    )  # fmt: skip
    ids["express"] = commune.presented(urgency=Urgency.EXPRESS, due=TODAY)
    ids["paper"] = commune.received("Đơn đề nghị của công dân bản Mẫu", 0, notation="",
                                    issued=None, issuer="Công dân", files=(), paper=True)  # fmt: skip
    ids["twin"] = commune.received()
