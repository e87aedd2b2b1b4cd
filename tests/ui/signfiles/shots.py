"""Save pictures of Ký tệp: `python -m tests.ui.signfiles.shots OUT`."""

from __future__ import annotations

import sys
from pathlib import Path

from app.forms.compose import compose
from app.kernel.ports import Purpose
from tests.ui.outgoing.keys import PERSON_PIN
from tests.ui.outgoing.office import WORDS, Office
from tests.ui.outgoing.shots import looks, save, session_of, shown, wait
from tests.ui.signfiles.conftest import signing_desk
from tests.ui.signfiles.test_rest import protected
from ui.signfiles.page_signfiles import SignFilesPage


def pictures(office: Office, folder: Path, out: Path, look: str) -> None:
    """Save the empty page, a page with its box, the choices, and what came of the files."""
    with session_of(office, "leader") as session, shown(SignFilesPage(session)) as page:
        assert isinstance(page, SignFilesPage)
        wait(lambda: bool(page.model.keys))
        save(page, out, f"signfiles-empty-{look}")
        page.take(folder)
        wait(lambda: 0 < page.rows.total == len(page.model.items))
        page.table.select(1)
        if page.sides.narrow:
            save(page, out, f"signfiles-list-{look}")
            page.sides.show_detail(detail=True)
            page.paper._turn_over()
            save(page, out, f"signfiles-form-{look}")
            page.paper._turn_over()
        wait(lambda: page.paper.pdf.sharp and page.paper.pdf.box is not None)
        save(page, out, f"signfiles-{look}")
        signed(page, out, look)
        page.sides.show_detail(detail=True)
        page.choose_purpose(Purpose.ISSUE)
        wait(lambda: page.model.keys is not None and page.paper.pdf.sharp)
        save(page, out, f"signfiles-issue-{look}")


def signed(page: SignFilesPage, out: Path, look: str) -> None:
    """Save the question for a password, a rest, the end with failures, and what waits for a line."""
    page.table.select(len(page.model.items) - 1)
    wait(page.password.isVisible)
    save(page, out, f"signfiles-password-{look}")
    page.password.given.emit("sai")
    wait(page.password._wrong.isVisible)
    save(page, out, f"signfiles-password-wrong-{look}")
    page.form.level.set_value("B-T")
    page.start()
    wait(lambda: page.pins.dialog is not None)
    page.sides.show_detail(detail=True)
    page.progress.pause_button.click()
    page.pins.dialog.field.setText(PERSON_PIN)
    page.pins.dialog.ok.click()
    save(page, out, f"signfiles-paused-{look}")
    page.progress.pause_button.click()
    wait(lambda: not page.model.running)
    save(page, out, f"signfiles-done-{look}")
    page.table.select(1)
    page.sides.show_detail(detail=True)
    wait(lambda: page.paper.pdf.sharp)
    save(page, out, f"signfiles-queued-{look}")


def main(out: Path) -> None:
    """Save every picture."""
    for keys, place, look in looks(out):
        folder = place / "tep"
        folder.mkdir()
        (folder / "0 bản hỏng.pdf").write_bytes(b"%PDF-1.7\nnothing")
        (folder / "báo cáo giải ngân (mẫu).pdf").write_bytes(compose(WORDS))
        (folder / "số liệu (mẫu).ods").write_bytes(b"PK\x03\x04" + bytes(900))
        protected(folder / "tờ trình có mật khẩu (mẫu).pdf")
        office = signing_desk(place / "pc", keys)
        pictures(office, folder, out, look)
        office.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
