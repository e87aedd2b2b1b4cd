"""Hands and eyes of the tour inside a desk's process: real widgets, real events.

The robot reads one JSON order per line from standard input and answers one JSON line each.
It runs on the GUI thread by queued signals and finds widgets as a person would: by what is
written on them, or by the name that a screen reader says.
"""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QMimeData,
    QModelIndex,
    QObject,
    QPoint,
    QPointF,
    Qt,
    QTimer,
    QUrl,
    Signal,
)
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QKeyEvent, QKeySequence, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)

from ui.kit.pdfview.view import PdfView

TICK_MS = 5
_COPY = Qt.DropAction.CopyAction
_LEFT = Qt.MouseButton.LeftButton
_PLAIN = Qt.KeyboardModifier.NoModifier
# A window manager takes a moment to make another window the active one
_ACTIVATE_MS = 200
# The count that the navigation says after a page's name
_COUNT = re.compile(r" [\d.]+$")


class NotThere(Exception):
    """Say that nothing of that name is on the screen."""


@dataclass(frozen=True, slots=True)
class Stall:
    """A time in which the GUI thread answered nothing, and whose work it was, in milliseconds.

    `own` is the GUI thread's processor time, `process` that of all threads of the desk. Where
    `process` is far less than `wall`, other programs had the machine.
    """

    wall: float = 0.0
    own: float = 0.0
    process: float = 0.0


class Heartbeat(QObject):
    """Measure the longest time in which the GUI thread answered nothing."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.longest = Stall()
        self._last = _clocks()
        timer = QTimer(self)
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.timeout.connect(self._beat)
        timer.start(TICK_MS)

    def _beat(self) -> None:
        now = _clocks()
        wall, own, process = (1000 * (a - b) for a, b in zip(now, self._last, strict=True))
        if wall - TICK_MS > self.longest.wall:
            self.longest = Stall(wall - TICK_MS, own, process)
        self._last = now

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Leave out the time of a block: what the robot looks up is no work of the desk."""
        self._beat()
        try:
            yield
        finally:
            self._last = _clocks()

    def note(self, seconds: float, own: float) -> None:
        """Count something that the desk did within the robot's time."""
        if seconds * 1000 > self.longest.wall:
            self.longest = Stall(seconds * 1000, own * 1000, own * 1000)

    def take(self) -> Stall:
        """Return the longest stall since the last call."""
        found, self.longest = self.longest, Stall()
        self._last = _clocks()
        return found


def _clocks() -> tuple[float, float, float]:
    return time.perf_counter(), time.thread_time(), time.process_time()


