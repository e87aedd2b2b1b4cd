"""Save pictures of the page of files: `python -m tests.ui.files.shots OUT`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtWidgets import QApplication

from tests.ui.outbox.test_network import Line
from tests.ui.outbox.test_outbox import Files
from tests.ui.outgoing.shots import LOOKS
from tests.ui.sessions import session_of
from ui.files.page_files import FilesPage
from ui.kit.theme import install


def main(target: Path) -> None:
    """Save the pictures into a folder."""
    target.mkdir(parents=True, exist_ok=True)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    for look, scale in LOOKS:
        install(app, look, scale)
        with TemporaryDirectory() as folder, session_of(Path(folder), "mai") as session:
            line = Line(session.desk.clock.now())
            line.status.files = Files(1, 3, {"hours": 2, "disk_full": 1}, metered=True)
            session.desk.sync = line
            session.desk.store.vault.put(bytes(3 << 20))
            page = FilesPage(session)
            page.resize(1154, 664)
            page.show()
            page.activate()
            while page.seen is None:
                app.processEvents()
            for _ in range(20):
                app.processEvents()
            page.grab().save(str(target / f"files-{look}-{scale}.png"))
            page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
