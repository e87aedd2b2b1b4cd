"""Save pictures of what is to be decided: `python -m tests.ui.documents.shots_doubts OUT`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtWidgets import QApplication

from app.kernel.texts import Texts
from tests.ui.documents.commune import open_commune
from tests.ui.documents.doubtful import proposed, twice
from tests.ui.documents.shots import LOOKS, page, settle, shoot, wait, window_of
from ui.documents.dialog_edit import EditDialog
from ui.documents.dialog_proposals import ProposalsDialog
from ui.documents.dialog_same import SameDialog
from ui.documents.page_incoming import IncomingPage
from ui.kit import texts as voice
from ui.kit.dialog import Dialog
from ui.kit.theme import install


def _dialog(incoming: IncomingPage, kind: type[Dialog], path: Path) -> None:
    wait(lambda: any(d.isVisible() for d in incoming.findChildren(kind)))
    settle(900)
    dialog = next(d for d in incoming.findChildren(kind) if d.isVisible())
    dialog.grab().save(str(path))
    dialog.reject()
    settle()


def main(out: Path) -> None:
    """Save the pictures into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    voice.use(Texts())
    for look, scale in LOOKS:
        install(app, look, scale)
        name = f"{look}-{scale}"
        with TemporaryDirectory() as folder:
            commune = open_commune(Path(folder))
            entity = proposed(commune)
            _, two = twice(commune)
            with window_of(commune, "clerk") as window:
                incoming = page(window, "incoming")
                assert isinstance(incoming, IncomingPage)
                wait(lambda shown=incoming: shown.model.rows.total)
                shoot(window, out, f"list-{name}")
                incoming.open_entity("document", entity)
                settle(1500)
                shoot(window, out, f"strip-{name}")
                incoming.decide()
                _dialog(incoming, ProposalsDialog, out / f"proposals-{name}.png")
                incoming.do("edit")
                _dialog(incoming, EditDialog, out / f"edit-{name}.png")
                incoming.open_entity("document", two)
                settle(1500)
                incoming.show_twins()
                _dialog(incoming, SameDialog, out / f"twins-{name}.png")
            commune.desk.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
