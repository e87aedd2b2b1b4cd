"""Keep the status bar true: the line, the outbox, and the signing device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QTimer

from app.desk import ON_LINE, Desk, FilesStatus
from app.files import completions
from app.kernel.errors import HoaBanError
from app.kernel.ports import CertificateInfo
from ui.bridge.session import Session
from ui.shell.expiry import Ending, take_ending
from ui.shell.statusbar import LineState

_LINE_MS = 1000
WIPED = "wiped"
# Reasons for files to wait that a person may do something about
_TOLD_WHY = frozenset({"hours", "metered", "quota", "disk_full"})
# Tokens are looked for seldom: polling blinks and slows some of them
_DEVICE_MS = 30_000
# What asks them takes long to load; the list of documents comes first
_FIRST_DEVICE_MS = 1500


class LineWatch(QObject):
    """Ask the desk now and then, off the GUI thread, and show what it says.

    `warn(Ending)` hears once at each stage of a certificate that ends, and `line_back` where
    there was no line before; `gone` once the server has had the desk erased.
    """

    def __init__(
        self,
        session: Session,
        show: Callable[[LineState], None],
        warn: Callable[[Ending], None],
        line_back: Callable[[], None],
        gone: Callable[[], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._show = show
        self._warn = warn
        self._line_back = line_back
        self._gone = gone
        self._state = LineState()
        self._asking = False
        self._line = QTimer(self)
        self._line.timeout.connect(self._ask_line)
        self._line.start(_LINE_MS)
        self._device = QTimer(self)
        self._device.timeout.connect(self._ask_device)
        self._device.start(_DEVICE_MS)
        session.changed.connect(lambda _: self._ask_line())
        self._ask_line()
        QTimer.singleShot(_FIRST_DEVICE_MS, self, self._ask_device)

    def close(self) -> None:
        """Stop asking."""
        self._line.stop()
        self._device.stop()

    def _ask_line(self) -> None:
        if self._asking:
            return
        self._asking = True
        desk = self._session.desk
        self._session.work("query", lambda: _line_of(desk), self._line_known, self._line_lost)

    def _line_known(self, known: LineState) -> None:
        self._asking = False
        mine = self._state
        self._state = replace(known, device=mine.device, device_until=mine.device_until)
        self._show(self._state)
        if known.state in ON_LINE and mine.state not in ON_LINE:
            self._line_back()
        if known.state == WIPED and mine.state != WIPED:
            self.close()
            self._gone()

    def _line_lost(self, _: HoaBanError) -> None:
        self._asking = False

    def _ask_device(self) -> None:
        desk = self._session.desk
        self._session.work("token", lambda: _device_of(desk), self._device_known, lambda _: None)

    def _device_known(self, mine: tuple[CertificateInfo, ...]) -> None:
        first = mine[0] if mine else None
        holder, until = (first.holder, first.not_after) if first is not None else ("", None)
        self._state = replace(self._state, device=holder, device_until=until)
        self._show(self._state)
        if mine:
            keep = partial(take_ending, self._session.desk, mine)
            self._session.work("store", keep, self._tell_ending, lambda _: None)

    def _tell_ending(self, found: Ending | None) -> None:
        if found is not None:
            self._warn(found)


def _line_of(desk: Desk) -> LineState:
    if desk.sync is not None and desk.sync.status.state == WIPED:
        # There is no store left to ask.
        return LineState(WIPED, desk.sync.status.since)
    waiting, refused = desk.outbox_counts()
    with desk.store.reader() as connection:
        alarms = completions.counts(connection)[completions.JobState.ALARM]
    if desk.sync is None:
        return LineState("none", waiting=waiting, refused=refused, alarms=alarms)
    status = desk.sync.status
    files, why = _files_of(status.files)
    off = round(desk.store.server_time.ahead.total_seconds() / 60)
    return LineState(
        state=status.state,
        since=status.since,
        waiting=waiting,
        refused=refused,
        last_sync=status.last_sync,
        retry_at=status.retry_at,
        clock_minutes=off,
        alarms=alarms,
        files=files,
        files_why=why,
    )


def _files_of(files: FilesStatus) -> tuple[int, str]:
    """Return how many files move or wait, and what they wait for that a person may change."""
    told = {str(why): n for why, n in files.waiting.items() if str(why) in _TOLD_WHY}
    if told:
        why = max(told, key=lambda name: told[name])
        return told[why], why
    return files.to_send, ""


def _device_of(desk: Desk) -> tuple[CertificateInfo, ...]:
    return tuple(c for c in desk.signer.certificates() if desk.may_use(c))
