"""The ground of every dialog: title, body, error line, buttons; Esc leaves."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShowEvent
from PySide6.QtWidgets import QDialog, QWidget

from ui.kit.banner import Banner
from ui.kit.buttons import Button
from ui.kit.labels import Label, Pane
from ui.kit.layout import Column, Row
from ui.kit.texts import tr
from ui.kit.theme import theme

# Where the stretch between body and error line stands
_GAP = 2


class Dialog(QDialog):
    """A window-modal dialog; fill `body`, add buttons, then `open()` it.

    It grows to the height that wrapped words take, at any scale.
    """

    def __init__(self, title: str, parent: QWidget | None = None, width: float = 480) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._width = width
        self.body = Column(gap=12, margins=(20, 12, 20, 16))
        self._error = Banner(tone="bad")
        self._buttons = Row(None, gap=8, margins=(20, 12, 20, 12))
        foot = Pane("footer")
        foot.setLayout(self._buttons)
        panel = Pane("panel")
        heading = Row(Label(title, "title", wrap=True), margins=(20, 16, 20, 0))
        slot = Row(self._error, margins=(20, 0, 20, 8))
        self._panel = Column(heading, self.body, None, slot, gap=0)
        panel.setLayout(self._panel)
        self.setLayout(Column(panel, foot, gap=0))
        self.setMinimumWidth(theme().px(width))

    def add_button(
        self, text: str, kind: str = "secondary", role: str = "none", shortcut: str = ""
    ) -> Button:
        """Add a button; role accept or reject closes so, none leaves it to the caller."""
        button = Button(text, kind, shortcut=shortcut)
        if shortcut:
            button.setShortcut(QKeySequence(shortcut))
        if role == "accept":
            button.clicked.connect(self.accept)
        elif role == "reject":
            button.clicked.connect(self.reject)
        if kind == "primary":
            button.setDefault(True)
        self._buttons.addWidget(button)
        return button

    def fill_with(self, widget: QWidget) -> None:
        """Add a widget that takes all the room that there is."""
        self.body.addWidget(widget, 1)
        self._panel.setStretchFactor(self.body, 1)
        self._panel.setStretch(_GAP, 0)

    def show_error(self, text: str) -> None:
        """Say in the dialog what went wrong; "" takes it away."""
        self._error.show_text(text, "bad")
        self._take_height()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102
        super().showEvent(event)
        self._take_height()

    def _take_height(self) -> None:
        layout = self.layout()
        if layout is None:
            return
        layout.activate()
        wanted = max(layout.totalHeightForWidth(self.width()), layout.totalSizeHint().height())
        if wanted > self.height():
            self.resize(self.width(), wanted)


class Confirm(Dialog):
    """Ask before an act that cannot be undone; `accepted` means yes."""

    def __init__(
        self,
        title: str,
        text: str,
        accept: str,
        parent: QWidget | None = None,
        *,
        danger: bool = False,
    ) -> None:
        super().__init__(title, parent)
        self.body.extend(Label(text, wrap=True))
        self.cancel_button = self.add_button(tr("kit.cancel"), role="reject")
        kind = "danger" if danger else "primary"
        self.accept_button = self.add_button(accept, kind, "accept")
        self.cancel_button.setFocus(Qt.FocusReason.OtherFocusReason)
