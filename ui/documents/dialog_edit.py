"""Correct what the register says of an incoming document, while others may do so too."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QWidget

from app.documents.commands import Edit
from app.documents.model import LIMITS, PARTICULARS, Document
from app.documents.rules.merging import values_of
from app.kernel.changes import Changes
from app.kernel.clock import local_date
from app.kernel.errors import HoaBanError, RuleViolation
from ui.bridge.session import Session
from ui.documents.form import FIELD_OF, Values, particulars_of, values_from
from ui.kit.dates import DateField
from ui.kit.dialog import Dialog
from ui.kit.fields import LineEdit, TextArea
from ui.kit.form import FormField
from ui.kit.labels import Pane
from ui.kit.layout import Column, Row, put
from ui.kit.theme import theme

_LONG = ("subject", "note")
_DAYS = ("issued", "due")
_PAIRS = (("symbol", "issued"), ("issuer", "signer"), ("due", "dossier"), ("pages", "copies"))
# What a delivered original says of itself is not for its receiver to change
_OF_ISSUER = frozenset({"symbol", "issued", "issuer", "signer", "subject"})


class EditDialog(Dialog):
    """The fields that may be corrected; what was seen here goes with the act."""

    def __init__(self, session: Session, document: Document, parent: QWidget | None = None) -> None:
        texts = session.texts
        super().__init__(texts("pages.edit.title"), parent, 560)
        self._session, self._document = session, document
        self._seen: Values = values_from(document.particulars)
        held = _OF_ISSUER if document.source else frozenset[str]()
        self.editors: dict[str, LineEdit | TextArea | DateField] = {}
        self._fields: dict[str, FormField] = {}
        today = local_date(session.desk.clock.now())
        for name in ("subject", *(n for pair in _PAIRS for n in pair), "to_places", "note"):
            if name not in held:
                self._add(name, today)
        self._lay_out()
        self._fit()
        theme().changed.connect(self._fit)
        self.add_button(texts("kit.cancel"), role="reject")
        save = self.add_button(texts("pages.edit.save"), "primary", shortcut="Ctrl+Return")
        save.clicked.connect(self.submit)

    def _add(self, name: str, today: date) -> None:
        texts = self._session.texts
        label, value = texts(f"pages.field.{name}"), self._seen[name]
        editor: LineEdit | TextArea | DateField
        if name in _LONG:
            editor = TextArea(label, value, lines=2)
            editor.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        elif name in _DAYS:
            value_then: date | None = getattr(self._document.particulars, name)
            editor = DateField(label, value_then, today=today)
        else:
            editor = LineEdit(label, value)
            editor.setMaxLength(LIMITS.get(name, 60))
        self.editors[name] = editor
        self._fields[name] = FormField(label, editor)

    def _lay_out(self) -> None:
        rows = Column(gap=10)
        done: set[str] = set()
        for name, field in self._fields.items():
            if name in done:
                continue
            pair = next((p for p in _PAIRS if name in p), (name,))
            row = [self._fields[n] for n in pair if n in self._fields]
            done |= set(pair)
            rows.extend(Row(*row, gap=12) if len(row) > 1 else field)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setAccessibleName(self._session.texts("pages.edit.title"))
        scroll.setWidget(put(Pane("none"), rows))
        self.fill_with(scroll)
        room = self.screen().availableGeometry()
        self.resize(theme().px(560), min(theme().px(600), room.height() - 60))

    def _fit(self) -> None:
        """Keep the long fields as low as their lines at any scale."""
        for name in _LONG:
            editor = self.editors.get(name)
            if editor is not None:
                editor.setMaximumHeight(editor.minimumHeight())

    def values(self) -> Values:
        """Return what the form says; raises `RuleViolation("argument", field)` for no date."""
        found = dict(self._seen)
        for name, editor in self.editors.items():
            if isinstance(editor, DateField):
                if not editor.valid:
                    raise RuleViolation("argument", field=name)
                found[name] = editor.date.isoformat() if editor.date is not None else ""
            else:
                found[name] = editor.value
        return found

    def submit(self) -> None:
        """Give the act, if anything was changed."""
        p = self._document.particulars
        try:
            wanted = particulars_of(self.values(), p, {p.type: p.type_name})
        except RuleViolation as error:
            self._refused(error)
            return
        before, after = values_of(p, PARTICULARS), values_of(wanted, PARTICULARS)
        moved = {n: after[n] for n in sorted(PARTICULARS) if before[n] != after[n]}
        if not moved:
            self.accept()
            return
        command = Edit(self._document.id, moved, {n: before[n] for n in moved})
        self._session.act(
            command, done=self._done, failed=self._refused, undo_text="pages.did.edit"
        )

    def _done(self, _: Changes) -> None:
        self.accept()

    def _refused(self, error: HoaBanError) -> None:
        name = getattr(error, "field", "")
        field = self._fields.get(FIELD_OF.get(name, name))
        if field is None:
            self.show_error(self._session.explain(error))
            return
        field.set_error(self._session.explain(error))
        field.focus_error()
