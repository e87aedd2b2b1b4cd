"""What happens to each paper: drafted, signed, sealed, issued, and how far its receivers got."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from app.documents.commands import (
    AttachSignature,
    Draft,
    Finish,
    Instruct,
    Issue,
    MarkRead,
    Present,
    Receive,
    Register,
    ReportProgress,
    ReserveNumber,
    ReturnItem,
    Seal,
    Submit,
)
from app.documents.model import (
    Assignee,
    Channel,
    Document,
    Particulars,
    Recipient,
    Role,
    Urgency,
    reading_id,
)
from app.documents.rules.issuing import delivery_id
from app.files.model import FileRef
from app.kernel.clock import VIETNAM, FixedClock
from app.kernel.codec import to_json
from app.kernel.ids import derived_id
from app.kernel.ports import Purpose
from app.registers.model import register_id
from signing.pdf.appearance import demo_seal, demo_signature
from sync.server.demo.ledger import Ledger
from sync.server.demo.papers import BROKEN, DUPLICATE, MISROUTED, Paper, draft_of, render_paper
from sync.server.demo.people import AGENCIES, Sample, samples, unit_names
from sync.server.demo.softkeys import SoftKeys

URGENCIES = {"urgent": Urgency.URGENT, "very_urgent": Urgency.VERY_URGENT, "flash": Urgency.EXPRESS}
# How far a receiver got, taken in turn by documents of the same age
_YOUNG = ("arrived", "arrived", "registered", "presented", "instructed")
_OLD = ("working", "done", "done", "instructed", "returned", "done", "working", "presented")
_YOUNG_DAYS = 2


@dataclass
class Story:
    """Tell papers in the order of their days."""

    ledger: Ledger
    keys: SoftKeys
    clock: FixedClock
    today: date
    _turn: int = 0

    def tell(self, paper: Paper) -> None:
        """Make a paper a document of its sender, and let its receivers get on with it."""
        if paper.flaw == DUPLICATE:
            self._scan_again(paper)
            return
        document = self._issue(paper)
        for unit in paper.to:
            self._turn += 1
            if paper.flaw != MISROUTED:
                self._receive(paper, delivery_id(document, unit), unit)

    # --- the sender ----------------------------------------------------------------------

    def _issue(self, paper: Paper) -> str:
        who = _staff(paper.sender)
        document = derived_id("demo", "paper", paper.key)
        pdf = render_paper(paper)
        main = self.ledger.file(pdf, f"{paper.notation.replace('/', '-')}.pdf", "main")
        recipients = tuple(Recipient(u, unit_names()[u]) for u in paper.to)
        leader = samples()[paper.signer]
        self._act(paper.day, (8, 5), who["drafter"], Draft(
            document, paper.sender, _particulars(paper, leader), (main,),
            recipients=recipients, form="document", form_values=to_json(draft_of(paper)),
        ))  # fmt: skip
        self._act(paper.day, (8, 30), who["drafter"], Submit(document, leader.id, leader.name))
        self._sign(paper, document, main, who)
        self._act(paper.day, (9, 40), who["clerk"], Issue(document, recipients))
        return document

    def _sign(self, paper: Paper, document: str, main: FileRef, who: dict[str, str]) -> None:
        book = register_id(paper.sender, paper.day.year, "outgoing")
        self._act(paper.day, (9, 0), paper.signer, ReserveNumber(document, book, paper.day))
        pdf = render_paper(paper)
        look: dict[str, Any] = {
            "signer_name": paper.signer_name,
            "signer_title": paper.signer_title,
            "image": demo_signature(paper.signer),
        }
        self._wind(paper.day, (9, 5))
        signed, made = self.keys.sign(pdf, f"person-{paper.signer}", Purpose.APPROVE, **look)
        by_person = self.ledger.file(signed, main.name, "signed")
        self._act(paper.day, (9, 5), paper.signer, AttachSignature(
            document, by_person, main.sha256, "approve", made.signer, made.level, made.field,
        ))  # fmt: skip
        self._wind(paper.day, (9, 30))
        code = AGENCIES[paper.sender]
        sealed, seal = self.keys.sign(
            signed, f"agency-{code}", Purpose.ISSUE, image=demo_seal(unit_names()[paper.sender])
        )
        if paper.flaw == BROKEN:
            sealed = _broken(sealed)
        by_agency = self.ledger.file(sealed, main.name, "signed")
        self._act(paper.day, (9, 30), who["clerk"], Seal(
            document, by_agency, by_person.sha256, seal.signer, seal.level, seal.field,
        ))  # fmt: skip

    # --- the receivers -------------------------------------------------------------------

    def _receive(self, paper: Paper, document: str, unit: str) -> None:
        stage = self._stage(paper)
        who = _staff(unit)
        if stage == "arrived":
            return
        book = register_id(unit, paper.day.year, "incoming")
        self._act(paper.day, (10, 10), who["clerk"], Register(document, book, paper.day))
        if stage == "registered":
            return
        leader = samples()[who["leader"]]
        self._act(paper.day, (10, 20), who["clerk"], Present(document, leader.id, leader.name))
        if stage != "presented":
            self._read(paper, document, who["leader"], (13, 40))
            self._instruct(paper, document, who, stage)

    def _instruct(self, paper: Paper, document: str, who: dict[str, str], stage: str) -> None:
        worker = samples()[who["worker"]]
        lead = Assignee(Role.LEAD, person=worker.id, name=worker.name, due=paper.due)
        text = f"Giao {worker.name} chủ trì tham mưu thực hiện, báo cáo đúng hạn."
        self._act(paper.day, (14, 0), who["leader"], Instruct(document, text, (lead,), paper.due))
        if stage == "instructed":
            return
        item = self._item_of(document, worker)
        if stage == "returned":
            reason = "Nội dung thuộc lĩnh vực của phòng khác (mẫu)."
            self._act(paper.day, (15, 0), worker.login, ReturnItem(document, item, reason))
            return
        self._read(paper, document, worker.login, (14, 30))
        words = "Đang tổng hợp số liệu từ các bản (mẫu)."
        self._act(paper.day, (15, 10), worker.login, ReportProgress(document, item, words))
        if stage == "done":
            result = "Đã thực hiện xong, có báo cáo kèm theo (mẫu)."
            self._act(paper.day, (16, 30), worker.login, Finish(document, item, result))

    def _item_of(self, document: str, worker: Sample) -> str:
        found: Document = self.ledger.get("document", document)
        return next(item.id for item in found.items if item.person == worker.id)

    def _read(self, paper: Paper, document: str, login: str, at: tuple[int, int]) -> None:
        reader = samples()[login]
        read = MarkRead(reading_id(document, reader.id), document)
        self._act(paper.day, at, login, read)

    def _stage(self, paper: Paper) -> str:
        if paper.flaw:
            return "arrived"
        if paper.day == self.today:
            return "arrived"
        young = paper.day >= self.today - timedelta(days=_YOUNG_DAYS)
        stages = _YOUNG if young else _OLD
        return stages[self._turn % len(stages)]

    def _scan_again(self, paper: Paper) -> None:
        """Let the clerk scan a paper that had come through the system already."""
        original = derived_id("demo", "paper", paper.copy_of)
        for unit in paper.to:
            found: Document = self.ledger.get("document", delivery_id(original, unit))
            clerk = _staff(unit)["clerk"]
            scan = Receive(
                derived_id("demo", "scan", paper.key, unit), unit, found.particulars,
                Channel.SCAN, found.files,
            )  # fmt: skip
            self._act(self.today, (7, 45), clerk, scan)

    # --- time ----------------------------------------------------------------------------

    def _act(self, day: date, at: tuple[int, int], login: str, command: Any) -> None:
        self.ledger.act(login, _at(day, at), command)

    def _wind(self, day: date, at: tuple[int, int]) -> None:
        self.clock.advance(_at(day, at) - self.clock.now())


def _at(day: date, at: tuple[int, int]) -> datetime:
    return datetime.combine(day, time(*at), VIETNAM)


def _staff(agency: str) -> dict[str, str]:
    """Return the logins of an agency's people by what they do there."""
    found: dict[str, str] = {}
    for sample in samples().values():
        post = sample.posts[0]
        if post["agency"] != agency:
            continue
        roles = post["roles"]
        for role, duty in (("clerk", "clerk"), ("leader", "leader"), ("specialist", "worker")):
            if role in roles:
                found.setdefault(duty, sample.login)
    return found | {"drafter": found["worker"]}


def _particulars(paper: Paper, leader: Sample) -> Particulars:
    return Particulars(
        subject=paper.subject[:1].upper() + paper.subject[1:],
        type=paper.type_code,
        type_name=paper.type_name,
        notation=paper.notation,
        issuer=unit_names()[paper.sender],
        issuer_unit=paper.sender,
        signer=leader.name,
        signer_title=paper.signer_title,
        pages=1,
        urgency=URGENCIES.get(paper.urgency, Urgency.NORMAL),
        due=paper.due,
    )


def _broken(pdf: bytes) -> bytes:
    """Change a letter of the document's metadata under the signature."""
    place = pdf.rfind(b"/Sig_NguoiKy") if b"/Sig_NguoiKy" in pdf else len(pdf) // 3
    at = pdf.find(b"obj", min(place, len(pdf) // 3)) - 2
    return pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]
