"""Ask what a block of numbers needs: how many and until when, why its rest goes, who numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from PySide6.QtWidgets import QWidget

from app.kernel.clock import local_date
from app.kernel.command import Command
from app.registers.commands import ReserveBlock, ReturnBlock, SetMode, VoidBlock
from app.registers.model import Block, RegisterMode
from app.registers.queries import RegisterRow
from ui.bridge.session import Session
from ui.kit.choice import Choice
from ui.kit.dates import DateField, show_date
from ui.kit.dialog import Dialog
from ui.kit.fields import LineEdit, TextArea
from ui.kit.form import FormField
from ui.kit.labels import Label

_DAYS, _SIZE = 7, 20


class _Asking(Dialog):
    """Give one command for a book; what its rules refuse is said here."""

    def __init__(
        self, session: Session, row: RegisterRow, key: str, about: str, parent: QWidget
    ) -> None:
        super().__init__(session.texts(key), parent)
        self.session, self.row = session, row
        self.body.extend(Label(session.texts(about), wrap=True))
        self.add_button(session.texts("books.cancel"), role="reject")
        self.go = self.add_button(session.texts(key), "primary")

    def _ask(self, asked: Callable[[], Command | None]) -> None:
        """Give what a function returns when the button is pressed; None where something is missing."""
        self.go.clicked.connect(lambda: self._go(asked()))

    def _go(self, command: Command | None) -> None:
        if command is None:
            return
        self.session.act(
            command,
            done=lambda _: self.accept(),
            failed=lambda error: self.show_error(self.session.explain(error)),
        )


class TakeDialog(_Asking):
    """Ask for a block for this machine."""

    def __init__(self, session: Session, row: RegisterRow, parent: QWidget) -> None:
        super().__init__(session, row, "books.block.take", "books.block.take.text", parent)
        texts = session.texts
        today = local_date(session.desk.clock.now())
        last = min(today + timedelta(days=_DAYS), date(row.year, 12, 31))
        self.size_field = LineEdit(texts("books.block.size"), str(_SIZE))
        self.size_field.setMaxLength(3)
        self.until = DateField(texts("books.block.until"), last, today=today)
        self.body.extend(
            FormField(texts("books.block.size"), self.size_field, required=True),
            FormField(texts("books.block.until"), self.until, required=True),
        )
        self._ask(self._command)

    def _command(self) -> Command | None:
        until, typed = self.until.date, self.size_field.value
        if until is None or not typed.isdecimal():
            self.show_error(self.session.texts("books.block.incomplete"))
            return None
        return ReserveBlock(self.row.id, int(typed), until)


class RestDialog(_Asking):
    """Ask why what this machine has not used goes back."""

    def __init__(self, session: Session, row: RegisterRow, parent: QWidget) -> None:
        super().__init__(session, row, "books.block.return", "books.block.return.text", parent)
        self.reason = TextArea(session.texts("books.fence.reason"))
        self.body.extend(FormField(session.texts("books.fence.reason"), self.reason, required=True))
        self._ask(self._command)

    def _command(self) -> Command | None:
        return ReturnBlock(self.row.id, self.reason.value)


class VoidDialog(_Asking):
    """Ask the administrator which machine is lost, and why its block is void."""

    def __init__(
        self,
        session: Session,
        row: RegisterRow,
        blocks: Sequence[tuple[Block, str]],
        parent: QWidget,
    ) -> None:
        super().__init__(session, row, "books.block.void", "books.block.void.text", parent)
        texts = session.texts
        said = {
            b.device: texts(
                "books.block.whose", name=name, n=len(b.numbers), day=show_date(b.until)
            )
            for b, name in blocks
        }
        self.device = Choice(texts("books.block.machine"), said, next(iter(said), ""))
        self.reason = TextArea(texts("books.fence.reason"))
        self.body.extend(
            FormField(texts("books.block.machine"), self.device, required=True),
            FormField(texts("books.fence.reason"), self.reason, required=True),
        )
        self._ask(self._command)

    def _command(self) -> Command | None:
        return VoidBlock(self.row.id, self.device.value, self.reason.value)


class ModeDialog(_Asking):
    """Ask the administrator who gives the numbers of a book."""

    def __init__(self, session: Session, row: RegisterRow, parent: QWidget) -> None:
        super().__init__(session, row, "books.mode", "books.mode.text", parent)
        texts = session.texts
        modes = {mode.value: texts(f"books.mode.{mode.value}") for mode in RegisterMode}
        self.mode = Choice(texts("books.mode.which"), modes, row.mode)
        self.basis = LineEdit(texts("books.mode.basis"))
        self.basis_field = FormField(texts("books.mode.basis"), self.basis, required=True)
        self.mode.changed.connect(lambda _: self._offer())
        self.body.extend(FormField(texts("books.mode.which"), self.mode), self.basis_field)
        self._offer()
        self._ask(self._command)

    def _offer(self) -> None:
        self.basis_field.setVisible(self.mode.value == RegisterMode.BLOCK)

    def _command(self) -> Command | None:
        mode = RegisterMode(self.mode.value)
        return SetMode(self.row.id, mode, self.basis.value if mode is RegisterMode.BLOCK else "")
