"""Ký tệp: every purpose and kind of file, by real tokens; errors, stopping, rights."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from app.flows.sign_files import FileRequest, check_right
from app.flows.signing import Appearance
from app.identity.audit import entries
from app.kernel.errors import NotPermitted
from app.kernel.ports import Purpose, Verdict
from tests.ui.conftest import wait_until
from tests.ui.outgoing.conftest import Sessions, Show
from tests.ui.outgoing.keys import AGENCY_PIN, PERSON_PIN
from tests.ui.outgoing.office import Office, actor
from tests.ui.signfiles.hands import LONG, answer, check, choose, opened, pdf, sign

EDXML = '<?xml version="1.0" encoding="UTF-8"?>\n<ban><noi-dung>mẫu</noi-dung></ban>\n'


def notes(office: Office) -> list[tuple[tuple[str, ...], str]]:
    with office.desk.store.reader() as connection:
        return [(n.objects, n.detail) for n in entries(connection) if n.action == "sign"]


def test_three_kinds_of_files_are_signed_with_one_pin(
    signing: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    sources = [pdf(folder / "báo cáo.pdf"), pdf(folder / "tờ trình.pdf", "Tờ trình (mẫu)")]
    sources.append(folder / "bảng.ods")
    sources[-1].write_bytes(b"PK\x03\x04" + bytes(range(256)))
    sources.append(folder / "phong bì.xml")
    sources[-1].write_text(EDXML, encoding="utf-8")
    before = {s: s.read_bytes() for s in sources}
    page = opened(signing, begin, show)
    page.take(folder)
    wait_until(lambda: [i.path for i in page.model.items] == sorted(sources))
    sign(page, PERSON_PIN)
    made = {i.path.name: i.output.name for i in page.model.items if i.output is not None}
    assert made == {
        "báo cáo.pdf": "báo cáo-đã ký.pdf",
        "tờ trình.pdf": "tờ trình-đã ký.pdf",
        "bảng.ods": "bảng.ods.p7s",
        "phong bì.xml": "phong bì-đã ký.xml",
    }
    assert {s: s.read_bytes() for s in sources} == before
    for item in page.model.items:
        assert item.output is not None
        report = check(signing, item.output)
        assert report.verdict is Verdict.UNKNOWN, "nobody was asked whether it was revoked"
        assert report.signatures[0].signer == actor("leader").name
        assert item.level == "B-B"
    assert "Đã ký 4 tệp" in page.result.text
    assert len(list(folder.iterdir())) == 8, "nothing else is left there"
    assert [detail for _, detail in notes(signing)] == ["approve:done"] * 4


def test_nothing_is_written_over(
    signing: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    source = pdf(folder / "báo cáo.pdf")
    (folder / "báo cáo-đã ký.pdf").write_bytes(b"keep me")
    text = folder / "a.txt"
    text.write_text("mẫu")
    (folder / "a.txt.p7s").write_bytes(b"keep me too")
    page = opened(signing, begin, show)
    page.take(source, text)
    sign(page, PERSON_PIN)
    assert (folder / "báo cáo-đã ký.pdf").read_bytes() == b"keep me"
    assert (folder / "a.txt.p7s").read_bytes() == b"keep me too"
    good, bad = page.model.items
    assert good.output == folder / "báo cáo-đã ký (2).pdf"
    assert bad.error is not None and bad.error.code == "batch_target_taken"
    assert "1 tệp lỗi" in page.result.text


def test_a_broken_file_does_not_stop_the_others(
    signing: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    (folder / "1.pdf").write_bytes(b"%PDF-1.7\nnothing")
    gone = pdf(folder / "2.pdf")
    pdf(folder / "3.pdf")
    page = opened(signing, begin, show)
    page.take(folder)
    wait_until(lambda: bool(page.model.items))
    gone.unlink()
    sign(page, PERSON_PIN)
    assert [i.state for i in page.model.items] == ["failed", "failed", "done"]
    assert [i.error.code for i in page.model.items if i.error] == [
        "pdf_damaged",
        "sign_file_missing",
    ]
    assert {p.name for p in folder.iterdir()} == {"1.pdf", "3.pdf", "3-đã ký.pdf"}
    outcomes = [detail for _, detail in notes(signing)]
    assert sorted(outcomes) == ["approve:done", "approve:pdf_damaged", "approve:sign_file_missing"]
    page.table.select(0)
    wait_until(lambda: "bị hỏng" in page.paper.strip.text)


def test_a_wrong_pin_is_asked_for_again_and_touches_nothing(
    signing: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    page = opened(signing, begin, show)
    page.take(pdf(folder / "1.pdf"))
    wait_until(lambda: page.sign.enabled, LONG)
    page.sign.trigger()
    answer(page, "000000")
    wait_until(lambda: page.pins.dialog is not None and page.pins.dialog.field.text() == "", LONG)
    assert not list(folder.glob("*ký*"))
    answer(page, PERSON_PIN)
    wait_until(lambda: not page.model.running, LONG)
    assert page.model.items[0].state == "done"


def test_giving_up_the_pin_signs_nothing(
    signing: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    text = folder / "a.txt"
    text.write_text("mẫu")
    page = opened(signing, begin, show)
    page.take(pdf(folder / "1.pdf"), text)
    wait_until(lambda: page.sign.enabled, LONG)
    page.sign.trigger()
    wait_until(lambda: page.pins.dialog is not None, LONG)
    assert page.pins.dialog is not None
    page.pins.dialog.reject()
    wait_until(lambda: not page.model.running, LONG)
    assert [i.state for i in page.model.items] == ["", ""]
    assert "Đã dừng" in page.result.text
    assert len(list(folder.iterdir())) == 2


def test_stopping_keeps_what_is_signed_and_goes_on_later(
    signing: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    for number in range(12):
        (folder / f"{number:02}.txt").write_text(f"mẫu {number}")
    page = opened(signing, begin, show)
    page.take(folder)
    wait_until(lambda: page.sign.enabled, LONG)
    page.sign.trigger()
    answer(page, PERSON_PIN)
    wait_until(lambda: any(i.state == "done" for i in page.model.items), LONG)
    page.progress.cancel_button.click()
    wait_until(lambda: not page.model.running, LONG)
    done = len(list(folder.glob("*.p7s")))
    assert 0 < done < 12 and f"{done}/12" in page.result.text
    assert len(page.model.open_items) == 12 - done
    sign(page, PERSON_PIN)
    assert len(list(folder.glob("*.p7s"))) == 12


def test_a_list_of_files_is_written_down_and_signed(
    signing: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    (folder / "phụ lục").mkdir()
    pdf(folder / "1.pdf")
    (folder / "phụ lục" / "b.txt").write_text("mẫu")
    page = opened(signing, begin, show)
    page.take(folder / "1.pdf", folder / "phụ lục" / "b.txt")
    choose(page, Purpose.FILES)
    sign(page, PERSON_PIN)
    listed = next(folder.glob("danh sách tệp-*.json"))
    rows = json.loads(listed.read_text(encoding="utf-8"))["files"]
    assert [r["name"] for r in rows] == ["1.pdf", "phụ lục/b.txt"]
    for row in rows:
        data = (folder / row["name"]).read_bytes()
        assert (row["size"], row["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    signed = listed.with_name(listed.name + ".p7s")
    assert [i.output for i in page.model.items] == [signed, signed]
    assert check(signing, signed).verdict is Verdict.UNKNOWN
    listed.write_text(
        listed.read_text(encoding="utf-8").replace("b.txt", "c.txt"), encoding="utf-8"
    )
    assert check(signing, signed).verdict is Verdict.INVALID


def test_a_list_that_is_not_signed_is_not_left_behind(
    signing: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    page = opened(signing, begin, show)
    page.take(pdf(folder / "1.pdf"))
    choose(page, Purpose.FILES)
    wait_until(lambda: page.sign.enabled, LONG)
    page.sign.trigger()
    wait_until(lambda: page.pins.dialog is not None, LONG)
    assert page.pins.dialog is not None
    page.pins.dialog.reject()
    wait_until(lambda: not page.model.running, LONG)
    assert [p.name for p in folder.iterdir()] == ["1.pdf"]


def test_an_opinion_is_within_the_signature(
    signing: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    page = opened(signing, begin, show)
    page.take(pdf(folder / "1.pdf"))
    choose(page, Purpose.COMMENT)
    assert page.form.text.isVisible() and not page.sign.enabled, "an opinion has words"
    page.form.text.setPlainText("Nhất trí, trình Chủ tịch")
    sign(page, PERSON_PIN)
    output = page.model.items[0].output
    assert output is not None
    report = check(signing, output)
    assert report.signatures[0].field.startswith("Sig_YKien")
    with output.open("rb") as stream:
        signature = PdfFileReader(stream).embedded_signatures[0]
        assert signature.sig_object["/Reason"] == "Nhất trí, trình Chủ tịch"


@pytest.mark.parametrize(
    ("purpose", "text"),
    [
        (Purpose.INCOMING, "Số đến 1024 ngày 20/11/2026"),
        (Purpose.ATTACHMENT, "158/BC-UBND"),
        (Purpose.COPY, "SAO Y 12/SY-UBND"),
    ],
)
def test_the_clerk_signs_with_words_at_the_top_right(
    signing: Office, begin: Sessions, show: Show, folder: Path, purpose: Purpose, text: str
) -> None:
    page = opened(signing, begin, show, "clerk")
    page.take(pdf(folder / "1.pdf"), pdf(folder / "2.pdf"))
    choose(page, purpose)
    page.form.text.setPlainText(text)
    sign(page, AGENCY_PIN)
    for item in page.model.items:
        assert item.output is not None
        assert check(signing, item.output).verdict is Verdict.UNKNOWN
        with pdfium.PdfDocument(item.output) as document:
            width, height = document[0].get_size()
            document.init_forms()
            box = (width / 2, height - 80, width, height)
            said = _annotation_text(document, box)
        assert text.split(maxsplit=1)[0] in said


def _annotation_text(document: pdfium.PdfDocument, box: tuple[float, ...]) -> str:
    """Return the words that are seen within a part of page 1, stamps flattened onto it."""
    page = document[0]
    page.flatten()
    page.close()
    page = document[0]
    words = page.get_textpage().get_text_bounded(*box)
    page.close()
    return words


def test_the_seal_lies_over_the_signature(
    signing: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    leader = opened(signing, begin, show)
    leader.take(pdf(folder / "1.pdf"))
    sign(leader, PERSON_PIN)
    clerk = opened(signing, begin, show, "clerk")
    clerk.take(folder / "1-đã ký.pdf")
    choose(clerk, Purpose.ISSUE)
    sign(clerk, AGENCY_PIN)
    output = clerk.model.items[0].output
    assert output == folder / "1-đã ký (2).pdf"
    report = check(signing, output)
    assert [s.field.split("_")[1] for s in report.signatures] == ["NguoiKy", "CoQuan"]
    assert all(s.changes == "none" or s.verdict is not Verdict.INVALID for s in report.signatures)


def test_the_agencys_key_is_the_clerks_alone(
    signing: Office, begin: Sessions, show: Show, folder: Path
) -> None:
    page = opened(signing, begin, show)
    page.take(pdf(folder / "1.pdf"))
    choose(page, Purpose.ISSUE)
    assert page.form.chosen_key is None and not page.sign.enabled
    assert "chỉ văn thư" in page.form.life.text
    other = opened(signing, begin, show, "clerk")
    assert other.form.chosen_key is None, "the chairman's key is not the clerk's"
    assert "đúng tên bạn" in other.form.life.text
    agency = next(c for c in signing.desk.signer.certificates() if c.holder != actor("leader").name)
    asked = FileRequest(Purpose.ISSUE, agency, (agency.holder,), Appearance(), "x")
    with pytest.raises(NotPermitted, match=r"document\.role"):
        check_right(actor("leader"), asked)
    check_right(actor("clerk"), asked)
    with pytest.raises(NotPermitted, match=r"flow\.not_your_key"):
        check_right(actor("leader"), replace(asked, purpose=Purpose.APPROVE, owners=("Ai",)))
