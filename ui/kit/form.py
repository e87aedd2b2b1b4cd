"""A field of a form: label above, mark of duty, error below."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from ui.kit.labels import Label
from ui.kit.layout import Column, Row
from ui.kit.texts import tr


class FormField(QWidget):
    """Label, editor and error text; the editor's accessible name is the label.

    The editor is any widget; one with `set_error(bool)` is marked when an error is set.
    """

    def __init__(
        self,
        label: str,
        editor: QWidget,
        *,
        required: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.editor = editor
        self._label = Label(label.replace("&", "&&"), "secondary")
        self._label.setBuddy(editor)
        self._error = Label("", "bad", wrap=True)
        self._error.hide()
        self._name = f"{label}, {tr('kit.required')}" if required else label
        editor.setAccessibleName(self._name)
        self.setFocusProxy(editor)
        head: list[QLabel | None] = [self._label]
        if required:
            head.append(Label("*", "required"))
        column = Column(Row(*head, None, gap=3), editor, self._error, gap=3)
        if editor.sizePolicy().verticalPolicy() is QSizePolicy.Policy.Fixed:
            column.extend(None)
        self.setLayout(column)

    @property
    def error(self) -> str:
        """Return the error shown, "" if none."""
        return self._error.text()

    def set_error(self, text: str) -> None:
        """Show an error under the field and mark it; "" takes it away."""
        self._error.setText(text)
        self._error.setVisible(bool(text))
        mark = getattr(self.editor, "set_error", None)
        if mark is not None:
            mark(bool(text))
        self.editor.setAccessibleDescription(text)

    def focus_error(self) -> None:
        """Bring the keyboard to the editor."""
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)