class Robot(QObject):
    """Obey orders from standard input."""

    ordered = Signal(str)

    def __init__(self, parent: QObject, facts: Callable[[], dict[str, Any]]) -> None:
        super().__init__(parent)
        self._facts = facts
        self._heart = Heartbeat(self)
        self.ordered.connect(self._obey, Qt.ConnectionType.QueuedConnection)
        threading.Thread(target=self._listen, name="tour.orders", daemon=True).start()

    def _listen(self) -> None:
        for line in sys.stdin:
            self.ordered.emit(line)
        self.ordered.emit('{"op": "quit"}')

    def _obey(self, line: str) -> None:
        order = json.loads(line)
        operation = getattr(self, f"op_{order.pop('op')}")
        with self._heart.aside():
            try:
                answer = {"ok": True, "value": operation(**order)}
            except NotThere as error:
                answer = {"ok": False, "error": str(error)}
        sys.stdout.write(json.dumps(answer, ensure_ascii=False, default=str) + "\n")
        sys.stdout.flush()

    def op_facts(self) -> dict[str, Any]:
        """Return what the desk knows of itself: status, outbox, page."""
        return self._facts()

    def op_stall(self) -> dict[str, float]:
        """Return the longest stall of the GUI thread since the last call, in ms."""
        return {name: round(ms, 1) for name, ms in asdict(self._heart.take()).items()}

    def op_see(self, name: str) -> bool:
        """Tell whether something of that name is on the screen."""
        return any(True for _ in _named(name))

    def op_calm(self) -> bool:
        """Tell whether every page of paper in sight is drawn."""
        papers = [w for root in _windows() for w in root.findChildren(PdfView) if w.isVisible()]
        return all(paper.sharp for paper in papers if paper.page_count)

    def op_names(self) -> list[str]:
        """Return what can be seen and used on the topmost window."""
        modal = QApplication.activeModalWidget()
        roots = [modal] if modal is not None else _windows()
        found = (w for root in roots for w in root.findChildren(QWidget) if w.isVisible())
        usable = (w for w in found if w.focusPolicy() != Qt.FocusPolicy.NoFocus or _text(w))
        return sorted({f"{w.accessibleName() or _text(w)}"[:80] for w in usable} - {""})

    def op_read(self, name: str) -> str:
        """Return the text of a widget."""
        return _text(_one(name))

    def op_rows(self, name: str) -> list[str]:
        """Return what a screen reader would say of each loaded row of a list."""
        model = _view(name).model()
        return [_said(model, row) for row in range(min(model.rowCount(), 500))]

    def op_choose(self, name: str, text: str) -> str:
        """Click the first row of a list that contains the text."""
        view = _view(name)
        rows = self.op_rows(name)
        place = next((row for row, said in enumerate(rows) if text in said), -1)
        if place < 0:
            raise NotThere(f"no row with {text!r} in {name!r}")
        index = view.model().index(place, 0)
        QTimer.singleShot(0, lambda: _click_row(view, index))
        return rows[place]

    def op_go(self, name: str) -> None:
        """Click a place of the navigation."""
        place = next((w for w in _named(name) if _is_place(w)), None)
        if place is None:
            raise NotThere(f"no place called {name!r}")
        self._click(name, place)

    def op_click(self, name: str) -> None:
        """Click a widget, but for the places of the navigation, which may be called alike."""
        widget = next((w for w in _named(name) if not _is_place(w)), None)
        if widget is None:
            raise NotThere(f"nothing called {name!r}")
        self._click(name, widget)

    def _click(self, name: str, widget: QWidget) -> None:
        if not widget.isEnabled():
            raise NotThere(f"{name!r} is disabled")
        QTimer.singleShot(0, lambda: _click(widget))

    def op_key(self, keys: str) -> None:
        """Press a key combination such as Ctrl+B in the focused window."""
        combination = QKeySequence(keys)[0]
        base = (QApplication.activeModalWidget() or _windows()[0]).window()
        modifiers, key = combination.keyboardModifiers(), combination.key()
        base.raise_()
        base.activateWindow()

        def press() -> None:
            target = QApplication.focusWidget() or base
            QTest.keyClick(target.window().windowHandle(), key, modifiers)

        QTimer.singleShot(_ACTIVATE_MS, press)

    def op_type(self, text: str, into: str = "", clear: bool = True) -> None:
        """Type into a field, character by character, as a keyboard would."""
        widget = _field(into) if into else QApplication.focusWidget()
        if widget is None:
            raise NotThere("nothing has the focus")
        if not widget.isEnabled():
            raise NotThere(f"nothing can be typed into {into!r}")
        widget.setFocus()
        if clear and isinstance(widget, QLineEdit | QPlainTextEdit):
            widget.selectAll()
        for char in text:
            began = _clocks()
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                QApplication.sendEvent(widget, QKeyEvent(kind, 0, _PLAIN, char))
            wall, own, _ = (after - before for after, before in zip(_clocks(), began, strict=True))
            self._heart.note(wall, own)

    def op_enter(self, name: str) -> None:
        """Press Enter in a field."""
        widget = _field(name)
        widget.setFocus()
        QTest.keyClick(widget, Qt.Key.Key_Return)

    def op_enter_default(self) -> None:
        """Press the button that a dialog offers first."""
        dialog = QApplication.activeModalWidget()
        found = [b for b in dialog.findChildren(QPushButton) if b.isDefault()] if dialog else []
        if not found:
            raise NotThere("no dialog with a first button")
        QTimer.singleShot(0, lambda: _click(found[0]))

    def op_pick(self, name: str, text: str) -> None:
        """Choose an entry of a drop-down list."""
        box = _one(name)
        if not isinstance(box, QComboBox):
            raise NotThere(f"{name!r} is no list")
        place = next((i for i in range(box.count()) if text in box.itemText(i)), -1)
        if place < 0:
            raise NotThere(f"no {text!r} in {name!r}")
        box.setCurrentIndex(place)
        box.activated.emit(place)

    def op_menu(self, text: str) -> None:
        """Choose an entry of the menu that is open."""
        menu = QApplication.activePopupWidget()
        found = [a for a in menu.actions() if a.text() == text] if menu is not None else []
        if not found:
            raise NotThere(f"no {text!r} in a menu")
        QTimer.singleShot(0, found[0].trigger)
        QTimer.singleShot(0, menu.close)

    def op_picture(self, path: str) -> list[int]:
        """Save a picture of the window with what lies over it, as they are on the screen."""
        frame = _frame()
        picture = frame.grab()
        painter = QPainter(picture)
        for over in (QApplication.activeModalWidget(), QApplication.activePopupWidget()):
            if over is not None and over.window() is not frame:
                at = over.window().pos() - frame.pos()
                painter.fillRect(frame.rect(), QColor(0, 0, 0, 60))
                painter.drawPixmap(at, over.window().grab())
                painter.drawRect(over.window().rect().translated(at))
        painter.end()
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)
        return [picture.width(), picture.height()]

    def op_drop(self, path: str) -> None:
        """Drop a file from outside on the page in the middle of the window."""
        frame = _frame()
        target: QWidget | None = frame.childAt(frame.rect().center())
        while target is not None and not target.acceptDrops():
            target = target.parentWidget()
        if target is None:
            raise NotThere("nothing here takes files")
        carried = QMimeData()
        carried.setUrls([QUrl.fromLocalFile(path)])
        at = target.rect().center()
        enter = QDragEnterEvent(at, _COPY, carried, _LEFT, _PLAIN)
        QApplication.sendEvent(target, enter)
        if not enter.isAccepted():
            raise NotThere("the file is not wanted here")
        drop = QDropEvent(QPointF(at), _COPY, carried, _LEFT, _PLAIN)
        QApplication.sendEvent(target, drop)

    def op_quit(self) -> None:
        """End the desk as its user would."""
        QTimer.singleShot(0, _close_all)


