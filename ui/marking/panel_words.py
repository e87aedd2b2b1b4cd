"""What a signature on a document says: an opinion to type, a form of copy, the lines to be seen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QScrollArea, QWidget

from app.documents.model import CopyForm
from app.kernel.ports import Purpose
from app.kernel.texts import Texts
from ui.kit.banner import Banner
from ui.kit.buttons import Button
from ui.kit.choice import Choice
from ui.kit.fields import TextArea
from ui.kit.form import FormField
from ui.kit.labels import Label, Pane
from ui.kit.layout import Column


class WordsPanel(QScrollArea):
    """The words; `touched` when the opinion changed, `form_chosen(CopyForm)`, `file_asked`."""

    touched = Signal()
    form_chosen = Signal(object)
    file_asked = Signal()

    def __init__(self, texts: Texts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._texts = texts
        self.setAccessibleName(texts("marking.words"))
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.opinion = TextArea(texts("marking.opinion"), lines=5)
        self.opinion.textChanged.connect(self.touched)
        self.form = Choice(texts("marking.form"), {})
        self.form.changed.connect(lambda value: self.form_chosen.emit(CopyForm(value)))
        self.file = Button(texts("marking.extract"))
        self.file.clicked.connect(self.file_asked)
        self.why = Banner()
        self._opinion_field = FormField(texts("marking.opinion"), self.opinion, required=True)
        self._form_field = FormField(texts("marking.form"), self.form, required=True)
        self._said = Label(texts("marking.lines"), "secondary", wrap=True)
        self.lines = Label("", wrap=True)
        self.body = Pane("panel")
        self.body.setLayout(
            Column(
                self._opinion_field,
                self._form_field,
                self.why,
                self.file,
                self._said,
                self.lines,
                None,
                gap=10,
                margins=(18, 12, 18, 12),
            )
        )
        self.setWidget(self.body)

    def show_purpose(self, purpose: Purpose) -> None:
        """Show what a purpose wants; nothing is typed yet."""
        self.opinion.setPlainText("")
        self._opinion_field.setVisible(purpose is Purpose.COMMENT)
        self._form_field.setVisible(purpose is Purpose.COPY)
        self.file.hide()
        said = "marking.why.comment" if purpose is Purpose.COMMENT else ""
        self.why.show_text(self._texts(said) if said else "", "info")
        self.show_lines(())

    def show_forms(self, forms: Sequence[CopyForm]) -> None:
        """Offer the forms of copy that the document allows."""
        texts = self._texts
        self.form.set_choices({f.value: texts(f"marking.form.{f.value}") for f in forms})
        self.form.setEnabled(len(forms) > 1)
        only = tuple(forms) == (CopyForm.EXTRACT,)
        self.why.show_text(texts("marking.why.electronic") if only else "", "info")

    def show_form(self, form: CopyForm) -> None:
        """Show the form that is chosen; an extract is a page of its own."""
        self.form.set_value(form.value)
        self.file.setVisible(form is CopyForm.EXTRACT)

    def show_lines(self, lines: Sequence[str]) -> None:
        """Show the lines that the page will bear."""
        self._said.setVisible(bool(lines))
        self.lines.setVisible(bool(lines))
        self.lines.setText("\n".join(lines))
