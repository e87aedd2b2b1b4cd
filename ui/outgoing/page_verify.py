"""Xác thực chữ ký: drop or choose any PDF and read what is known of its signatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QWidget

from app.desk import Desk
from app.files.pdf import MAX_BYTES, check_size
from app.kernel.errors import HoaBanError, Unavailable
from app.kernel.ports import FileReport
from ui.bridge.session import Session
from ui.documents import verdicts
from ui.documents.panel_verify import VerifyPanel
from ui.kit.actions import Action
from ui.kit.buttons import Button
from ui.kit.labels import Label, Pane
from ui.kit.layout import Column, Row
from ui.kit.page import Page
from ui.outgoing.panel_paper import PaperPanel

NAME = "verify"


@dataclass(frozen=True, slots=True)
class Checked:
    """A file with its report."""

    name: str
    data: bytes
    report: FileReport


def check_file(desk: Desk, path: Path) -> Checked:
    """Read a file and check its signatures; not for the GUI thread.

    Raises `Unavailable("file.unreadable")` and `RuleViolation` for an empty or huge file.
    """
    try:
        check_size(path.stat().st_size)
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise Unavailable("file.unreadable") from error
    return Checked(path.name, data, desk.verifier.verify(BytesIO(data)))


class VerifyPage(Page):
    """The page of the file, and its signatures one by one beside it."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        texts = session.texts
        self.checked: Checked | None = None
        self.choose = Action(
            "verify.choose", "outpages.act.choose", self._choose, "Ctrl+O", scope=NAME,
            group_key="outpages.keys", icon="folder",
        )  # fmt: skip
        self._side = QStackedWidget()
        foot = Pane("footer")
        hint = Label(texts("outpages.verify.drop"), "secondary")
        foot.setLayout(Row(Button.of(self.choose, "primary"), hint, None, margins=(14, 9, 14, 9)))
        self.paper = PaperPanel(session, self._side, foot)
        self.setLayout(Column(self.paper, gap=0))
        self.setAcceptDrops(True)
        self._show_nothing()

    def activate(self) -> None:
        """Take the focus."""
        self.paper.pdf.setFocus()

    def acts(self) -> Sequence[Action]:
        """Return the page's acts."""
        return (self.choose,)

    def close_page(self) -> None:
        """Let the file go."""
        self.paper.close_panel()

    def take(self, path: Path) -> None:
        """Check a file."""
        self.paper.state.show_loading(self.session.texts("outpages.verify.busy"))
        job = partial(check_file, self.session.desk, path)
        self.session.work("query", job, self._show, self._fail)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Check the first file dropped."""
        files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            self.take(Path(files[0]))

    def _choose(self) -> None:
        texts = self.session.texts
        name, _ = QFileDialog.getOpenFileName(self, texts("outpages.act.choose"), "", "PDF (*.pdf)")
        if name:
            self.take(Path(name))

    def _show(self, checked: Checked) -> None:
        self.checked = checked
        texts, report = self.session.texts, checked.report
        said = verdicts.summary(texts, report)
        self.paper.show_head(checked.name, "")
        self.paper.show_file(checked.data)
        self.paper.strip.show_text(said.text, said.tone, "", said.icon, said.strong)
        panel = VerifyPanel(texts, report)
        panel.closed.connect(self._show_nothing)
        self._put_side(panel)

    def _put_side(self, panel: QWidget) -> None:
        while (old := self._side.currentWidget()) is not None:
            self._side.removeWidget(old)
            old.deleteLater()
        self._side.addWidget(panel)
        self._side.show()

    def _show_nothing(self) -> None:
        texts = self.session.texts
        self.checked = None
        self._put_side(Pane("panel"))
        self.paper.show_head(texts("outpages.nav.verify"), "")
        self.paper.show_nothing(
            texts("outpages.verify.none"), texts("outpages.verify.none_do"), "shield-check"
        )

    def _fail(self, error: HoaBanError) -> None:
        self._show_nothing()
        self.paper.strip.show_text(self.session.explain(error), "bad")
