"""The head of the reader: title, particulars in one line, the verdict of the signatures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QWidget

from app.documents.model import Document
from app.kernel.texts import Texts
from ui.documents.verdicts import Summary
from ui.documents.words import day, due_badge, symbol_of, urgency_badge
from ui.kit.banner import Banner
from ui.kit.buttons import IconButton
from ui.kit.labels import Label, Pane
from ui.kit.layout import Column, Row, put
from ui.kit.theme import theme

Pair = tuple[str, str, str]


class ReaderHead(Pane):
    """Say what document this is; `details_asked` for the verification, `back_asked` for the list."""

    details_asked = Signal()
    back_asked = Signal()

    def __init__(self, texts: Texts, parent: QWidget | None = None) -> None:
        super().__init__("panel", parent)
        self._texts = texts
        self._pairs: tuple[Pair, ...] = ()
        self._summary: Summary | None = None
        self._compact = False
        self._title = Label("", "title", wrap=True, selectable=True)
        self._title.setAccessibleName(texts("pages.reader.title"))
        self._strip = QLabel()
        self._strip.setTextFormat(Qt.TextFormat.RichText)
        self._strip.setWordWrap(True)
        self._strip.setProperty("look", "secondary")
        self._verdict = Banner()
        self._verdict.linked.connect(self.details_asked)
        self.back = IconButton("arrow-left", texts("pages.back"), shortcut="Esc")
        self.back.clicked.connect(self.back_asked)
        self.back.hide()
        first = Row(self.back, self._title, gap=6)
        first.setStretch(1, 1)
        put(self, Column(first, self._strip, self._verdict, gap=6, margins=(16, 10, 16, 10)))
        theme().changed.connect(self._write)

    @property
    def title(self) -> str:
        """Return the title."""
        return self._title.text()

    @property
    def verdict(self) -> str:
        """Return the words of the strip of signatures."""
        return self._verdict.text

    def show_document(self, document: Document, today: date) -> None:
        """Show a document's particulars."""
        self._title.setText(document.particulars.subject)
        self._pairs = tuple(self._particulars(document, today))
        self._strip.setAccessibleName(
            ", ".join(f"{name} {value}" for name, value, _ in self._pairs)
        )
        self._write()

    def show_checking(self, *, waiting: bool) -> None:
        """Say that the signatures are being checked, or nothing."""
        self._summary = None
        self._verdict.show_text(
            self._texts("pages.verdict.checking") if waiting else "", "info", icon="shield"
        )

    def show_verdict(self, summary: Summary) -> None:
        """Show what is known of the signatures."""
        self._summary = summary
        text = "" if self._compact else summary.text
        link = self._texts("pages.verdict.details")
        self._verdict.show_text(text, summary.tone, link, summary.icon, strong=summary.strong)

    def set_compact(self, compact: bool) -> None:
        """Leave the page more room: the verdict in its first words only."""
        if compact != self._compact:
            self._compact = compact
            if self._summary is not None:
                self.show_verdict(self._summary)

    def _particulars(self, document: Document, today: date) -> Iterator[Pair]:
        texts, p = self._texts, document.particulars
        if document.arrival_number is not None:
            yield texts("pages.field.arrival_number"), str(document.arrival_number), ""
        elif document.register:
            yield texts("pages.field.arrival_number"), texts("pages.number_waiting"), "warn"
        values = (
            ("symbol", symbol_of(document)),
            ("issued_short", day(p.issued)),
            ("signer", p.signer),
        )
        for name, value in values:
            if value:
                yield texts(f"pages.field.{name}"), value, ""
        urgency = urgency_badge(texts, p.urgency)
        if urgency is not None:
            yield texts("pages.field.urgency"), urgency[0], urgency[1]
        closed = document.state.value in ("done", "returned", "issued", "discarded")
        due = due_badge(texts, p.due, today, is_open=not closed)
        if due is not None:
            yield texts("pages.field.due_short"), self._due(p.due, due[0], today, closed), due[1]

    def _due(self, due: date | None, badge: str, today: date, closed: bool) -> str:
        if closed:
            return day(due)
        if due == today:
            return self._texts("pages.today").lower()
        return f"{day(due)} · {badge.lower()}"

    def _write(self) -> None:
        look = theme()
        ink = look.color("ink").name()
        parts = []
        for name, value, tone in self._pairs:
            color = look.color(tone).name() if tone and tone != "neutral" else ink
            kept = escape(value).replace(" ", "&nbsp;").replace("-", "&#8209;")
            label = escape(name).replace(" ", "&nbsp;")
            parts.append(f'{label}&nbsp;<b style="color:{color}">{kept}</b>')
        self._strip.setText("&nbsp;&nbsp;&nbsp; ".join(parts))
        self._strip.setVisible(bool(parts))
