"""Documents of the commune that wait for an opinion, a mark of arrival or a copy."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date

from app.documents import commands as c
from app.documents.model import Channel, Particulars
from app.files.model import FileRef
from app.forms.compose import DraftDocument, compose
from app.kernel.codec import to_json
from app.kernel.ids import new_id
from app.kernel.ports import Purpose, SignJob
from app.registers.model import Lease, Register, RegisterMode
from app.store.model import Page, Row
from app.store.replica import Replica
from signing.pdf.appearance import demo_signature
from tests.signing.conftest import Pins
from tests.ui.outgoing.keys import PERSON_PIN
from tests.ui.outgoing.office import AGENCY, STAFF, WORDS, Office, today

SUBJECT = "Đẩy nhanh tiến độ giải ngân vốn đầu tư công (mẫu)"
PERSON = STAFF["leader"][0]
FROM = replace(
    WORDS,
    agency="Ủy ban nhân dân\ntỉnh Điện Biên",
    notation="UBND-TH",
    number="4512",
    date=date(2026, 11, 18),
    subject=SUBJECT,
    type_name="",
    watermark="TÀI LIỆU MẪU",
)


def in_review(office: Office, to: str = "deputy") -> str:
    """Carry a draft to a leader."""
    entity = office.draft("Báo cáo kinh tế - xã hội tháng 11 (mẫu)")
    office.run("anna", c.Submit(entity, to, STAFF[to][0]))
    return entity


def letter(office: Office, words: DraftDocument = FROM) -> bytes:
    """Return a letter that its author has signed."""
    signer = office.desk.signer
    [key] = [k for k in signer.certificates() if k.holder.startswith(PERSON)]
    target = io.BytesIO()
    job = SignJob(
        io.BytesIO(compose(words)), target, Purpose.APPROVE, key, signer_name=PERSON,
        signer_title=words.signer_title, image=demo_signature(PERSON),
    )  # fmt: skip
    signer.sign(job, Pins(PERSON_PIN))
    return target.getvalue()


def received(office: Office, channel: Channel, data: bytes, *, book: bool = True) -> str:
    """Let the clerk receive a file, and enter it in the book."""
    kept = office.desk.store.vault.put(data, name="van-ban-den.pdf")
    file = replace(kept, name="van-ban-den.pdf", role="main")
    entity = new_id(office.clock.now())
    particulars = Particulars(
        subject=SUBJECT, type="CV", type_name="Công văn", number="4512", notation="UBND-TH",
        issued=date(2026, 11, 18), issuer="UBND tỉnh Điện Biên",
    )  # fmt: skip
    office.run("clerk", c.Receive(entity, AGENCY, particulars, channel, (file,)))
    if book:
        has_book(office)
        office.run("clerk", c.Register(entity, f"{AGENCY}:2026:incoming", today(office)))
    return entity


def has_book(office: Office) -> None:
    """Give the desk the book of incoming documents, which stands at 1024."""
    store = office.desk.store
    made = Register(
        f"{AGENCY}:2026:incoming", AGENCY, 2026, "incoming", "Sổ văn bản đến",
        RegisterMode.LEASED, 1024, Lease(store.device, "clerk", 1), 1, first=1024,
    )  # fmt: skip
    if store.get("register", made.id) is None:
        row = Row("register", made.id, 900, (f"agency:{AGENCY}",), to_json(made))
        Replica(store).apply(Page(rows=(row,), cursor=900))


def held(office: Office, file: FileRef) -> bytes:
    """Return the bytes of a file."""
    with office.desk.store.vault.open(file.sha256) as stream:
        return bytes(stream.read())
