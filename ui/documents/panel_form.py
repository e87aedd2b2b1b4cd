"""The registration form in the order of the stamp and the register."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from app.documents.model import Secrecy, Urgency
from app.documents.rows import TwinRow
from app.kernel.texts import Texts
from ui.documents.form import FIELD_OF, Values
from ui.documents.register_reads import Entry, Lists, Preview
from ui.documents.words import day
from ui.kit.banner import Banner
from ui.kit.choice import Check, Choice
from ui.kit.completer import Completer, fold_match
from ui.kit.dates import DateField
from ui.kit.fields import LineEdit, TextArea
from ui.kit.form import FormField
from ui.kit.labels import Pane
from ui.kit.layout import Column, Grid, put
from ui.kit.segments import Segmented

_LINES = ("symbol", "issuer", "signer", "pages", "copies", "dossier")
_DATES = ("issued", "due")
_CHECKS = ("paper", "requires_reply")
_YES = "yes"
REQUIRED = ("issuer", "subject")
_NO_BADGE = ("pages", "copies")


class RegisterForm(QScrollArea):
    """The fields of one entry; `edited` on every change by a person."""

    edited = Signal()
    twins_asked = Signal()

    def __init__(self, texts: Texts, today: date, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._texts, self._today = texts, today
        self._filling = False
        self._issuers: tuple[str, ...] = ()
        self._read: Values = {}
        self._make_fields()
        self.fields = {
            name: FormField(self._name(name), editor, required=name in REQUIRED)
            for name, editor in self._editors().items()
        }
        self.twins = Banner()
        self.twins.linked.connect(self.twins_asked)
        self.secret = Banner()
        self._lay_out()
        self._connect()

    def _name(self, name: str) -> str:
        return self._texts(f"pages.form.{name}")

    def _make_fields(self) -> None:
        name = self._name
        self.number = LineEdit(name("number"), read_only=True)
        self.arrival = DateField(name("arrival"), self._today, today=self._today)
        self.lines = {key: LineEdit(name(key)) for key in _LINES}
        self.dates = {key: DateField(name(key), today=self._today) for key in _DATES}
        self.type = Choice(name("type"), {"": ""})
        self.subject = TextArea(name("subject"), lines=2)
        self.subject.setMaximumHeight(self.subject.minimumHeight())
        self.note = LineEdit(name("note"))
        self.urgency = Segmented(
            name("urgency"), {u.value: self._texts(f"documents.urgency.{u.value}") for u in Urgency}
        )
        self.secrecy = Choice(
            name("secrecy"), {s.value: self._texts(f"pages.secrecy.{s.value}") for s in Secrecy}
        )
        self.receiver = Choice(name("receiver"), {"": self._texts("pages.form.no_receiver")})
        self.checks = {key: Check(name(key)) for key in _CHECKS}

    def _editors(self) -> dict[str, QWidget]:
        return {
            "number": self.number, "arrival": self.arrival, **self.lines, **self.dates,
            "type": self.type, "subject": self.subject, "note": self.note,
            "urgency": self.urgency, "secrecy": self.secrecy, "receiver": self.receiver,
        }  # fmt: skip

    def _lay_out(self) -> None:
        f = self.fields
        checks = put(QWidget(), Column(None, *self.checks.values(), gap=0))
        column = Column(
            self.secret,
            _beside((f["number"], 1), (f["arrival"], 1)),
            f["issuer"],
            _beside((f["symbol"], 1), (f["issued"], 1)),
            _beside((f["type"], 2), (f["subject"], 3)),
            self.twins,
            _beside((f["signer"], 4), (f["pages"], 2), (f["copies"], 2), (checks, 4)),
            _beside((f["urgency"], 3), (f["secrecy"], 1)),
            _beside((f["due"], 1), (f["receiver"], 1)),
            _beside((f["dossier"], 1), (f["note"], 1)),
            None,
            gap=5,
            margins=(18, 6, 14, 8),
        )
        body = Pane("panel")
        self.setWidget(put(body, column))
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.twins.hide()
        self.secret.hide()

    def _connect(self) -> None:
        for key, line in {**self.lines, "note": self.note}.items():
            line.textChanged.connect(lambda _, key=key: self._edited(key))
        for key, field in self.dates.items():
            field.textChanged.connect(lambda _, key=key: self._edited(key))
        self.arrival.textChanged.connect(lambda _: self._edited("arrival"))
        self.subject.textChanged.connect(lambda: self._edited("subject"))
        for key, choice in (("type", self.type), ("secrecy", self.secrecy)):
            choice.changed.connect(lambda _, key=key: self._edited(key))
        self.receiver.changed.connect(lambda _: self._edited("receiver"))
        self.urgency.changed.connect(lambda _: self._edited("urgency"))
        for key, check in self.checks.items():
            check.toggled.connect(lambda _, key=key: self._edited(key))
        issuer = Completer(self.lines["issuer"], lambda text: fold_match(text, self._issuers))
        issuer.chosen.connect(lambda _: self.fields["symbol"].editor.setFocus())

    # --- values ------------------------------------------------------------------------

    def offer(self, lists: Lists) -> None:
        """Offer types, leaders and issuers."""
        self._issuers = lists.issuers
        kept, to = self.type.value, self.receiver.value
        self.type.set_choices({"": self._texts("pages.form.no_type"), **lists.types}, kept)
        nobody = self._texts("pages.form.no_receiver")
        self.receiver.set_choices({"": nobody, **lists.leaders})
        first = next(iter(lists.leaders), "")
        self.receiver.set_value(to or first)

    def show_entry(self, entry: Entry) -> None:
        """Fill the form."""
        self._filling = True
        self._read = entry.read
        values = entry.values
        for key, line in {**self.lines, "note": self.note}.items():
            line.setText(values.get(key, ""))
            line.setCursorPosition(0)
            line.setReadOnly(key in entry.locked or (key == "symbol" and "number" in entry.locked))
        for key, field in self.dates.items():
            field.set_date(_day(values.get(key, "")))
            field.setReadOnly(key in entry.locked)
        self.arrival.set_date(_day(values.get("arrival", "")) or self._today)
        self.subject.setPlainText(values.get("subject", ""))
        self.subject.setReadOnly("subject" in entry.locked)
        self.type.set_value(values.get("type", ""))
        self.type.setEnabled("type" not in entry.locked)
        self.secrecy.set_value(values.get("secrecy") or Secrecy.NONE.value)
        self.urgency.set_value(values.get("urgency") or Urgency.NORMAL.value)
        if values.get("receiver"):
            self.receiver.set_value(values["receiver"])
        for key, check in self.checks.items():
            check.setChecked(values.get(key) == _YES)
        self._filling = False
        self.clear_errors()
        self._show_badges()
        self._show_secret(entry.secret)

    def values(self) -> Values:
        """Return what the form says, as plain texts."""
        found = {key: line.value for key, line in self.lines.items()}
        found |= {key: _iso(field.date) for key, field in self.dates.items()}
        found |= {
            "note": self.note.value,
            "arrival": _iso(self.arrival.date),
            "subject": self.subject.value.replace("\n", " "),
            "type": self.type.value,
            "secrecy": self.secrecy.value,
            "urgency": self.urgency.value,
            "receiver": self.receiver.value,
        }
        found |= {key: _YES if c.isChecked() else "" for key, c in self.checks.items()}
        return found

    def show_preview(self, preview: Preview) -> None:
        """Say which number it will be, and whether it is final."""
        if preview.number is None:
            self.number.setText(self._texts("pages.number_waiting"))
        else:
            self.number.setText(str(preview.number))

    def propose_due(self, due: date) -> None:
        """Propose a deadline where none was set."""
        if not self.dates["due"].value:
            self._filling = True
            self.dates["due"].set_date(due)
            self._read = {**self._read, "due": due.isoformat()}
            self._filling = False
            self._show_badges()

    # --- errors ------------------------------------------------------------------------

    def clear_errors(self) -> None:
        """Take all marks away."""
        for field in self.fields.values():
            if field.error:
                field.set_error("")

    def wrong_dates(self) -> Iterator[str]:
        """Yield the fields that hold something that is no date."""
        for key, field in {**self.dates, "arrival": self.arrival}.items():
            if not field.valid:
                yield key

    def show_error(self, name: str, text: str) -> bool:
        """Show an error at its field and go there; False where the form has no such field."""
        field = self.fields.get(FIELD_OF.get(name, name))
        if field is None:
            return False
        field.set_error(text)
        field.focus_error()
        self.ensureWidgetVisible(field)
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._take_height()

    def _take_height(self) -> None:
        """Scroll rather than squeeze the fields when a strip comes in: it wraps its words."""
        body = self.widget()
        layout = body.layout() if body is not None else None
        if body is not None and layout is not None:
            layout.activate()
            needed = layout.totalMinimumHeightForWidth(self.viewport().width())
            body.setMinimumHeight(max(0, needed))

    def show_twins(self, text: str, link: str = "") -> None:
        """Warn of documents that may be the same; "" takes the warning away."""
        self.twins.show_text(text, "warn", link)
        self._take_height()

    def _show_secret(self, mark: str) -> None:
        text = self._texts("pages.form.secret", mark=mark) if mark else ""
        self.secret.show_text(text, "bad")
        self._take_height()

    def _show_badges(self) -> None:
        for key, line in {**self.lines, **self.dates}.items():
            if key in self._read and key not in _NO_BADGE:
                due = key == "due"
                text = self._texts("pages.form.proposed" if due else "pages.form.read")
                line.set_badge(text, "info")
            else:
                line.set_badge("")

    def _edited(self, key: str) -> None:
        if self._filling:
            return
        if key in self._read:
            self._read = {n: v for n, v in self._read.items() if n != key}
            self._show_badges()
        field = self.fields.get(key)
        if field is not None and field.error:
            field.set_error("")
        self.edited.emit()


def _beside(*fields: tuple[QWidget, int]) -> QWidget:
    grid = Grid(gap=7, column_gap=12)
    for place, (widget, share) in enumerate(fields):
        grid.addWidget(widget, 0, place, Qt.AlignmentFlag.AlignTop)
        grid.setColumnStretch(place, share)
    return put(QWidget(), grid)


def _iso(value: date | None) -> str:
    return value.isoformat() if value is not None else ""


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def twins_text(texts: Texts, twins: Sequence[TwinRow]) -> str:
    """Say with which document this one may be the same, and why."""
    first = twins[0]
    why = texts(f"pages.twins.{first.why}")
    if first.arrival_number is None:
        return texts("pages.twins.unregistered", why=why)
    when = day(first.arrival_date)
    return texts("pages.twins.registered", number=first.arrival_number, day=when, why=why)
