"""Lock after some minutes without a key or a mouse; what was typed stays behind the lock."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication

_CHECK_MS = 10_000
_TOUCHES = (
    QEvent.Type.KeyPress,
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseMove,
    QEvent.Type.Wheel,
    QEvent.Type.InputMethod,
)


class IdleLock(QObject):
    """Watch the input; `idle` after `minutes` without any (0: never).

    Windows hear of keys and mouse, the field with the keyboard of what an input method hands
    over. Only these two are watched: a filter on the whole application would cost at every
    event of every widget.
    """

    idle = Signal()

    def __init__(self, app: QGuiApplication, parent: QObject) -> None:
        super().__init__(parent)
        self.minutes = 0
        self._quiet_ms = 0
        self._app = app
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._check)
        self._timer.start(_CHECK_MS)
        app.focusWindowChanged.connect(self._watch)
        app.focusObjectChanged.connect(self._watch)

    def touch(self) -> None:
        """Begin to count anew."""
        self._quiet_ms = 0

    def close(self) -> None:
        """Watch no more."""
        self._timer.stop()
        self._app.focusWindowChanged.disconnect(self._watch)
        self._app.focusObjectChanged.disconnect(self._watch)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notice input and let it pass."""
        if event.type() in _TOUCHES:
            self._quiet_ms = 0
        return super().eventFilter(watched, event)

    def _watch(self, target: QObject | None) -> None:
        if target is not None:
            # Installed again a filter only moves to the front
            target.installEventFilter(self)

    def _check(self) -> None:
        self._quiet_ms += _CHECK_MS
        if self.minutes and self._quiet_ms >= self.minutes * 60_000:
            self._quiet_ms = 0
            self.idle.emit()
