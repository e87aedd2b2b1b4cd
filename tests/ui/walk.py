"""Walk a window as shown and tell what is cut off, overlaps, lacks contrast or has no name.

Every function answers sentences for people; none means all is well. `walk` asks all of them
in every look, at the size that is left of an office screen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from PySide6.QtCore import QCoreApplication, QEventLoop, QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QAccessible, QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QLabel,
    QLineEdit,
    QScrollBar,
    QWidget,
)

from ui.kit.buttons import Button
from ui.kit.labels import ElidedLabel
from ui.kit.theme import theme

SIZE = (1366, 690)
LOOKS = (("light", 100), ("dark", 100), ("light", 200), ("dark", 200))
LEAST_CONTRAST = 4.5
_SLACK = 1


def settle(milliseconds: int = 30) -> None:
    """Let layouts, styles and workers come to rest."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()
    QCoreApplication.processEvents()


def walk(window: QWidget, size: tuple[int, int] = SIZE) -> list[str]:
    """Return what is wrong with a shown window in any look; the look of before comes back."""
    before = (theme().mode, theme().scale)
    found: list[str] = []
    for mode, scale in LOOKS:
        theme().apply(mode, scale)
        window.resize(*size)
        settle()
        problems = [*cut_off(window), *overlapping(window), *faint(window), *nameless(window)]
        found += [f"{mode} {scale} %: {problem}" for problem in problems]
    theme().apply(*before)
    settle()
    return found


def cut_off(root: QWidget) -> list[str]:
    """Return the texts that have less room than they need."""
    found = []
    for widget in _visible(root):
        if isinstance(widget, ElidedLabel):
            if widget.text() != widget.whole:
                found.append(f"cut off: {widget.whole!r}")
        elif isinstance(widget, QLabel) and widget.text():
            if _label_lacks_room(widget):
                found.append(f"cut off: {widget.text()!r}")
        elif isinstance(widget, Button) and widget.width() < widget.sizeHint().width() - _SLACK:
            found.append(f"cut off: button {widget.label!r}")
    return found


def _label_lacks_room(label: QLabel) -> bool:
    if label.wordWrap():
        return label.heightForWidth(label.width()) > label.height() + _SLACK
    hint = label.sizeHint()
    return hint.width() > label.width() + _SLACK or hint.height() > label.height() + _SLACK


def overlapping(root: QWidget) -> list[str]:
    """Return the neighbours that lie on each other, and what sticks out of its parent."""
    found = []
    for parent in (root, *_visible(root)):
        if isinstance(parent, QAbstractScrollArea | QLineEdit) or parent.layout() is None:
            continue
        laid = [w for w in _managed(parent) if w.isVisible() and not w.size().isEmpty()]
        for one, other in combinations(laid, 2):
            common = one.geometry().intersected(other.geometry())
            if common.width() > _SLACK and common.height() > _SLACK:
                found.append(f"overlap: {describe(one)} and {describe(other)}")
        for widget in laid:
            room = parent.rect().adjusted(-_SLACK, -_SLACK, _SLACK, _SLACK)
            if not room.contains(widget.geometry()):
                found.append(f"sticks out: {describe(widget)} of {describe(parent)}")
    return found


def _managed(parent: QWidget) -> list[QWidget]:
    children = (w for w in parent.children() if isinstance(w, QWidget) and not w.isWindow())
    layout = parent.layout()
    inside = {id(w) for w in _laid_out(layout)} if layout is not None else set()
    return [w for w in children if id(w) in inside]


def _laid_out(layout: object) -> Iterator[QWidget]:
    for place in range(layout.count()):  # type: ignore[attr-defined]
        item = layout.itemAt(place)  # type: ignore[attr-defined]
        if item.widget() is not None:
            yield item.widget()
        elif item.layout() is not None:
            yield from _laid_out(item.layout())


def faint(root: QWidget) -> list[str]:
    """Return the texts whose pixels do not stand out from their ground."""
    picture = root.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    ratio = picture.devicePixelRatio()
    found = []
    for widget in _visible(root):
        text = _words(widget)
        if not text or not widget.isEnabled():
            continue
        corner = widget.mapTo(root, QPoint(0, 0))
        shown = _shown_part(widget, root)
        if shown.height() < widget.height() // 2 or shown.width() < 4:
            continue
        area = QRect(corner + shown.topLeft(), shown.size())
        device = QRect(area.topLeft() * ratio, area.size() * ratio)
        contrast = contrast_of(picture.copy(device))
        if contrast < LEAST_CONTRAST:
            found.append(f"faint ({contrast:.1f}): {text!r}")
    return found


def contrast_of(picture: QImage) -> float:
    """Return the contrast of the ink in a picture to its most common colour."""
    pixels = memoryview(picture.convertToFormat(QImage.Format.Format_RGB32).constBits()).cast("I")
    colours = Counter(value & 0xFFFFFF for value in pixels)
    (ground, _), *_ = colours.most_common(1)
    light = _luminance(ground)
    inks = (_luminance(colour) for colour, count in colours.items() if count > 1)
    return max(((max(light, ink) + 0.05) / (min(light, ink) + 0.05) for ink in inks), default=1.0)


def _luminance(colour: int) -> float:
    parts = ((colour >> shift & 0xFF) / 255 for shift in (16, 8, 0))
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def nameless(root: QWidget) -> list[str]:
    """Return what takes the keyboard without a name that a screen reader could say."""
    return [
        f"no name: {describe(widget)}"
        for widget in _visible(root)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.isEnabled()
        and not spoken(widget).strip()
    ]


def spoken(widget: QWidget) -> str:
    """Return the name that a screen reader says."""
    seen = QAccessible.queryAccessibleInterface(widget)
    return seen.text(QAccessible.Text.Name) if seen is not None else widget.accessibleName()


def describe(widget: QWidget) -> str:
    """Return a widget's kind with its words."""
    return f"{type(widget).__name__} {_words(widget) or widget.accessibleName()!r}"


def _words(widget: QWidget) -> str:
    if isinstance(widget, QLabel | QLineEdit):
        return widget.text()
    return widget.label if isinstance(widget, Button) and widget.kind != "icon" else ""


def _shown_part(widget: QWidget, root: QWidget) -> QRect:
    """Return what of a widget scroll areas and parents let through."""
    shown = widget.rect()
    step = widget
    while step is not root and step.parentWidget() is not None:
        parent = step.parentWidget()
        shown = shown.intersected(QRect(widget.mapFrom(parent, QPoint(0, 0)), parent.size()))
        step = parent
    return shown


def _visible(root: QWidget) -> list[QWidget]:
    skipped = (QScrollBar, QAbstractItemView)
    return [
        w
        for w in root.findChildren(QWidget)
        if w.isVisible()
        and w.window() is root.window()
        and not isinstance(w, QScrollBar)
        and not isinstance(w.parentWidget(), skipped)
        and (w.width() > 1 or isinstance(w, QAbstractButton))
    ]
