"""Lock after some minutes without a key or a mouse; what was typed stays behind the lock."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

_CHECK_MS = 10_000
_TOUCHES = (
    QEvent.Type.KeyPress,
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseMove,
    QEvent.Type.Wheel,
    QEvent.Type.InputMethod,
)


class IdleLock(QObject):
    """Watch the application's input; `idle` after `minutes` without any (0: never)."""

    idle = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.minutes = 0
        self._quiet_ms = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._check)
        self._timer.start(_CHECK_MS)
        app = QApplication.instance()
        if app is not None:
            app.installEventFilter(self)

    def touch(self) -> None:
        """Begin to count anew."""
        self._quiet_ms = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notice input and let it pass."""
        if event.type() in _TOUCHES:
            self._quiet_ms = 0
        return super().eventFilter(watched, event)

    def _check(self) -> None:
        self._quiet_ms += _CHECK_MS
        if self.minutes and self._quiet_ms >= self.minutes * 60_000:
            self._quiet_ms = 0
            self.idle.emit()
