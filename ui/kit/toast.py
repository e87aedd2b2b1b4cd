"""A word after an act, with Hoàn tác, at the foot of the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, QTimer
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QApplication, QWidget

from ui.kit.buttons import Button, IconButton
from ui.kit.icons import LOGO
from ui.kit.labels import Icon, Label, Pane
from ui.kit.layout import Row
from ui.kit.texts import tr
from ui.kit.theme import theme

SECONDS = 8
_GAP = 8
_MOVES = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide)
_ICONS = {"ok": "success", "warn": "warning", "bad": "error", "info": "info", "accent": LOGO}


class Toast(Pane):
    """One word; goes away by itself, unless the pointer or the keyboard is on it."""

    def __init__(
        self, text: str, undo: Callable[[], object] | None, tone: str, parent: QWidget
    ) -> None:
        super().__init__("toast", parent)
        self.text = text
        self.setAccessibleName(text)
        row = Row(gap=10, margins=(12, 7, 7, 7))
        if tone in _ICONS:
            row.extend(Icon(_ICONS[tone], 17, tone))
        row.extend(Label(text, wrap=False))
        self.undo_button: Button | None = None
        if undo is not None:
            self.undo_button = Button(tr("kit.undo"), "ghost", shortcut="Ctrl+Z", icon="undo")
            self.undo_button.clicked.connect(lambda: self._undo(undo))
            row.extend(self.undo_button)
        close = IconButton("x", tr("kit.close"))
        close.clicked.connect(self.dismiss)
        row.extend(close)
        self.setLayout(row)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._time_out)

    def start(self, seconds: float) -> None:
        """Show for a while."""
        self._timer.start(round(seconds * 1000))
        self.show()
        self.raise_()
        event = QAccessibleEvent(self, QAccessible.Event.Alert)
        QAccessible.updateAccessibility(event)

    def dismiss(self) -> None:
        """Go away now."""
        self._timer.stop()
        self.hide()
        self.deleteLater()

    def _undo(self, undo: Callable[[], object]) -> None:
        self.dismiss()
        undo()

    def _time_out(self) -> None:
        focus = QApplication.focusWidget()
        held = focus is not None and self.isAncestorOf(focus)
        if self.underMouse() or held:
            self._timer.start(1000)
        else:
            self.dismiss()


class ToastHost(QObject):
    """Show toasts over a window, the newest one alone, above its foot.

    Whatever footers stand there, with the acts and what came of them, stay free.
    """

    def __init__(self, window: QWidget, above: float = 40) -> None:
        super().__init__(window)
        self._window = window
        self._above = above
        self.toast: Toast | None = None
        window.installEventFilter(self)

    def show_toast(
        self,
        text: str,
        undo: Callable[[], object] | None = None,
        tone: str = "neutral",
        seconds: float = SECONDS,
    ) -> Toast:
        """Show a text, with a way back if there is one."""
        if self.toast is not None:
            self.toast.dismiss()
        toast = Toast(text, undo, tone, self._window)
        toast.destroyed.connect(lambda: self._gone(toast))
        self.toast = toast
        self._place()
        toast.start(seconds)
        return toast

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: D102
        if event.type() in _MOVES and self.toast is not None:
            self._place()
        return super().eventFilter(watched, event)

    def _footers(self) -> list[Pane]:
        """Return the footers in sight, and follow them: one grows when a result is said in it."""
        found = [p for p in self._window.findChildren(Pane) if p.property("ground") == "footer"]
        for footer in found:
            footer.installEventFilter(self)
        return [footer for footer in found if footer.isVisible()]

    def _gone(self, toast: Toast) -> None:
        if self.toast is toast:
            self.toast = None

    def _place(self) -> None:
        if self.toast is None:
            return
        room = self._window.width() - 2 * theme().px(16)
        size = self.toast.sizeHint()
        width = min(size.width(), room)
        left = (self._window.width() - width) // 2
        foot = self._window.height() - theme().px(self._above)
        for footer in self._footers():
            corner = footer.mapTo(self._window, QPoint(0, 0))
            beside = corner.x() >= left + width or corner.x() + footer.width() <= left
            if not beside:
                foot = min(foot, corner.y() - theme().px(_GAP))
        self.toast.setGeometry(left, max(0, foot - size.height()), width, size.height())
