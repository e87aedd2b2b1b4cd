"""The status bar: the line since when, acts that wait, the last sync, the signing device."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from app.kernel.clock import VIETNAM, Clock
from app.kernel.texts import Texts
from signing.tokens.offers import expiry_warning
from ui.kit.labels import Icon, Label, Pane
from ui.kit.layout import Row, put
from ui.kit.theme import theme
from ui.shell.expiry import URGENT_DAYS

_EVERY_MS = 5000
_TONES = {"ok": ("wifi", "ok"), "syncing": ("sync", "info")}


@dataclass(frozen=True, slots=True)
class LineState:
    """What the status bar says; times are aware, `device` is empty without a token.

    `clock_minutes` is how far the server's clock is ahead, 0 within what is tolerated;
    `alarms` how many signatures need a person; `files` how many files move or wait, `files_why`
    what most of them wait for.
    """

    state: str = "offline"
    since: datetime | None = None
    waiting: int = 0
    refused: int = 0
    last_sync: datetime | None = None
    retry_at: datetime | None = None
    device: str = ""
    device_until: datetime | None = None
    clock_minutes: int = 0
    alarms: int = 0
    files: int = 0
    files_why: str = ""


class StatusBar(Pane):
    """Show a `LineState`; `outbox_asked` when the person wants to see what waits."""

    outbox_asked = Signal()

    def __init__(self, texts: Texts, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__("status", parent)
        self._texts = texts
        self._clock = clock
        self._state = LineState()
        self._icon = Icon("wifi-off", 14, "warn")
        self._alarms = Label(style="bad")
        self._line = Label(style="secondary")
        self._sync = Label(style="secondary")
        self._device = Label(style="secondary")
        self._time = Label(style="bad")
        self._next = Label(style="secondary")
        row = Row(
            self._icon, self._alarms, self._line, self._time, self._sync, self._device, None, self._next,
            gap=14, margins=(12, 4, 12, 4),
        )  # fmt: skip
        put(self, row)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(texts("shell.status"))
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tell)
        self._timer.start(_EVERY_MS)
        self._tell()

    def show_state(self, state: LineState) -> None:
        """Show where things stand."""
        self._state = state
        self._tell()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Go to what waits."""
        super().mouseReleaseEvent(event)
        self.outbox_asked.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out what matters least where there is little room."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.width() - theme().px(110)
        for label in (self._alarms, self._line, self._time, self._device, self._next, self._sync):
            room -= label.sizeHint().width() if label.text() else 0
            label.setVisible(bool(label.text()) and (room >= 0 or label is self._line))

    @property
    def state(self) -> LineState:
        """Return what is shown."""
        return self._state

    def _tell(self) -> None:
        state, texts = self._state, self._texts
        icon, tone = _TONES.get(state.state, ("wifi-off", "warn"))
        line = texts(f"shell.line.{state.state}", since=_hour(state.since))
        waiting = texts("shell.waiting", n=state.waiting) if state.waiting else ""
        refused = texts("shell.refused", n=state.refused) if state.refused else ""
        told = (line, waiting, refused, self._files_text())
        self._line.setText(" · ".join(part for part in told if part))
        self._icon.set_icon(icon, "bad" if state.refused else tone, line)
        self._line.set_style("bad" if state.refused else "secondary")
        at = _hour(state.last_sync)
        self._sync.setText(texts("shell.last_sync", at=at) if at else texts("shell.never_synced"))
        self._device.setText(self._device_text())
        alarms = texts("shell.alarms", n=state.alarms) if state.alarms else ""
        self._alarms.setText(alarms)
        self._time.setText(self._clock_text())
        self._next.setText(self._retry_text())
        self._fit()

    def _files_text(self) -> str:
        state = self._state
        if not state.files:
            return ""
        if state.files_why:
            return self._texts(f"shell.files.{state.files_why}", n=state.files)
        return self._texts("shell.files", n=state.files)

    def _clock_text(self) -> str:
        off = self._state.clock_minutes
        if not off:
            return ""
        return self._texts("shell.clock_fast" if off < 0 else "shell.clock_slow", n=abs(off))

    def _device_text(self) -> str:
        state = self._state
        if not state.device:
            self._device.set_style("secondary")
            return self._texts("shell.no_device")
        if state.device_until is None:
            return self._texts("shell.device", name=state.device)
        now = self._clock.now()
        days = (state.device_until - now).days
        stage = expiry_warning(state.device_until, now)
        if stage is None:
            self._device.set_style("secondary")
            return self._texts("shell.device_days", name=state.device, days=days)
        self._device.set_style("bad" if stage <= URGENT_DAYS else "warn")
        key = "shell.device_over" if stage == 0 else "shell.device_soon"
        return self._texts(key, name=state.device, days=max(days, 0))

    def _retry_text(self) -> str:
        retry = self._state.retry_at
        if retry is None or self._state.state == "ok":
            return ""
        seconds = int((retry - self._clock.now()).total_seconds())
        return self._texts("shell.retry_in", seconds=seconds) if seconds > 0 else ""


def _hour(at: datetime | None) -> str:
    return at.astimezone(VIETNAM).strftime("%H:%M") if at is not None else ""
