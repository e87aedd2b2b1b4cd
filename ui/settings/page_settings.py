"""What a person may set; what the province has decided is shown, locked."""

from __future__ import annotations

from PySide6.QtWidgets import QScrollArea, QWidget

from app.kernel.texts import Texts
from app.settings import SETTINGS, Setting, Value
from ui.bridge.session import Session
from ui.kit.badges import Badge
from ui.kit.choice import Check, Choice
from ui.kit.labels import Label, Line, Pane
from ui.kit.layout import Column, Row, put
from ui.kit.page import Page
from ui.kit.segments import Segmented

SCALES = (100, 110, 125, 150, 175, 200, 225, 250)
MINUTES = (1, 2, 5, 10, 15, 30, 60)
DUE_DAYS = (1, 2, 3, 5, 7, 10)
PIN_MINUTES = (0, 5, 10, 15)
RATES = (0, 8, 16, 32, 64, 128, 256, 512, 1024)
STEPS = {
    "scale_percent": SCALES,
    "idle_lock_minutes": MINUTES,
    "due_soon_days": DUE_DAYS,
    "signing.pin_minutes": PIN_MINUTES,
    "files.quota_mb": (512, 1024, 2048, 4096, 8192, 16384, 32768),
    "files.ahead_days": (0, 3, 7, 14, 30, 90),
    "files.large_mb": (1, 2, 5, 10, 20, 50),
    "files.from_hour": tuple(range(24)),
    "files.to_hour": tuple(range(24)),
    "files.up_kbs": RATES,
    "files.down_kbs": RATES,
}
# Settings whose 0 means that there is no bound, or nothing to do
NONE_AT_ZERO = frozenset(
    {"signing.pin_minutes", "files.ahead_days", "files.up_kbs", "files.down_kbs"}
)
FILES = (
    "files.quota_mb", "files.ahead_days", "files.large_mb", "files.from_hour", "files.to_hour",
    "files.up_kbs", "files.down_kbs", "files.spare_metered",
)  # fmt: skip
# What the person sees but the province decides, with the unit it is told in
DECIDED = ("hold_seconds", "offline_days", "deadline_days", "deadline_days_urgent")


class SettingRow(Pane):
    """A name, what it means, and the editor or the value that the province has set."""

    def __init__(self, texts: Texts, name: str, editor: QWidget, *, locked: bool) -> None:
        super().__init__("none")
        self.editor = editor
        title = Label(texts(f"settings.{name}"), wrap=True)
        meaning = Label(texts(f"settings.{name}.about"), "secondary", wrap=True)
        told = Column(title, meaning, gap=2)
        parts: list[QWidget] = [editor]
        if locked:
            parts.insert(0, Badge(texts("settings.imposed"), "info", "lock"))
        row = Row(told, *parts, gap=16, margins=(0, 10, 0, 10))
        row.setStretch(0, 1)
        put(self, row)


class SettingsPage(Page):
    """Look, language, lock; every change counts at once."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        texts = session.texts
        self.editors: dict[str, QWidget] = {}
        head = Pane("header")
        put(head, Column(
            Label(texts("settings.title"), "title"),
            Label(texts("settings.claim"), "secondary", wrap=True),
            gap=2, margins=(20, 14, 20, 12),
        ))  # fmt: skip
        body = Pane("panel")
        put(body, Row(Column(*self._groups(), None, gap=0), margins=(20, 4, 20, 20)))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(body)
        area.setAccessibleName(texts("settings.title"))
        whole = Column(head, area, gap=0)
        whole.setStretch(1, 1)
        put(self, whole)

    def _groups(self) -> list[QWidget]:
        found: list[QWidget] = []
        for key, names in (
            ("settings.group.look", ("theme", "scale_percent", "language")),
            ("settings.group.safety", ("idle_lock_minutes", "quick_unlock", "signing.pin_minutes")),
            ("settings.group.work", ("due_soon_days",)),
            ("settings.group.files", FILES),
            ("settings.group.province", DECIDED),
        ):
            found.append(self._heading(key))
            for name in names:
                found += [self._row(name), Line()]
            found.pop()
        return found

    def _heading(self, key: str) -> QWidget:
        made = Pane("none")
        put(made, Row(Label(self.session.texts(key), "section"), None, margins=(0, 18, 0, 2)))
        return made

    def _row(self, name: str) -> SettingRow:
        texts, settings = self.session.texts, self.session.desk.settings
        locked = settings.imposed(name)
        editor = self._fixed(name) if locked else self._editor(SETTINGS[name])
        editor.setAccessibleName(texts(f"settings.{name}"))
        editor.setAccessibleDescription(texts("settings.imposed") if locked else "")
        self.editors[name] = editor
        return SettingRow(texts, name, editor, locked=locked)

    def _fixed(self, name: str) -> QWidget:
        return Label(self._say(name, self.session.desk.settings.get(name)), "strong")

    def _say(self, name: str, value: Value) -> str:
        texts = self.session.texts
        if isinstance(value, bool):
            return texts("settings.yes" if value else "settings.no")
        if value == 0 and name in NONE_AT_ZERO:
            return texts(f"settings.{name}.none")
        if isinstance(value, int):
            return texts(f"settings.{name}.value", n=value)
        return texts(f"settings.{name}.{value}")

    def _editor(self, setting: Setting) -> QWidget:
        name, value = setting.name, self.session.desk.settings.get(setting.name)
        if isinstance(value, bool):
            check = Check(self.session.texts("settings.on"), value)
            check.toggled.connect(lambda on: self._set(name, on))
            return check
        if setting.choices:
            choices = {key: self._say(name, key) for key in setting.choices}
            row = Segmented("", choices, str(value))
            row.changed.connect(lambda key: self._set(name, key))
            return row
        numbers = sorted({*STEPS[name], value}) if isinstance(value, int) else STEPS[name]
        choice = Choice("", {str(n): self._say(name, n) for n in numbers}, str(value))
        choice.changed.connect(lambda key: self._set(name, int(key)))
        return choice

    def _set(self, name: str, value: Value) -> None:
        self.session.set_setting(name, value)

    def activate(self) -> None:
        """Put the keyboard on the first editor."""
        self.editors["theme"].setFocus()
