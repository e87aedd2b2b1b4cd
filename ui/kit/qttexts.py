"""Qt's own words (context menus, standard buttons) in Vietnamese: Qt ships none."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale, QTranslator

from ui.kit.texts import texts, tr

# What Qt's widgets ask for, whatever the context; & and keys are left out on both sides.
_KEYS = {
    "Undo": "kit.qt.undo",
    "Redo": "kit.qt.redo",
    "Cut": "kit.qt.cut",
    "Copy": "kit.qt.copy",
    "Copy Link Location": "kit.qt.copy_link",
    "Copy Link": "kit.qt.copy_link",
    "Paste": "kit.qt.paste",
    "Delete": "kit.qt.delete",
    "Select All": "kit.qt.select_all",
    "OK": "kit.ok",
    "Cancel": "kit.cancel",
    "Close": "kit.close",
    "Yes": "kit.qt.yes",
    "No": "kit.qt.no",
    "Save": "kit.qt.save",
    "Open": "kit.qt.open",
    "Apply": "kit.qt.apply",
    "Reset": "kit.qt.reset",
    "Retry": "kit.retry",
    "Ignore": "kit.qt.ignore",
    "Discard": "kit.qt.discard",
    "Help": "kit.qt.help",
    "Step up": "kit.qt.up",
    "Step down": "kit.qt.down",
    "Scroll here": "kit.qt.scroll_here",
    "Top": "kit.qt.top",
    "Bottom": "kit.qt.bottom",
    "Page up": "kit.qt.page_up",
    "Page down": "kit.qt.page_down",
    "Scroll up": "kit.qt.scroll_up",
    "Scroll down": "kit.qt.scroll_down",
}


class QtTexts(QTranslator):
    """Answer Qt's words from our texts, keeping the key hint that follows a tab."""

    def translate(
        self, context: str, source: str, disambiguation: str | None = None, n: int = -1
    ) -> str:
        """Return our word, or null (not "", which Qt would show) for what we have none for."""
        word, tab, hint = source.partition("\t")
        key = _KEYS.get(word.replace("&", "").rstrip("."))
        return f"{tr(key)}{tab}{hint}" if key is not None else None  # type: ignore[return-value]

    def isEmpty(self) -> bool:  # noqa: D102
        return False


def install(app: QCoreApplication) -> None:
    """Let Qt speak the language in use, and write numbers and dates as in Vietnam."""
    for old in app.findChildren(QtTexts):
        app.removeTranslator(old)
        old.deleteLater()
    if texts().language == "vi":
        app.installTranslator(QtTexts(app))
    QLocale.setDefault(QLocale(QLocale.Language.Vietnamese, QLocale.Country.Vietnam))
