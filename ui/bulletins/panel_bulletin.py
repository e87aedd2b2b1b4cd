"""One notice to read."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QScrollArea

from app.kernel.clock import VIETNAM
from app.kernel.texts import Texts
from ui.bulletins.model_bulletins import Opened
from ui.kit.badges import Badge
from ui.kit.banner import Banner
from ui.kit.buttons import Button, grouped
from ui.kit.labels import Label, Pane
from ui.kit.layout import Column, Row, put


class BulletinPanel(Pane):
    """Title, who and when, the text; at the publisher how many have read it."""

    withdraw_asked = Signal()

    def __init__(self, texts: Texts) -> None:
        super().__init__("panel")
        self._texts = texts
        self._title = Label(style="title", wrap=True, selectable=True)
        self._about = Label(style="secondary", wrap=True)
        self._urgent = Badge(texts("bulletins.urgent"), "bad", "megaphone")
        self._gone = Banner(tone="warn")
        self._text = Label(wrap=True, selectable=True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._text.setAccessibleName(texts("bulletins.text"))
        self._readers = Label(style="secondary")
        self.withdraw_button = Button(texts("bulletins.withdraw"), icon="undo")
        self.withdraw_button.clicked.connect(self.withdraw_asked)
        head = Pane("header")
        put(head, Column(
            Row(self._title, self._urgent, gap=10), self._about, self._gone,
            gap=6, margins=(20, 14, 20, 12),
        ))  # fmt: skip
        body = Pane("none")
        put(body, Column(self._text, None, margins=(20, 16, 20, 16)))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(body)
        area.setAccessibleName(texts("bulletins.text"))
        self._foot = Pane("footer")
        put(self._foot, Row(self._readers, None, self.withdraw_button, margins=(20, 10, 20, 10)))
        whole = Column(head, area, self._foot, gap=0)
        whole.setStretch(1, 1)
        put(self, whole)

    def show_bulletin(self, opened: Opened) -> None:
        """Show a notice."""
        bulletin, texts = opened.bulletin, self._texts
        at = bulletin.at.astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y")
        self._title.setText(bulletin.title)
        self._about.setText(" · ".join(p for p in (opened.agency, opened.author, at) if p))
        self._urgent.setVisible(bulletin.urgent)
        reason = texts("bulletins.withdrawn_because", reason=bulletin.reason)
        self._gone.show_text(reason if bulletin.withdrawn else "", "warn")
        self._text.setText(bulletin.body)
        readers = opened.readers
        counted = "" if readers is None else texts("bulletins.readers", n=grouped(readers))
        self._readers.setText(counted)
        self.withdraw_button.setVisible(opened.may_withdraw)
        self._foot.setVisible(bool(counted) or opened.may_withdraw)
