"""The verification panel: each signature with its verdict, time, level and reasons in words."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QScrollArea, QWidget

from app.kernel.ports import FileReport, SignatureReport
from app.kernel.texts import Texts
from ui.documents import verdict_words as said_of
from ui.documents.verdicts import ICONS, TONES, summary
from ui.documents.words import full_moment
from ui.kit.banner import Banner
from ui.kit.buttons import Button, IconButton
from ui.kit.labels import Icon, Label, Pane
from ui.kit.layout import Column, Row, put
from ui.kit.pdfview.view import PdfView


class ChangeSteps(Pane):
    """Which of the changed places is shown, and the ways to the next one and the one before."""

    def __init__(self, texts: Texts, parent: QWidget | None = None) -> None:
        super().__init__("none", parent)
        self._texts = texts
        self._view: PdfView | None = None
        self._where = Label("", "strong", wrap=True)
        self.previous = IconButton("chevron-up", texts("pages.verify.previous"))
        self.following = Button(texts("pages.verify.next"), shortcut="F3", icon="chevron-down")
        self.previous.setShortcut("Shift+F3")
        self.following.setShortcut("F3")
        self.previous.clicked.connect(lambda: self._step(-1))
        self.following.clicked.connect(lambda: self._step(1))
        head = Row(self._where, self.previous, gap=4)
        head.setStretch(0, 1)
        self.setLayout(Column(head, Row(self.following, None), gap=4))
        self.hide()

    def follow(self, view: PdfView) -> None:
        """Walk through the frames of a view."""
        self._view = view
        view.frames.changed.connect(self._tell)
        self._tell()

    def _step(self, by: int) -> None:
        if self._view is not None:
            self._view.frames.step(by)

    def _tell(self) -> None:
        frames = self._view.frames if self._view is not None else None
        self.setVisible(frames is not None and frames.total > 0)
        if frames is None:
            return
        key = "pages.verify.place" if frames.current else "pages.verify.places"
        shown = frames.shown
        kind = shown.text if shown is not None else ""
        page = shown.box.page + 1 if shown is not None else 0
        text = self._texts(key, n=frames.current, all=frames.total, kind=kind, page=page)
        self._where.setText(text)
        self.setAccessibleName(text)


class SignatureCard(Pane):
    """One signature in words; the keyboard stops at it, and its name is all that it says."""

    def __init__(
        self, texts: Texts, number: int, report: SignatureReport, parent: QWidget | None = None
    ) -> None:
        super().__init__("card", parent)
        tone = TONES[report.verdict]
        verdict = said_of.verdict_of(texts, report)
        signer = Label(f"{number}. {said_of.signer_of(texts, report)}", "strong", wrap=True)
        head = Row(Icon(ICONS[tone], 18, tone), signer, gap=6)
        head.setStretch(1, 1)
        lines = [Label(report.organisation, wrap=True)] if report.organisation else []
        lines.append(Label(verdict, tone))
        style = tone if tone != "ok" else "secondary"
        lines += [Label(r, style, wrap=True) for r in said_of.reasons_of(texts, report)]
        lines += [Label(f, "secondary", wrap=True) for f in said_of.facts_of(texts, report)]
        self.setLayout(Column(head, *lines, gap=4, margins=(10, 8, 10, 8)))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(said_of.spoken(texts, number, report))


class VerifyPanel(Pane):
    """Show a `FileReport` in words; `closed` when it is no longer wanted."""

    closed = Signal()

    def __init__(self, texts: Texts, report: FileReport, parent: QWidget | None = None) -> None:
        super().__init__("panel", parent)
        self._texts = texts
        self._report = report
        close = IconButton("x", texts("kit.close"), shortcut="Esc")
        close.clicked.connect(self.closed)
        head = Row(Label(texts("pages.verify"), "section"), None, close, gap=4)
        told = summary(texts, report)
        banner = Banner()
        self.cards = [SignatureCard(texts, n, s) for n, s in enumerate(report.signatures, start=1)]
        self.steps = ChangeSteps(texts)
        checked = Label(
            texts("pages.verify.checked", at=full_moment(report.checked_at)), "faint", wrap=True
        )
        body = Pane("none")
        body.setLayout(Column(banner, self.steps, *self.cards, checked, None, gap=10))
        banner.show_text(told.text, told.tone, icon=told.icon, strong=told.strong)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setAccessibleName(texts("pages.verify"))
        scroll.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        scroll.setWidget(body)
        whole = Column(head, scroll, gap=8, margins=(14, 8, 8, 10))
        whole.setStretch(1, 1)
        put(self, whole)

    def show_on(self, view: PdfView) -> None:
        """Frame what changed on the pages of the file, and offer the way from place to place."""
        view.frames.show(said_of.frames_of(self._texts, self._report.signatures))
        self.steps.follow(view)
        self.closed.connect(lambda: view.frames.show(()))
