"""Actions: what can be done, its key, and whether now; the F1 map and the palette read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from ui.kit.texts import tr

EVERYWHERE = ""


class Action(QObject):
    """One act with its text key, shortcut and what it runs.

    `scope` is "" for everywhere or the name of the page on which the key counts. `over` names
    the act that counts everywhere and yields its key on this page.
    """

    changed = Signal()

    def __init__(  # noqa: PLR0913 - the options are keywords that say themselves what they are
        self,
        name: str,
        text_key: str,
        run: Callable[[], object],
        shortcut: str = "",
        *,
        scope: str = EVERYWHERE,
        group_key: str = "kit.keys.general",
        icon: str = "",
        enabled: bool = True,
        over: str = "",
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.name = name
        self.over = over
        self.text_key = text_key
        self.shortcut = _portable(shortcut)
        self.scope = scope
        self.group_key = group_key
        self.icon = icon
        self._run = run
        self._enabled = enabled

    @property
    def text(self) -> str:
        """Return the text in the language in use."""
        return tr(self.text_key)

    @property
    def enabled(self) -> bool:
        """Tell whether the act is possible now."""
        return self._enabled

    def set_enabled(self, enabled: bool) -> None:
        """Allow or forbid the act."""
        if enabled != self._enabled:
            self._enabled = enabled
            self.changed.emit()

    def trigger(self) -> None:
        """Run the act if it is possible now."""
        if self._enabled:
            self._run()


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One line of the F1 map."""

    group: str
    text: str
    shortcut: str
    scope: str


class ShortcutConflict(Exception):
    """Say that two actions want the same key at the same place: a bug of the program."""


class Actions(QObject):
    """Keep the actions of a window; keys cannot clash."""

    changed = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._actions: dict[str, Action] = {}
        self._shortcuts: dict[str, QShortcut] = {}
        self._scope = EVERYWHERE

    def __iter__(self) -> Iterator[Action]:
        return iter(self._actions.values())

    def __getitem__(self, name: str) -> Action:
        return self._actions[name]

    def add(self, *actions: Action) -> None:
        """Add actions; raises `ShortcutConflict` when a key is taken at the same place."""
        for action in actions:
            self._refuse_conflict(action)
            self._actions[action.name] = action
            if action.shortcut:
                self._bind(action)
            action.changed.connect(self._refresh)
        self._refresh()

    def remove(self, *names: str) -> None:
        """Take actions away, with their keys."""
        for name in names:
            action = self._actions.pop(name)
            action.changed.disconnect(self._refresh)
            shortcut = self._shortcuts.pop(name, None)
            if shortcut is not None:
                shortcut.setEnabled(False)
                shortcut.deleteLater()
        self.changed.emit()

    def enter(self, scope: str) -> None:
        """Make the keys of one page count, and those of every other page not."""
        self._scope = scope
        self._refresh()

    @property
    def scope(self) -> str:
        """Return the page whose keys count."""
        return self._scope

    def available(self) -> list[Action]:
        """Return what can be done here and now, for the palette."""
        return [a for a in self if a.enabled and a.scope in (EVERYWHERE, self._scope)]

    def key_map(self) -> list[KeyRow]:
        """Return every key by group, for F1."""
        rows = [KeyRow(tr(a.group_key), a.text, native(a.shortcut), a.scope) for a in self]
        return sorted((r for r in rows if r.shortcut), key=lambda r: r.group)

    def _refuse_conflict(self, action: Action) -> None:
        if action.name in self._actions:
            raise ShortcutConflict(f"{action.name} is there already")
        for other in self._actions.values():
            meets = EVERYWHERE in (other.scope, action.scope) or other.scope == action.scope
            yields = other.name == action.over or action.name == other.over
            if action.shortcut and other.shortcut == action.shortcut and meets and not yields:
                raise ShortcutConflict(f"{action.shortcut}: {other.name} and {action.name}")

    def _bind(self, action: Action) -> None:
        shortcut = QShortcut(QKeySequence(action.shortcut), self._window)
        shortcut.setAutoRepeat(False)
        shortcut.activated.connect(action.trigger)
        self._shortcuts[action.name] = shortcut

    def _refresh(self) -> None:
        yielding = {a.over for a in self if a.over and a.scope == self._scope}
        for name, shortcut in self._shortcuts.items():
            action = self._actions[name]
            here = action.scope in (EVERYWHERE, self._scope)
            shortcut.setEnabled(action.enabled and here and name not in yielding)
        self.changed.emit()


def _portable(shortcut: str) -> str:
    return QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.PortableText)


def native(shortcut: str) -> str:
    """Return a key as people read it: Ctrl B, Alt 1, F8."""
    return shortcut.replace("+", " ").replace("Return", "Enter")
