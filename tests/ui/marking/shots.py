"""Save pictures of signing on documents: `python -m tests.ui.marking.shots OUT`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from app.documents.model import Channel
from app.forms.compose import compose
from tests.ui.marking.papers import FROM, in_review, letter, received
from tests.ui.outgoing.keys import AGENCY_PIN, PERSON_PIN
from tests.ui.outgoing.office import Office, open_office
from tests.ui.outgoing.shots import looks, save, session_of, shown, wait
from ui.documents.page_incoming import IncomingPage
from ui.marking.page_marking import MarkPage
from ui.outgoing.page_outgoing import OutgoingPage
from ui.outgoing.page_signing import SigningPage

WORDS = "Nhất trí nội dung; đề nghị bổ sung căn cứ trước khi ký (mẫu)."


def marking(office: Office, out: Path, look: str, who: str, purpose: str, entity: str) -> None:
    """Save the page before, at the PIN, and after."""
    with session_of(office, who) as session, shown(MarkPage(session)) as page:
        assert isinstance(page, MarkPage)
        page.open_entity(purpose, entity)
        wait(lambda: page.model.key is not None and page.model.page is not None)
        page.words.opinion.setPlainText(WORDS)
        name = f"{purpose}-{look}"
        save(page, out, f"marking-{name}")
        wait(lambda: page.sign.enabled)
        page.sides.show_detail(detail=True)
        wait(lambda: page.paper.pdf.sharp)
        save(page, out, f"marking-paper-{name}")
        page.start()
        wait(lambda: page.pins.dialog is not None)
        assert page.pins.dialog is not None
        save(page.pins.dialog, out, f"marking-pin-{name}")
        page.pins.dialog.field.setText(PERSON_PIN if purpose == "comment" else AGENCY_PIN)
        page.pins.dialog.ok.click()
        wait(lambda: page.model.made is not None and bool(page.paper.strip.text))
        save(page, out, f"marking-done-{name}")
        page.sides.show_detail(detail=True)
        wait(lambda: page.paper.pdf.sharp)
        save(page, out, f"marking-made-{name}")


def extract(office: Office, out: Path, look: str, entity: str) -> None:
    """Save the page that waits for the file of an extract."""
    with session_of(office, "clerk") as session, shown(MarkPage(session)) as page:
        assert isinstance(page, MarkPage)
        page.open_entity("copy", entity)
        wait(lambda: page.model.key is not None and page.model.page is not None)
        save(page, out, f"marking-extract-{look}")


def entrances(office: Office, out: Path, look: str, paper: str, draft: str) -> None:
    """Save the pages from which people come."""
    with session_of(office, "clerk") as session, shown(IncomingPage(session)) as page:
        assert isinstance(page, IncomingPage)
        page.open_entity("document", paper)
        wait(lambda: "copy" in page.reader.bar.names and page.reader.pdf.sharp)
        save(page, out, f"incoming-{look}")
    with session_of(office, "leader") as session, shown(OutgoingPage(session)) as page:
        assert isinstance(page, OutgoingPage)
        page.open_entity("document", draft)
        page.sides.show_detail(detail=True)
        wait(lambda: page.opine.enabled and page.paper.pdf.sharp)
        save(page, out, f"outgoing-{look}")
    with session_of(office, "leader") as session, shown(SigningPage(session)) as page:
        assert isinstance(page, SigningPage)
        wait(lambda: page.comment.enabled and page.model.key is not None)
        save(page, out, f"signing-{look}")


def main(out: Path) -> None:
    """Save every picture."""
    for keys, profile, look in looks(out):
        office = open_office(profile, signer=keys.signer(), trust=keys.trust)
        draft = in_review(office, "leader")
        paper = received(office, Channel.PAPER, compose(replace(FROM, watermark="MẪU")))
        scan = received(office, Channel.SCAN, letter(office))
        entrances(office, out, look, paper, draft)
        marking(office, out, look, "leader", "comment", draft)
        marking(office, out, look, "clerk", "incoming", scan)
        marking(office, out, look, "clerk", "copy", paper)
        extract(office, out, look, scan)
        office.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
