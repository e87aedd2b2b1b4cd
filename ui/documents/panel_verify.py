"""The verification panel: each signature with its verdict, time, level and reasons in words."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QScrollArea, QWidget

from app.kernel.ports import FileReport, SignatureReport
from app.kernel.texts import Texts
from ui.documents.verdicts import ICONS, TONES, summary
from ui.documents.words import full_moment
from ui.kit.banner import Banner
from ui.kit.buttons import IconButton
from ui.kit.labels import Icon, Label, Pane
from ui.kit.layout import Column, Row, put


class VerifyPanel(Pane):
    """Show a `FileReport` in words; `closed` when it is no longer wanted."""

    closed = Signal()

    def __init__(self, texts: Texts, report: FileReport, parent: QWidget | None = None) -> None:
        super().__init__("panel", parent)
        self._texts = texts
        close = IconButton("x", texts("kit.close"), shortcut="Esc")
        close.clicked.connect(self.closed)
        head = Row(Label(texts("pages.verify"), "section"), None, close, gap=4)
        told = summary(texts, report)
        banner = Banner()
        cards = [self._signature(n, s) for n, s in enumerate(report.signatures, start=1)]
        checked = Label(
            texts("pages.verify.checked", at=full_moment(report.checked_at)), "faint", wrap=True
        )
        body = Pane("none")
        body.setLayout(Column(banner, *cards, checked, None, gap=10))
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

    def _signature(self, number: int, report: SignatureReport) -> QWidget:
        texts = self._texts
        tone = TONES[report.verdict]
        verdict = texts(f"verify.verdict.{report.verdict.value}")
        signer = report.signer or texts("pages.verify.no_name")
        head = Row(
            Icon(ICONS[tone], 18, tone, verdict),
            Label(f"{number}. {signer}", "strong", wrap=True),
            gap=6,
        )
        head.setStretch(1, 1)
        parts: list[QWidget] = [Label(verdict, tone)]
        parts += [Label(line, "secondary", wrap=True) for line in self._facts(report)]
        for reason in report.reasons:
            style = tone if tone != "ok" else "secondary"
            parts.append(Label(texts(f"verify.reason.{reason}"), style, wrap=True))
        card = Pane("card")
        return put(card, Column(head, *parts, gap=4, margins=(10, 8, 10, 8)))

    def _facts(self, report: SignatureReport) -> list[str]:
        texts = self._texts
        source = report.time_source or "none"
        at = full_moment(report.signed_at)
        lines = [texts(f"pages.verify.time.{source}", at=at)]
        if report.organisation:
            lines.append(texts("pages.verify.organisation", name=report.organisation))
        if report.issuer:
            lines.append(texts("pages.verify.issuer", name=report.issuer))
        if report.level:
            lines.append(texts("pages.verify.level", level=report.level))
        lines.append(texts(f"pages.verify.changes.{report.changes}"))
        return lines
