"""Gói đồng bộ USB: write what waits onto a stick, read what the server wrote."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from app.kernel.errors import Cancelled, HoaBanError
from app.kernel.packages import PackageRead, PackageWritten
from ui.bridge.runner import Cancellation
from ui.bridge.session import Session
from ui.kit.banner import Banner
from ui.kit.buttons import Button
from ui.kit.dialog import Dialog
from ui.kit.labels import Icon, Label, Pane
from ui.kit.layout import Column, Row, put
from ui.kit.progress import ProgressStrip
from ui.kit.theme import theme
from ui.outbox.model_package import read, taken, write, written

_LANE = "network"
_ICONS = {"ok": "success", "warn": "warning"}


class _Way(Pane):
    """One direction: what it does, and the button that asks for the stick."""

    def __init__(self, icon: str, title: str, meaning: str, button: Button) -> None:
        super().__init__("card")
        told = Column(Label(title, "strong", wrap=True), Label(meaning, "secondary", wrap=True))
        row = Row(Icon(icon, 22, "accent"), told, button, gap=14, margins=(16, 12, 16, 12))
        row.setStretch(1, 1)
        put(self, row)


class PackageDialog(Dialog):
    """Both directions, how far it is, what came of it; `moved` when something was taken."""

    moved = Signal()

    def __init__(self, session: Session, parent: QWidget) -> None:
        texts = session.texts
        super().__init__(texts("usb.title"), parent, width=640)
        self._session = session
        self._cancel = Cancellation()
        self.write_button = Button(texts("usb.write"), "primary", icon="save")
        self.read_button = Button(texts("usb.read_button"), icon="download")
        self.banner = Banner()
        self.progress = ProgressStrip(texts("usb.writing"))
        self.progress.cancelled.connect(self.stop)
        self.progress.hide()
        self.body.extend(
            Label(texts("usb.claim"), "secondary", wrap=True),
            _Way("send", texts("usb.out"), texts("usb.out.claim"), self.write_button),
            _Way("inbox", texts("usb.back"), texts("usb.back.claim"), self.read_button),
            self.progress,
            self.banner,
        )
        self.close_button = self.add_button(texts("usb.close"), role="reject")
        self.write_button.clicked.connect(lambda: self._ask("usb.write", self.write_to))
        self.read_button.clicked.connect(lambda: self._ask("usb.read_button", self.read_from))
        self.finished.connect(self.stop)
        look, window = theme(), parent.window()
        self.setMinimumWidth(min(look.px(640), window.width() - look.px(24)))

    def write_to(self, folder: Path) -> None:
        """Write onto a stick."""
        self._run("usb.writing", partial(write, self._session.desk, folder), self._written)

    def read_from(self, folder: Path) -> None:
        """Read from a stick."""
        self._run("usb.reading", partial(read, self._session.desk, folder), self._read)

    def stop(self) -> None:
        """Stop what is under way; what was taken stays."""
        self._cancel.cancel()

    def _ask(self, title: str, chosen: Callable[[Path], None]) -> None:
        name = QFileDialog.getExistingDirectory(self, self._session.texts(title))
        if name:
            chosen(Path(name))

    def _run(self, text: str, job: Callable[..., Any], done: Callable[[Any], None]) -> None:
        self._cancel = Cancellation()
        self.banner.show_text("")
        told = self.progress.follow()
        self.progress.set_progress(0, 0, text=self._session.texts(text))
        self._show_acts(running=True)
        self._take_height()
        work = partial(job, told, self._cancel)
        self._session.work(_LANE, work, done, self._failed)

    def _written(self, done: PackageWritten) -> None:
        self._end(written(self._session.texts, done), "ok")

    def _read(self, done: PackageRead) -> None:
        self._end(*taken(self._session.texts, done))
        self.moved.emit()

    def _failed(self, error: HoaBanError) -> None:
        if isinstance(error, Cancelled):
            self._end(self._session.texts("usb.stopped"), "info")
            return
        self._end(self._session.explain(error), "bad")

    def _end(self, said: str, tone: str) -> None:
        self.progress.leave()
        self.banner.show_text(said, tone, icon=_ICONS.get(tone, ""))
        self._show_acts(running=False)
        self._take_height()

    def _show_acts(self, *, running: bool) -> None:
        self.write_button.setEnabled(not running)
        self.read_button.setEnabled(not running)
