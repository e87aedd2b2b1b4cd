"""Where the box stands, in millimetres: read aloud, typed in, and kept for the next time."""

from __future__ import annotations

from PySide6.QtCore import QLocale, QSignalBlocker, Signal
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QWidget

from app.kernel.ports import Box
from ui.kit.buttons import Button
from ui.kit.labels import Label, Pane
from ui.kit.layout import Column, Row
from ui.kit.pdfview.view import PdfView
from ui.kit.texts import tr
from ui.kit.theme import theme

_POINTS = 72 / 25.4
_WIDTH = 80
_INSET = 5
_MOST = 2000.0


class Millimetres(QDoubleSpinBox):
    """A length on the page; up and down change it by one millimetre."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setLocale(QLocale(QLocale.Language.Vietnamese))
        self.setAccessibleName(tr("kit.place.spoken", name=name))
        self.lineEdit().setAccessibleName(self.accessibleName())
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.setDecimals(1)
        self.setRange(0.0, _MOST)
        self.setSuffix(" mm")
        self.setKeyboardTracking(False)
        self._fit()
        theme().changed.connect(self._fit)

    def _fit(self) -> None:
        self.setFixedWidth(theme().px(_WIDTH))
        self.lineEdit().setTextMargins(theme().px(_INSET), 0, 0, 0)


class PlaceBar(Pane):
    """Four numbers over a `PdfView` with a box; hidden while there is none.

    `keep_asked(Box)` when the place shall be kept; the button is there once `offer_keep` says so.
    """

    keep_asked = Signal(object)

    def __init__(self, view: PdfView, parent: QWidget | None = None) -> None:
        super().__init__("header", parent)
        self._view = view
        self.fields = {
            "left": Millimetres(tr("kit.place.left")),
            "top": Millimetres(tr("kit.place.top")),
            "width": Millimetres(tr("kit.place.width")),
            "height": Millimetres(tr("kit.place.height")),
        }
        row = Row(gap=6, margins=(12, 4, 12, 6))
        for name, field in self.fields.items():
            row.extend(Column(Label(tr(f"kit.place.{name}"), "secondary"), field, gap=1))
            field.valueChanged.connect(self._typed)
        self.keep = Button(tr("kit.place.keep"), icon="save")
        self.keep.clicked.connect(self._keep)
        self.keep.hide()
        row.extend(None, Column(None, self.keep, gap=0))
        self.setLayout(row)
        self.setAccessibleName(tr("kit.place"))
        view.box_changed.connect(self._show)
        self._show()

    def offer_keep(self, offered: bool) -> None:
        """Offer to keep the place, or not."""
        self.keep.setVisible(offered)

    def _show(self) -> None:
        box = self._view.box
        self.setVisible(box is not None)
        self._view.setAccessibleDescription("" if box is None else self._spoken(box))
        if box is None:
            return
        for name, value in self._lengths(box).items():
            with QSignalBlocker(self.fields[name]):
                self.fields[name].setValue(value)

    def _lengths(self, box: Box) -> dict[str, float]:
        top = self._view.page_size(box.page)[1] - box.y - box.height
        points = {"left": box.x, "top": top, "width": box.width, "height": box.height}
        return {name: length / _POINTS for name, length in points.items()}

    def _spoken(self, box: Box) -> str:
        said = QLocale(QLocale.Language.Vietnamese)
        lengths = {n: said.toString(v, "f", 1) for n, v in self._lengths(box).items()}
        return tr("kit.place.where", page=box.page + 1, **lengths)

    def _typed(self) -> None:
        box = self._view.box
        if box is None:
            return
        was = self._lengths(box)
        # Only what was typed moves: the others would be rounded to what their fields show
        now = {
            name: field.value() if abs(field.value() - was[name]) > 0.051 else was[name]
            for name, field in self.fields.items()
        }
        left, top, width, height = (now[n] * _POINTS for n in ("left", "top", "width", "height"))
        y = self._view.page_size(box.page)[1] - top - height
        self._view.move_box(Box(box.page, left, y, width, height))

    def _keep(self) -> None:
        if self._view.box is not None:
            self.keep_asked.emit(self._view.box)
