"""Ask which days of a register to print, and set it in the decree's form meanwhile."""

from __future__ import annotations

from datetime import date
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from app.desk import Desk
from app.flows.print_register import Wanted, print_register
from app.identity.model import Unit
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.kernel.errors import Cancelled, HoaBanError
from app.kernel.ports import CancelToken, Progress
from app.registers.queries import RegisterRow
from ui.bridge.runner import Cancellation
from ui.bridge.session import Session
from ui.kit.dates import DateField
from ui.kit.dialog import Dialog
from ui.kit.fields import LineEdit
from ui.kit.form import FormField
from ui.kit.labels import Label
from ui.kit.layout import Row
from ui.kit.progress import ProgressStrip


class PrintDialog(Dialog):
    """Choose days and volume; `made(bytes)` carries the PDF, and the dialog closes."""

    made = Signal(object)

    def __init__(self, session: Session, row: RegisterRow, parent: QWidget) -> None:
        texts = session.texts
        super().__init__(texts("books.print"), parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._session, self._row = session, row
        self._cancel: Cancellation | None = None
        self._open = True
        today = local_date(session.desk.clock.now())
        last = min(today, date(row.year, 12, 31))
        self.since = DateField(texts("books.print.since"), date(row.year, 1, 1), today=today)
        self.until = DateField(texts("books.print.until"), last, today=today)
        self.volume = LineEdit(texts("books.print.volume"), "1")
        self.volume.setMaxLength(2)
        days = Row(
            FormField(texts("books.print.since"), self.since),
            FormField(texts("books.print.until"), self.until),
            FormField(texts("books.print.volume"), self.volume),
            gap=12,
        )
        self.progress = ProgressStrip(texts("books.print.running"))
        self.progress.cancelled.connect(self.stop)
        self.progress.hide()
        self.body.extend(Label(row.name, "strong", wrap=True),
                         Label(texts("books.print.about"), "secondary", wrap=True),
                         days, self.progress)  # fmt: skip
        self.add_button(texts("books.cancel"), role="reject")
        self.make = self.add_button(texts("books.print.make"), "primary")
        self.make.clicked.connect(self.start)
        self.finished.connect(lambda _: self._leave())
        self.since.setFocus()

    def start(self) -> None:
        """Begin to set the pages; the window stays free meanwhile."""
        texts = self._session.texts
        since, until = self.since.date, self.until.date
        volume = int(self.volume.value) if self.volume.value.isdecimal() else 0
        if since is None or until is None or since > until or not volume:
            self.show_error(texts("books.print.days"))
            return
        self.show_error("")
        desk, actor, cancel = self._session.desk, self._session.actor, Cancellation()
        self._cancel = cancel
        self.make.setEnabled(False)
        tell = self.progress.follow()
        job = partial(_print, desk, actor, self._row, (since, until), volume,
                      texts("books.print.voided"), cancel, tell)  # fmt: skip
        self._session.work("query", job, self._done, self._failed)

    def stop(self) -> None:
        """Give up; what is still being set is thrown away when it comes."""
        if self._cancel is not None:
            self._cancel.cancel()
        self._rest()

    def _rest(self) -> None:
        self._cancel = None
        self.progress.leave()
        self.make.setEnabled(True)

    def _done(self, pdf: bytes) -> None:
        if self._open and self._cancel is not None:
            self.made.emit(pdf)
            self.accept()

    def _failed(self, error: HoaBanError) -> None:
        if self._open and self._cancel is not None and not isinstance(error, Cancelled):
            self._rest()
            self.show_error(self._session.explain(error))

    def _leave(self) -> None:
        self._open = False
        if self._cancel is not None:
            self._cancel.cancel()


def _print(
    desk: Desk,
    actor: Actor,
    row: RegisterRow,
    days: tuple[date, date],
    volume: int,
    voided: str,
    cancel: CancelToken,
    progress: Progress,
) -> bytes:
    agency: Unit | None = desk.store.get("unit", row.agency)
    above: Unit | None = None
    if agency is not None and agency.kind == "department" and agency.parent:
        above = desk.store.get("unit", agency.parent)
    wanted = Wanted(
        row.id, *days, agency.name if agency is not None else row.agency,
        above.name if above is not None else "", volume, voided,
    )  # fmt: skip
    with desk.store.reader() as connection:
        return print_register(connection, actor, wanted, cancel, progress)
