"""A damaged database: what it means, one key to repair it, how far that is, what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from app.kernel.errors import HoaBanError
from app.kernel.texts import Texts
from ui.kit.banner import Banner
from ui.kit.buttons import Button
from ui.kit.icons import LOGO
from ui.kit.labels import Icon, Label, Pane
from ui.kit.layout import Column, Row, put
from ui.kit.progress import ProgressStrip, Told
from ui.kit.theme import theme

if TYPE_CHECKING:
    from app.store.mending import Mended

DAMAGED = "store.damaged"
_WIDTH = 520


class MendingPane(QWidget):
    """Stand in the place of the login: `repair(Path, str)` is asked for, then `opened(Path, str)`.

    `left` goes back to the people of this machine. The password that was typed is kept until
    the desk is open or the pane is left, so that nobody types it twice.
    """

    repair = Signal(object, str)
    opened = Signal(object, str)
    left = Signal()

    def __init__(self, texts: Texts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._texts = texts
        self._folder = Path()
        self._password = ""
        self._whole = False
        self.setAccessibleName(texts("shell.mend.title"))
        self._title = Label(texts("shell.mend.title"), style="title", wrap=True)
        self._claim = Label(texts("shell.mend.claim"), style="secondary", wrap=True)
        self.message = Banner(tone="bad")
        self._strip = ProgressStrip(texts("shell.mend.working"), cancellable=False)
        self.go = Button(texts("shell.mend.repair"), "primary")
        self.go.clicked.connect(self._go)
        self.back = Button(texts("shell.login.back"), "link")
        self.back.clicked.connect(self._leave)
        self._card = Pane("card")
        head = Row(Icon(LOGO, 44), Column(self._title, self._claim, gap=6), gap=12)
        head.setStretch(1, 1)
        put(self._card, Column(
            head, 6, self.message, self._strip, 4, Row(self.go, None, self.back),
            gap=8, margins=(28, 26, 28, 20),
        ))  # fmt: skip
        put(self, Column(None, Row(None, self._card, None), None))
        self._strip.hide()
        self._rescale()
        theme().changed.connect(self._rescale)

    def _rescale(self) -> None:
        self._card.setFixedWidth(theme().px(_WIDTH))

    def ask(self, folder: Path, password: str) -> None:
        """Say that the database is damaged, and offer to repair it."""
        self._folder, self._password, self._whole = folder, password, False
        self._title.setText(self._texts("shell.mend.title"))
        self._claim.setText(self._texts("shell.mend.claim"))
        self.message.show_text("")
        self._rest("shell.mend.repair")

    def follow(self) -> Told:
        """Show that the repair goes on; answer where it tells how far it is."""
        self.message.show_text("")
        self.go.setEnabled(False)
        self.back.setEnabled(False)
        return self._strip.follow()

    def tell(self, done: Mended) -> None:
        """Say what came of it; the next key opens the desk."""
        texts = self._texts
        self._whole = True
        self._title.setText(texts("shell.mend.done"))
        said = [texts("shell.mend.waiting", n=done.waiting)]
        if done.aside:
            said.append(texts("shell.mend.aside", name=done.aside))
        self._claim.setText("\n".join(said))
        if done.doubtful:
            self.message.show_text(texts("shell.mend.doubtful"), "warn")
        self._rest("shell.login.open")

    def refuse(self, error: HoaBanError) -> None:
        """Say why it did not work; all is as it was."""
        self.message.show_text(self._texts.error(error), "bad")
        self._rest("shell.mend.again")

    def _rest(self, label: str) -> None:
        self._strip.leave()
        self.go.set_label(self._texts(label))
        self.go.setEnabled(True)
        self.back.setEnabled(True)
        self.go.setFocus(Qt.FocusReason.OtherFocusReason)

    def _go(self) -> None:
        if self._whole:
            password, self._password = self._password, ""
            self.opened.emit(self._folder, password)
        else:
            self.repair.emit(self._folder, self._password)

    def _leave(self) -> None:
        self._password = ""
        self.left.emit()
