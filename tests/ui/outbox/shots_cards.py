"""Save pictures of refused acts: `python -m tests.ui.outbox.shots_cards OUT`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtWidgets import QApplication

from app.documents.commands import AddNote, Receive
from app.documents.model import Channel, Particulars
from app.kernel.ids import new_id
from app.store.model import Page
from app.store.replica import Replica
from tests.ui.outbox.test_outbox import by_another
from tests.ui.outgoing.shots import LOOKS
from tests.ui.sessions import session_of
from ui.kit.theme import install
from ui.outbox.page_outbox import OutboxPage

_TEXT = "Đề nghị phòng Kinh tế chủ trì, phối hợp phòng Văn hóa - Xã hội, báo cáo trước ngày 25/11."


def main(target: Path) -> None:
    """Save the pictures into a folder."""
    target.mkdir(parents=True, exist_ok=True)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    for look, scale in LOOKS:
        install(app, look, scale)
        with TemporaryDirectory() as folder, session_of(Path(folder), "mai") as session:
            document = new_id(session.desk.clock.now())
            subject = Particulars(subject="Đẩy nhanh tiến độ giải ngân vốn đầu tư công")
            session.act(Receive(document, session.actor.agency, subject, Channel.PAPER))
            session.act(AddNote(document, _TEXT))
            replica = Replica(session.desk.store)
            told = (
                by_another(session, document, "document.registered", by="Lò Thị Mẫu"),
                by_another(session, document, "document.refused", by="Quàng Văn Mẫu"),
            )
            replica.apply(Page(rows=told, cursor=7))
            replica.reject(replica.items()[1].command, "document.state", state="returned")
            page = OutboxPage(session)
            page.resize(1154, 664)
            page.show()
            page.activate()
            for _ in range(30):
                app.processEvents()
            page.grab().save(str(target / f"refused-{look}-{scale}.png"))
            page.close_page()
            page.hide()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
