"""Issuing asks first: what goes out, under which number, and to whom."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QListWidget, QWidget

from app.documents.model import Document, Recipient
from app.kernel.texts import Texts
from ui.kit.dialog import Dialog
from ui.kit.labels import Label
from ui.kit.theme import theme
from ui.outgoing import model_list
from ui.outgoing.model_recipients import Directory
from ui.outgoing.panel_recipients import RecipientsPanel


class IssueDialog(Dialog):
    """Show number, subject and every recipient; `accepted` issues."""

    def __init__(self, texts: Texts, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(texts("outpages.issue.title"), parent, 560)
        count = len(document.deliveries)
        self.body.extend(
            Label(model_list.title_of(texts, document), "strong", wrap=True),
            Label(texts("outpages.issue.to", n=count), wrap=True),
        )
        self.list = QListWidget()
        self.list.setAccessibleName(texts("outpages.recipients"))
        for delivery in document.deliveries:
            kind = f" · {texts('outpages.paper_only')}" if delivery.paper else ""
            self.list.addItem(f"{delivery.name}{kind}")
        self.list.setFixedHeight(theme().px(min(260, 40 + 28 * count)))
        self.body.extend(self.list, Label(texts("outpages.issue.final"), "warn", wrap=True))
        self.no = self.add_button(texts("outpages.cancel"), role="reject")
        self.yes = self.add_button(texts("outpages.act.issue"), "primary", "accept", "Ctrl+Return")
        self.no.setFocus()


class RecipientsDialog(Dialog):
    """Choose the recipients again before issuing; `chosen(tuple[Recipient, ...])`."""

    chosen = Signal(object)

    def __init__(
        self,
        texts: Texts,
        directory: Directory,
        now: Sequence[tuple[str, str]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(texts("outpages.recipients"), parent, 620)
        self.picker = RecipientsPanel(texts)
        self.picker.set_directory(directory)
        self.picker.set_value(now)
        self.body.extend(self.picker)
        self.add_button(texts("outpages.cancel"), role="reject")
        self.ok = self.add_button(texts("outpages.to.take"), "secondary", shortcut="Ctrl+Return")
        self.ok.clicked.connect(self._take)
        self.picker.field.setFocus()

    def _take(self) -> None:
        found = tuple(Recipient(unit, name, not unit) for unit, name in self.picker.value)
        self.chosen.emit(found)
        self.accept()
