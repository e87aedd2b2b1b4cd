"""The states of a part of the window: content, loading, empty, error."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QProgressBar, QStackedWidget, QWidget

from app.kernel.errors import HoaBanError
from ui.kit.buttons import Button
from ui.kit.labels import Icon, Label, Pane
from ui.kit.layout import Column, Row
from ui.kit.texts import error_text, tr

LOADING_AFTER_MS = 150


class Notice(Pane):
    """An icon, a sentence, what to do, and a button, in the middle."""

    pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("none", parent)
        self._icon = Icon("inbox", 40, "ink3")
        self._text = Label("", "strong", wrap=True)
        self._detail = Label("", "secondary", wrap=True)
        for label in (self._text, self._detail):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.button = Button("")
        self.button.clicked.connect(self.pressed)
        self.setLayout(
            Column(
                None,
                Row(None, self._icon, None),
                self._text,
                self._detail,
                Row(None, self.button, None),
                None,
                gap=10,
                margins=(32, 16, 32, 16),
            )
        )

    def fill(self, icon: str, token: str, text: str, detail: str, button: str) -> None:
        """Show these words."""
        self._icon.set_icon(icon, token)
        self._text.setText(text)
        self._detail.setText(detail)
        self._detail.setVisible(bool(detail))
        self.button.set_label(button)
        self.button.setVisible(bool(button))
        self.setAccessibleName(f"{text} {detail}".strip())


class StateStack(QStackedWidget):
    """Content or what stands in its place; `retried` and `asked` come from the buttons."""

    retried = Signal()
    asked = Signal()

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content = content
        self._loading = Pane("none")
        self._loading_text = Label(tr("kit.loading"), "secondary")
        self._loading_text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setAccessibleName(tr("kit.loading"))
        self._loading.setLayout(
            Column(None, self._loading_text, bar, None, gap=10, margins=(48, 16, 48, 16))
        )
        self.notice = Notice()
        self.notice.pressed.connect(self._pressed)
        self._is_error = False
        for part in (content, self._loading, self.notice):
            self.addWidget(part)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(lambda: self.setCurrentWidget(self._loading))

    @property
    def state(self) -> str:
        """Return content, loading, empty or error."""
        shown = self.currentWidget()
        if shown is self._content:
            return "content"
        if shown is self._loading:
            return "loading"
        return "error" if self._is_error else "empty"

    def show_content(self) -> None:
        """Show the content."""
        self._timer.stop()
        self.setCurrentWidget(self._content)

    def show_loading(self, text: str = "") -> None:
        """Say that work is under way, if it lasts longer than a blink."""
        self._loading_text.setText(text or tr("kit.loading"))
        self._timer.start(LOADING_AFTER_MS)

    def show_empty(
        self, text: str = "", detail: str = "", icon: str = "inbox", button: str = ""
    ) -> None:
        """Say that there is nothing, and what one can do about it."""
        self._show(icon, "ink3", text or tr("kit.empty"), detail, button, error=False)

    def show_error(self, error: HoaBanError | str, *, retry: bool = True) -> None:
        """Say what went wrong, with a way to try again."""
        text = error_text(error) if isinstance(error, HoaBanError) else error
        button = tr("kit.retry") if retry else ""
        self._show("file-warning", "bad", text, "", button, error=True)

    def _show(
        self, icon: str, token: str, text: str, detail: str, button: str, *, error: bool
    ) -> None:
        self._timer.stop()
        self._is_error = error
        self.notice.fill(icon, token, text, detail, button)
        self.setCurrentWidget(self.notice)

    def _pressed(self) -> None:
        (self.retried if self._is_error else self.asked).emit()
