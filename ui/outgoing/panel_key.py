"""The key that signs: whose, what for, how long it lives."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.kernel.texts import Texts
from ui.kit.badges import Badge
from ui.kit.buttons import Button
from ui.kit.labels import ElidedLabel, Pane
from ui.kit.layout import Column, Row
from ui.outgoing.model_keys import Key


class KeyStrip(Pane):
    """One line on the signing key; `image_asked` to choose the picture, `again` to look anew.

    Without `picture` none is offered: nothing but words is seen of such a signature.
    """

    image_asked = Signal()
    again = Signal()

    def __init__(
        self, texts: Texts, kind_key: str, parent: QWidget | None = None, *, picture: bool = True
    ) -> None:
        super().__init__("card", parent)
        self._texts = texts
        self.kind_key = kind_key
        self._picture = picture
        self._holder = ElidedLabel("", "strong")
        self._life = ElidedLabel("", "secondary")
        self._badge = Badge("")
        self._image = Button(texts("outpages.key.image"), "link")
        self._image.clicked.connect(self.image_asked)
        self._again = Button(texts("outpages.key.again"), "link")
        self._again.clicked.connect(self.again)
        row = Row(self._life, self._badge, self._image, self._again, gap=8)
        row.setStretch(0, 1)
        self.setLayout(Column(self._holder, row, gap=1, margins=(10, 5, 10, 5)))
        self.show_key(None, looking=True)

    def show_key(self, key: Key | None, *, looking: bool = False) -> None:
        """Show a key, or that there is none."""
        texts = self._texts
        self._again.setVisible(key is None and not looking)
        self._image.setVisible(key is not None and self._picture)
        if key is None:
            said = texts("outpages.key.looking" if looking else "outpages.key.none")
            self._holder.set_text(said)
            self._life.set_text("" if looking else texts("outpages.key.none_do"))
            self._badge.show_text("")
        else:
            self._holder.set_text(key.certificate.holder)
            life = "outpages.key.life" if key.days >= 0 else "outpages.key.over"
            kind = texts(self.kind_key)
            self._life.set_text(texts(life, kind=kind, days=abs(key.days)))
            word = {"warn": "outpages.key.soon", "bad": "outpages.key.expired"}.get(key.tone)
            self._badge.show_text(texts(word) if word else "", key.tone)
        self.setAccessibleName(f"{self._holder.whole} {self._life.whole} {self._badge.text}")
