"""A strip that tells a verdict or a warning, with a link to more."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from ui.kit.buttons import Button
from ui.kit.labels import Icon, Pane, restyle
from ui.kit.layout import Row

_ICONS = {"ok": "shield-check", "warn": "warning", "bad": "error", "info": "info"}


class Banner(Pane):
    """A strip in one tone; `strong` words stand first in bold; `linked` when the link is used."""

    linked = Signal()

    def __init__(
        self,
        text: str = "",
        tone: str = "info",
        link: str = "",
        icon: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("banner", parent)
        self._icon = Icon("info", 16)
        self._words = QLabel()
        self._words.setTextFormat(Qt.TextFormat.RichText)
        self._words.setWordWrap(True)
        self._words.setProperty("look", "banner")
        self._words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.link = Button("", "link")
        self.link.clicked.connect(self.linked)
        self.setLayout(Row(self._icon, self._words, self.link, gap=8, margins=(10, 5, 10, 5)))
        self.text = ""
        self.show_text(text, tone, link, icon)

    def show_text(
        self, text: str, tone: str = "info", link: str = "", icon: str = "", strong: str = ""
    ) -> None:
        """Show words in a tone; without any the strip hides."""
        self.text = f"{strong} · {text}" if strong and text else strong or text
        bold = f"<b>{_escaped(strong)}</b>" if strong else ""
        joined = " · ".join(part for part in (bold, _escaped(text)) if part)
        self._words.setText(joined)
        self.setAccessibleName(self.text)
        self._icon.set_icon(icon or _ICONS[tone], tone)
        self.link.tint = tone
        self.link.set_label(link)
        self.link.setVisible(bool(link))
        for widget in (self, self._words):
            widget.setProperty("tone", tone)
            restyle(widget)
        self.setVisible(bool(self.text))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
