"""The shell's plain dialogs: the map of keys, and what is said when the program erred."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit, QScrollArea, QSizePolicy, QWidget

from app.kernel.texts import Texts
from ui.kit.actions import KeyRow
from ui.kit.badges import Badge
from ui.kit.dialog import Dialog
from ui.kit.labels import Label, Pane
from ui.kit.layout import Column, Row
from ui.kit.theme import theme


class KeysDialog(Dialog):
    """The map of all keys, by group, in two columns."""

    def __init__(self, texts: Texts, rows: Sequence[KeyRow], parent: QWidget) -> None:
        super().__init__(texts("shell.keys"), parent, width=720)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        groups = [list(found) for _, found in groupby(rows, key=lambda row: row.group)]
        columns = (Column(gap=4), Column(gap=4))
        lengths = [0, 0]
        for group in groups:
            side = 0 if lengths[0] <= lengths[1] else 1
            lengths[side] += len(group) + 2
            columns[side].extend(Label(group[0].group, "section"), *map(_key_line, group), 8)
        for column in columns:
            column.extend(None)
        body = Pane("none")
        body.setLayout(Row(*columns, gap=32, margins=(0, 0, 12, 0)))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(body)
        area.setAccessibleName(texts("shell.keys"))
        area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.fill_with(area)
        self.add_button(texts("shell.close"), "primary", "accept")
        look, window = theme(), parent.window()
        width = min(look.px(760), window.width() - look.px(24))
        self.setMinimumWidth(min(self.minimumWidth(), width))
        self.resize(width, min(look.px(560), window.height() - look.px(24)))
        area.setFocus()


def _key_line(row: KeyRow) -> QWidget:
    line = Pane("none")
    text = Label(row.text, wrap=True)
    text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    line.setLayout(Row(text, Badge(row.shortcut), gap=8))
    line.setAccessibleName(f"{row.text}, {row.shortcut}")
    return line


class CrashDialog(Dialog):
    """Say that the program erred, what to do, and what may be sent: no document content."""

    def __init__(self, texts: Texts, places: str, parent: QWidget | None) -> None:
        super().__init__(texts("shell.crash"), parent, width=560)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        shown = QPlainTextEdit(places)
        shown.setReadOnly(True)
        shown.setTabChangesFocus(True)
        shown.setAccessibleName(texts("shell.crash.report"))
        shown.setMinimumHeight(theme().px(160))
        self.body.extend(Label(texts("shell.crash.text"), wrap=True), shown)
        self.add_button(texts("shell.crash.go_on"), "primary", "accept")
