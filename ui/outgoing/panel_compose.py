"""The form of a draft, in the order of the page: type, subject, to whom, grounds, words, signer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QScrollArea, QWidget

from app.kernel.texts import Texts
from ui.kit.banner import Banner
from ui.kit.buttons import Button
from ui.kit.choice import Choice
from ui.kit.fields import LineEdit, TextArea
from ui.kit.form import FormField
from ui.kit.labels import Pane
from ui.kit.layout import Column, Row
from ui.kit.theme import theme
from ui.outgoing import model_draft
from ui.outgoing.model_draft import AUTHORITIES, DraftValues
from ui.outgoing.model_drafts import Around
from ui.outgoing.panel_recipients import RecipientsPanel

_NARROW = Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
_URGENCIES = ("normal", "urgent", "very_urgent", "express")
_LINES = {"subject": 2, "addressees": 2, "grounds": 2, "body": 9, "places": 3}


class ComposePanel(QScrollArea):
    """Every field tells at once: `edited(DraftValues)`; `file_asked` for an existing PDF."""

    edited = Signal(object)
    file_asked = Signal()

    def __init__(self, texts: Texts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._texts = texts
        self._around: Around | None = None
        self._values = DraftValues()
        self._filling = False
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(texts("outpages.draft.form"))
        self.type = Choice(texts("outpages.draft.type"), {})
        self.notation = LineEdit(texts("outpages.draft.notation"))
        self.urgency = Choice(
            texts("outpages.draft.urgency"), {u: texts(f"outpages.urgency.{u}") for u in _URGENCIES}
        )
        self.signer = Choice(texts("outpages.draft.signer"), {})
        names = {a or "-": a or texts("outpages.draft.no_authority") for a in AUTHORITIES}
        self.authority = Choice(texts("outpages.draft.authority"), names)
        self.areas = {
            name: TextArea(texts(f"outpages.draft.{name}"), lines=lines)
            for name, lines in _LINES.items()
        }
        self._fit()
        theme().changed.connect(self._fit)
        self.recipients = RecipientsPanel(texts)
        self.fields = self._fields()
        self.reply = Banner()
        self.file = Banner()
        self.file.linked.connect(self._drop_file)
        self._choose_file = Button(texts("outpages.draft.use_file"), "link", icon="paperclip")
        self._choose_file.clicked.connect(self.file_asked)
        for choice in (self.type, self.urgency, self.signer, self.authority):
            choice.setSizeAdjustPolicy(_NARROW)
        self._lay_out()
        self._connect()

    def _fields(self) -> dict[str, FormField]:
        texts = self._texts
        fields = {
            "type": FormField(texts("outpages.draft.type"), self.type, required=True),
            "notation": FormField(texts("outpages.draft.notation"), self.notation, required=True),
            "urgency": FormField(texts("outpages.draft.urgency"), self.urgency),
            "signer": FormField(texts("outpages.draft.signer"), self.signer, required=True),
            "authority": FormField(texts("outpages.draft.authority"), self.authority),
            "recipients": FormField(texts("outpages.recipients"), self.recipients, required=True),
        }
        for name, area in self.areas.items():
            needed = name in ("subject", "body")
            fields[name] = FormField(texts(f"outpages.draft.{name}"), area, required=needed)
        return fields

    def _fit(self) -> None:
        """Keep every field as high as its lines; the words themselves take what is left."""
        for name, area in self.areas.items():
            if name != "body":
                area.setMaximumHeight(area.minimumHeight())

    def _lay_out(self) -> None:
        f = self.fields
        first = Row(f["type"], f["notation"], f["urgency"], gap=10)
        for place, share in enumerate((5, 4, 3)):
            first.setStretch(place, share)
        signer = Row(f["signer"], f["authority"], gap=10)
        signer.setStretch(0, 3)
        signer.setStretch(1, 2)
        self.body = body = Pane("panel")
        body.setLayout(
            Column(
                self.reply, first, f["subject"], f["addressees"], f["grounds"], f["body"],
                Row(self._choose_file, None), self.file, signer, f["recipients"], f["places"],
                gap=10, margins=(16, 12, 16, 16),
            )
        )  # fmt: skip
        self.setWidget(body)

    def _connect(self) -> None:
        for area in self.areas.values():
            area.textChanged.connect(self._edited)
        self.notation.textChanged.connect(lambda _: self._edited())
        for choice in (self.type, self.urgency, self.authority):
            choice.changed.connect(lambda _: self._edited())
        self.signer.changed.connect(self._signer_chosen)
        self.recipients.changed.connect(self._edited)

    # --- values ---------------------------------------------------------------------------

    def surround(self, around: Around) -> None:
        """Offer types, signers and agencies."""
        self._around = around
        self._filling = True
        self.type.set_choices({t.code: t.name for t in around.office.types}, self._values.type)
        signers = {"": self._texts("outpages.draft.choose_signer")}
        signers |= {p.person: f"{p.name} · {p.title}" for p in around.leaders}
        self.signer.set_choices(signers, self._values.signer)
        self.recipients.set_directory(around.directory)
        self._filling = False
        self._hint()

    def show_values(self, values: DraftValues) -> None:
        """Show a draft's values, without telling."""
        self._filling = True
        self._values = values
        self.type.set_value(values.type)
        self.notation.setText(values.notation)
        self.urgency.set_value(values.urgency)
        self.signer.set_value(values.signer)
        self.authority.set_value(values.authority or "-")
        for name, area in self.areas.items():
            area.setPlainText(getattr(values, name))
        self.recipients.set_value(values.recipients)
        answers = self._texts("outpages.draft.answers") if values.reply_to else ""
        self.reply.show_text(answers, "info")
        self._show_file()
        for field in self.fields.values():
            field.set_error("")
        self._filling = False
        self._hint()

    @property
    def values(self) -> DraftValues:
        """Return what the form holds."""
        texts: dict[str, Any] = {name: area.toPlainText() for name, area in self.areas.items()}
        authority = self.authority.value
        return replace(
            self._values,
            type=self.type.value or self._values.type,
            notation=self.notation.text(),
            urgency=self.urgency.value or "normal",
            authority="" if authority == "-" else authority,
            recipients=self.recipients.value,
            **texts,
        )

    def show_problems(self, problems: dict[str, str]) -> None:
        """Show what is missing under its fields, and go to the first."""
        for name, field in self.fields.items():
            field.set_error(self._texts(problems[name]) if name in problems else "")
        first = next((f for name, f in self.fields.items() if name in problems), None)
        if first is not None:
            first.focus_error()
            QTimer.singleShot(0, self, lambda: self.ensureWidgetVisible(first))

    def _edited(self) -> None:
        if not self._filling:
            self._values = self.values
            self._hint()
            self.edited.emit(self._values)

    def _signer_chosen(self, person: str) -> None:
        around = self._around
        post = next((p for p in around.leaders if p.person == person), None) if around else None
        if post is None or around is None:
            self._values = replace(self._values, signer="", signer_name="", signer_title="")
        else:
            authority = model_draft.usual_authority(post.title, around.office)
            title = post.title.split(" UBND")[0]
            self._values = replace(
                self._values, signer=person, signer_name=post.name, signer_title=title
            )
            self.authority.set_value(authority or "-")
        self._edited()

    def _hint(self) -> None:
        if self._around is not None:
            suggested = model_draft.suggested_notation(self._values, self._around.office)
            self.notation.setPlaceholderText(suggested)

    def _show_file(self) -> None:
        values = self._values
        link = self._texts("outpages.draft.drop_file")
        said = self._texts("outpages.draft.has_file") if values.file else ""
        self.file.show_text(
            said, "info", link if values.file else "", "paperclip", values.file_name
        )
        self._choose_file.setVisible(not values.file)
        for name in ("body", "grounds", "places", "addressees"):
            self.fields[name].setVisible(not values.file)

    def _drop_file(self) -> None:
        self._values = replace(self.values, file="", file_name="", file_size=0)
        self._show_file()
        self._edited()
