"""Opinion, mark of arrival and copy with real tokens: valid, and nothing earlier is broken."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from app.documents import commands as c
from app.documents.model import Channel, CopyForm, State
from app.files.model import FileRef
from app.flows.mark_document import (
    CopyRequest,
    MarkRequest,
    OpinionRequest,
    sign_arrival,
    sign_copy,
    sign_opinion,
)
from app.kernel.errors import HoaBanError
from app.kernel.ports import Verdict
from tests.app.documents.world import COMMUNE, PARTICULARS, TODAY, actor, book
from tests.app.flows.test_signing import Bench, with_role
from tests.signing.conftest import AGENCY, NAME, Office, Pins, typeset

OPINION = "Đồng ý trình ký (mẫu)"
COMMUNE_NAME = "Ủy ban nhân dân xã Mẫu"


class Marks(Bench):
    """The bench with marks; `asked` tells which tokens wanted their PIN."""

    @property
    def asked(self) -> list[str]:
        assert isinstance(self.ports.prompts, Pins)
        return self.ports.prompts.asked

    def opine(self, who: str = "deputy", text: str = OPINION, label: str = "Người ký") -> FileRef:
        request = OpinionRequest("o1", self.key(label), text, (NAME,))
        return sign_opinion(self.ports, actor(who), request)

    def mark(self, document: str = "d1", label: str = "Cơ quan") -> MarkRequest:
        return MarkRequest(document, self.key(label), COMMUNE_NAME, (AGENCY,))

    def receive(self, file: FileRef, channel: Channel) -> FileRef:
        got = with_role(file, "den.pdf", "main")
        received = c.Receive("d1", COMMUNE, PARTICULARS, channel, (got,))
        self.world.run(actor("clerk"), received, c.Register("d1", book("incoming"), TODAY))
        return got

    def scan(self) -> FileRef:
        page = self.store.vault.put(typeset('#set page(paper: "a4")\nBản giấy được quét (mẫu)'))
        return self.receive(page, Channel.PAPER)

    def words(self, file: FileRef) -> str:
        """Return what page 1 shows at its top right, signatures too."""
        with self.store.vault.open(file.sha256) as stream:
            document = pdfium.PdfDocument(stream.read())
        document.init_forms()
        page = document[0]
        page.flatten()
        document[0].close()
        text: str = document[0].get_textpage().get_text_bounded(left=250, bottom=770)
        document.close()
        return " ".join(text.split())

    def bytes_of(self, sha256: str) -> bytes:
        with self.store.vault.open(sha256) as stream:
            return bytes(stream.read())


@pytest.fixture
def bench(tmp_path: Path, office: Office) -> Iterator[Marks]:
    with office.signer() as signer:
        made = Marks(tmp_path / "desk", office, signer)
        yield made
        made.store.close()


def refusal(run: Any, *args: Any) -> str:
    with pytest.raises(HoaBanError) as caught:
        run(*args)
    return caught.value.code


def test_opinions_signature_and_seal_all_hold_in_their_order(bench: Marks) -> None:
    first = bench.opine()
    second = bench.opine("office", "Thể thức đúng (mẫu)")
    assert bench.bytes_of(second.sha256).startswith(bench.bytes_of(first.sha256))
    bench.sign()
    sealed = bench.seal()
    document = bench.world.doc("o1")
    assert document.state is State.SEALED
    report = bench.report(sealed)
    assert [s.field for s in report.signatures] == [
        "Sig_YKien", "Sig_YKien_2", "Sig_NguoiKy", "Sig_CoQuan",
    ]  # fmt: skip
    assert [s.verdict for s in report.signatures] == [Verdict.VALID] * 4
    assert [m.field for m in document.signatures[:2]] == ["Sig_YKien", "Sig_YKien_2"]
    held = PdfFileReader(io.BytesIO(bench.bytes_of(sealed.sha256))).embedded_signatures
    assert [s.sig_object.get("/Reason") for s in held[:3]] == [OPINION, "Thể thức đúng (mẫu)", None]
    assert bench.asked == ["Người ký"] * 3 + ["Cơ quan"] * 2
    assert [e.detail for e in bench.noted()][:2] == ["comment:done"] * 2


def test_no_pin_is_asked_for_what_the_rules_refuse(bench: Marks) -> None:
    assert refusal(bench.opine, "binh") == "document.agency"
    assert refusal(bench.opine, "deputy", " ") == "document.text_missing"
    assert refusal(bench.opine, "deputy", OPINION, "Cơ quan") == "flow.not_your_key"
    assert (
        refusal(sign_arrival, bench.ports, actor("clerk"), bench.mark("o1")) == "document.direction"
    )
    bench.scan()
    personal = bench.mark(label="Người ký")
    assert refusal(sign_arrival, bench.ports, actor("clerk"), personal) == "flow.not_your_key"
    assert refusal(sign_arrival, bench.ports, actor("leader"), bench.mark()) == "document.role"
    copy = CopyRequest(bench.mark("o1"), CopyForm.TRUE)
    assert refusal(sign_copy, bench.ports, actor("clerk"), copy) == "document.state"
    extract = CopyRequest(bench.mark(), CopyForm.EXTRACT)
    assert refusal(sign_copy, bench.ports, actor("clerk"), extract) == "document.file_missing"
    bench.sign()
    bench.seal()
    before = list(bench.asked)
    assert refusal(bench.opine) == "document.state"
    assert bench.asked == before == ["Người ký", "Cơ quan", "Cơ quan"]


def test_the_mark_of_arrival_leaves_the_issuers_signatures_intact(bench: Marks) -> None:
    bench.sign()
    got = bench.receive(bench.seal(), Channel.SYSTEM)
    marked = sign_arrival(bench.ports, actor("clerk"), bench.mark())
    report = bench.report(marked)
    assert [s.field for s in report.signatures] == ["Sig_NguoiKy", "Sig_CoQuan", "Sig_CoQuan_Den"]
    assert [s.verdict for s in report.signatures] == [Verdict.VALID] * 3
    assert bench.bytes_of(marked.sha256).startswith(bench.bytes_of(got.sha256))
    assert bench.words(marked).endswith(
        f"Số đến: 1 · Ngày đến: 23/11/2026 {COMMUNE_NAME} 23/11/2026 09:00:00 +07:00"
    )
    assert refusal(sign_arrival, bench.ports, actor("clerk"), bench.mark()) == "document.marked"


def test_a_copy_is_signed_beside_the_original_without_the_mark(bench: Marks) -> None:
    scan = bench.scan()
    marked = sign_arrival(bench.ports, actor("clerk"), bench.mark())
    copy = sign_copy(bench.ports, actor("clerk"), CopyRequest(bench.mark(), CopyForm.TRUE))
    document = bench.world.doc("d1")
    assert (document.main_file, document.files[-1]) == (marked, copy)
    assert bench.bytes_of(copy.sha256).startswith(bench.bytes_of(scan.sha256))
    report = bench.report(copy)
    assert [(s.field, s.verdict) for s in report.signatures] == [("Sig_CoQuan", Verdict.VALID)]
    assert bench.words(copy) == f"Sao y {COMMUNE_NAME} 23/11/2026 09:00:00 +07:00"


def test_an_extract_of_what_was_issued_is_a_page_of_its_own(bench: Marks) -> None:
    bench.sign()
    main = bench.seal()
    bench.world.run(actor("clerk"), c.Issue("o1"))
    page = bench.store.vault.put(typeset('#set page(paper: "a4")\nĐiều 2 (mẫu)'), name="trich.pdf")
    request = CopyRequest(bench.mark("o1"), CopyForm.EXTRACT, page)
    copy = sign_copy(bench.ports, actor("clerk"), request)
    document = bench.world.doc("o1")
    assert document.main_file == main and document.files[-1] == copy
    assert copy.role == "copy" and copy.name == "trich.pdf"
    assert bench.report(copy).verdict is Verdict.VALID
    assert bench.words(copy).startswith("Trích sao")


def test_what_falls_short_waits_for_completion_at_its_least_level(bench: Marks) -> None:
    waits: list[tuple[str, str]] = []
    bench.ports = replace(
        bench.ports, later=lambda document, sha256, level: waits.append((document, level))
    )
    bench.opine()
    opinion = bench.world.doc("o1").signatures[0]
    signed = bench.sign()
    assert bench.world.doc("o1").signatures[-1].sha256 == signed.sha256
    assert waits == [("o1", opinion.level)] * 2
