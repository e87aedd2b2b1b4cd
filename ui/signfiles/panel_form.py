"""How the files are signed: purpose, key, words, level, and where the signature is seen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QScrollArea, QWidget

from app.kernel.clock import local_date
from app.kernel.levels import LEVELS
from app.kernel.ports import Purpose
from app.kernel.purposes import FORMS, Look, Owner
from app.kernel.texts import Texts
from ui.kit.banner import Banner
from ui.kit.buttons import Button
from ui.kit.choice import Choice
from ui.kit.fields import TextArea
from ui.kit.form import FormField
from ui.kit.labels import Label, Pane
from ui.kit.layout import Column
from ui.outgoing.model_keys import Key

# What each purpose wants typed: the opinion, or the words of the block at the top right
TYPED = frozenset({Purpose.COMMENT, Purpose.INCOMING, Purpose.ATTACHMENT, Purpose.COPY})
_LETTERS = 12


class SignForm(QScrollArea):
    """The choices beside the page.

    `purpose_chosen(Purpose)`, `touched` when another choice changed, `again` to look for keys.
    """

    purpose_chosen = Signal(object)
    touched = Signal()
    again = Signal()

    def __init__(self, texts: Texts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._texts = texts
        self._keys: tuple[Key, ...] = ()
        self.setAccessibleName(texts("signfiles.form"))
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        names = {p.value: texts(f"signfiles.purpose.{p.value}") for p in Purpose}
        self.purpose = _narrow(Choice(texts("signfiles.purpose"), names))
        self.key = _narrow(Choice(texts("signfiles.key"), {}))
        levels = {"": texts("signfiles.level.default")} | {n: n for n in LEVELS}
        self.level = _narrow(Choice(texts("signfiles.level"), levels))
        self.text = TextArea(texts("signfiles.text.comment"), lines=3)
        self.look_again = Button(texts("outpages.key.again"), "link")
        self.life, self.place = Banner(), Label("", "secondary", wrap=True)
        self._lay_out()
        self.purpose.changed.connect(lambda value: self.purpose_chosen.emit(Purpose(value)))
        self.key.changed.connect(lambda _: self._show_life())
        self.key.changed.connect(self.touched)
        self.level.changed.connect(self.touched)
        self.text.textChanged.connect(self.touched)
        self.look_again.clicked.connect(self.again)
        self.show_purpose(Purpose.APPROVE)

    def _lay_out(self) -> None:
        texts = self._texts
        self._typed = {
            p: Label(texts(f"signfiles.text.{p.value}"), "secondary", wrap=True)
            for p in Purpose
            if p in TYPED
        }
        self.body = Pane("panel")
        self.body.setLayout(
            Column(
                FormField(texts("signfiles.purpose"), self.purpose, required=True),
                FormField(texts("signfiles.key"), self.key, required=True),
                self.life,
                self.look_again,
                Column(*self._typed.values(), self.text, gap=3),
                FormField(texts("signfiles.level"), self.level),
                self.place,
                None,
                gap=10,
                margins=(14, 12, 14, 12),
            )
        )
        self.setWidget(self.body)

    @property
    def chosen_key(self) -> Key | None:
        """Return the key that signs."""
        return next((k for k in self._keys if _id(k) == self.key.value), None)

    def show_purpose(self, purpose: Purpose) -> None:
        """Show what a purpose wants."""
        texts = self._texts
        self.purpose.set_value(purpose.value)
        for kind, label in self._typed.items():
            label.setVisible(kind is purpose)
        self.text.setVisible(purpose in TYPED)
        if purpose in TYPED:
            self.text.setAccessibleName(texts(f"signfiles.text.{purpose.value}"))
        look = FORMS[purpose].look
        self.place.setText(texts(f"signfiles.place.{look.value}"))

    def show_keys(self, keys: Sequence[Key] | None, *, clerk: bool) -> None:
        """Offer keys; None means that they are looked for. Say why there is none."""
        texts, purpose = self._texts, Purpose(self.purpose.value)
        before = self.key.value
        self._keys = tuple(keys or ())
        self.key.set_choices({_id(k): self._named(k) for k in self._keys}, before)
        if self._keys and self.key.currentIndex() < 0:
            self.key.setCurrentIndex(0)
        self.key.setEnabled(bool(self._keys))
        agency = FORMS[purpose].owner is Owner.AGENCY
        lacking = keys is not None and not self._keys
        self.look_again.setVisible(lacking and (clerk or not agency))
        if keys is None:
            self.life.show_text(texts("outpages.key.looking"), "info")
        elif agency and not clerk:
            self.life.show_text(texts("signfiles.clerk_only"), "warn")
        elif not self._keys:
            which = "signfiles.none_agency" if agency else "signfiles.none_person"
            self.life.show_text(texts(which), "warn")
        else:
            self._show_life()
        self.touched.emit()

    def _show_life(self) -> None:
        key, texts = self.chosen_key, self._texts
        if key is None:
            return
        agency = FORMS[Purpose(self.purpose.value)].owner is Owner.AGENCY
        kind = texts("outpages.key.agency" if agency else "outpages.key.person")
        life = "outpages.key.life" if key.days >= 0 else "outpages.key.over"
        tone = "info" if key.tone == "ok" else key.tone
        self.life.show_text(texts(life, kind=kind, days=abs(key.days)), tone, icon="key")

    def _named(self, key: Key) -> str:
        """Return the holder, and the end of its life where he has several certificates."""
        if len(self._keys) == 1:
            return key.certificate.holder
        until = local_date(key.certificate.not_after)
        return self._texts(
            "signfiles.key.named", holder=key.certificate.holder, until=f"{until:%d/%m/%Y}"
        )


def seen(purpose: Purpose) -> bool:
    """Tell whether a signature for this purpose is seen on the page."""
    return FORMS[purpose].look is not Look.NOTHING


def _id(key: Key) -> str:
    return f"{key.certificate.token.serial}:{key.certificate.cert_id}:{key.certificate.serial}"


def _narrow(choice: Choice) -> Choice:
    choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    choice.setMinimumContentsLength(_LETTERS)
    return choice
