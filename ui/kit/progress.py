"""Long work: how far it is, and a way to stop it."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from ui.kit.buttons import Button
from ui.kit.labels import Label
from ui.kit.layout import Column, Row
from ui.kit.texts import tr

_LOOK_MS = 100


class Told:
    """Where a worker writes how far it is: a kernel `Progress` that holds no QObject."""

    def __init__(self) -> None:
        self.at = (0, 0)

    def __call__(self, done: int, total: int) -> None:
        """Take note."""
        self.at = (done, total)


class ProgressStrip(QWidget):
    """A sentence, a bar and a stop button; `cancelled` when stopping is asked for.

    With `pausable` there is a button to pause and go on: `paused(bool)`.
    """

    cancelled = Signal()
    paused = Signal(bool)

    def __init__(
        self,
        text: str = "",
        *,
        cancellable: bool = True,
        pausable: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._text = Label(text, "strong")
        self._detail = Label("", "secondary")
        self.cancel_button = Button(tr("kit.cancel"))
        self.cancel_button.clicked.connect(self._cancel)
        self._resting = False
        self.pause_button = Button(tr("kit.pause"))
        self.pause_button.clicked.connect(lambda: self._pause(on=not self._resting))
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(text)
        head = Row(self._text, self._detail, None, self.pause_button, self.cancel_button)
        self.setLayout(Column(head, self._bar, gap=8))
        # Not before they have a parent: until then each is a window, and closes an open menu
        self.cancel_button.setVisible(cancellable)
        self.pause_button.setVisible(pausable)
        self._told = Told()
        self._look = QTimer(self)
        self._look.setInterval(_LOOK_MS)
        self._look.timeout.connect(lambda: self.set_progress(*self._told.at))
        self.set_progress(0, 0)

    def follow(self) -> Told:
        """Show itself and return what a worker tells its progress to, until the next call."""
        self._told = Told()
        self.restart()
        self.show()
        self._look.start()
        return self._told

    def leave(self) -> None:
        """Follow nothing, and hide."""
        self._look.stop()
        self.hide()

    def set_progress(self, done: int, total: int, detail: str = "", text: str = "") -> None:
        """Show how far the work is; `total` 0 means unknown."""
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        self._detail.setText(detail)
        if text:
            self._text.setText(text)
            self._bar.setAccessibleName(text)

    def _pause(self, *, on: bool) -> None:
        self._rest(on=on)
        self.paused.emit(on)

    def _rest(self, *, on: bool) -> None:
        self._resting = on
        self.pause_button.set_label(tr("kit.go_on" if on else "kit.pause"))

    def _cancel(self) -> None:
        self.cancel_button.setEnabled(False)
        self.pause_button.setEnabled(False)
        self.cancelled.emit()

    def restart(self) -> None:
        """Make stopping possible again, for the next piece of work."""
        self.cancel_button.setEnabled(True)
        self.pause_button.setEnabled(True)
        self._rest(on=False)
        self.set_progress(0, 0)