def _frame() -> QWidget:
    """Return the desk's own window: the largest."""
    return max(_windows(), key=lambda w: w.width() * w.height())


def _is_place(widget: QWidget) -> bool:
    return bool(widget.property("kind") == "nav")


def _windows() -> list[QWidget]:
    shown = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
    if not shown:
        raise NotThere("no window")
    return shown


def _close_all() -> None:
    for window in _windows():
        window.close()
    QApplication.quit()


def _named(name: str) -> Iterator[QWidget]:
    modal = QApplication.activeModalWidget()
    roots = [modal] if modal is not None else _windows()
    for root in roots:
        for widget in (root, *root.findChildren(QWidget)):
            said = _COUNT.sub("", widget.accessibleName())
            if widget.isVisible() and name in (said, widget.accessibleName(), widget.objectName()):
                yield widget
        for widget in root.findChildren(QWidget):
            if widget.isVisible() and _text(widget) == name:
                yield widget


def _one(name: str) -> QWidget:
    found = next(_named(name), None)
    if found is None:
        raise NotThere(f"nothing called {name!r}")
    return found


def _field(name: str) -> QWidget:
    """Return what can be typed into; the list of what a field proposes is called alike."""
    found = next((w for w in _named(name) if isinstance(w, QLineEdit | QPlainTextEdit)), None)
    if found is None:
        raise NotThere(f"no field called {name!r}")
    return found


def _view(name: str) -> QAbstractItemView:
    found = next((w for w in _named(name) if isinstance(w, QAbstractItemView)), None)
    if found is None:
        raise NotThere(f"no list called {name!r}")
    return found


def _text(widget: QWidget) -> str:
    for attribute in ("label", "whole", "text", "toPlainText"):
        value = getattr(widget, attribute, None)
        if value is not None:
            said = value() if callable(value) else value
            if isinstance(said, str):
                return said
    return ""


def _said(model: QAbstractItemModel, row: int) -> str:
    """Return all that is said of a row, column by column, each thing once."""
    roles = (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.DisplayRole)
    places = (model.index(row, column) for column in range(model.columnCount()))
    words = (str(place.data(role) or "") for place in places for role in roles)
    return " · ".join(dict.fromkeys(word for word in words if word))


def _click_row(view: QAbstractItemView, index: QModelIndex) -> None:
    view.scrollTo(index)
    QTest.mouseClick(view.viewport(), _LEFT, _PLAIN, view.visualRect(index).center())


def _click(widget: QWidget) -> None:
    centre = QPoint(widget.width() // 2, widget.height() // 2)
    QTest.mouseClick(widget, _LEFT, _PLAIN, centre)
