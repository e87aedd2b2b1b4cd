"""What every page holds: the opened desk, asked and told without the GUI thread waiting.

A page asks with `query`, acts with `act`, and hears of every change by `changed`. Answers and
failures come back on the GUI thread. Pages never touch the store, the bus or the token itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal, SignalInstance

from app.desk import Desk
from app.identity.actions import Action
from app.kernel.actor import Actor
from app.kernel.changes import Changes
from app.kernel.command import Command
from app.kernel.errors import Cancelled, HoaBanError
from app.kernel.ports import Runner
from app.kernel.texts import Texts
from app.settings import Scope, Value
from ui.bridge.changes import ChangesSignal
from ui.bridge.prompts import QtPrompts
from ui.bridge.runner import Lifetime

T = TypeVar("T")
Done = Callable[[Any], None]
Failed = Callable[[HoaBanError], None]
_MINE = "settings.person"


class Session(QObject):
    """An opened desk of one person at one of his posts.

    `changed(Changes)` re-emits the bus; `actor_changed(Actor)` follows the post switcher;
    `refused(HoaBanError)` carries typed errors that no caller took; `undoable(str, tuple)` the
    text key of an act and the commands that undo it; `said(str)` that of one without undo; `bug(BaseException)` what no rule
    foresaw, for the crash dialog; `settings_changed(str)` names a setting just changed;
    `line_back` tells that there is a line again.
    """

    changed = Signal(object)
    actor_changed = Signal(object)
    refused = Signal(object)
    undoable = Signal(str, object)
    said = Signal(str)
    bug = Signal(object)
    settings_changed = Signal(str)
    line_back = Signal()

    def __init__(
        self,
        desk: Desk,
        runner: Runner,
        texts: Texts,
        actor: Actor,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.desk = desk
        self.texts = texts
        self.runner = runner
        self.prompts = QtPrompts(self)
        self._actor = actor
        self._changes = ChangesSignal(desk.changes, self)
        self._changes.changed.connect(self.changed)

    def branch(self) -> Branch:
        """Return a session for pages or a window that end before this one."""
        return Branch(self)

    @property
    def actor(self) -> Actor:
        """Return who acts, at which post."""
        return self._actor

    def take_post(self, actor: Actor) -> None:
        """Act at another post of the same person from now on."""
        self._actor = actor
        self.note(Action.SWITCH, "post")
        self.actor_changed.emit(actor)

    def note(self, action: Action, detail: str = "") -> None:
        """Write into the audit log, off the GUI thread, what the person did at the window."""
        desk, post = self.desk, self._actor.post
        self.work("store", lambda: desk.note(action, (), detail, post), lambda _: None)

    def query(
        self,
        ask: Callable[..., T],
        *args: Any,
        done: Callable[[T], None],
        failed: Failed | None = None,
    ) -> None:
        """Run `ask(connection, actor, *args)` on the query lane."""
        desk, actor = self.desk, self.actor
        self.work("query", lambda: desk.query(ask, actor, *args), done, failed)

    def act(
        self,
        *commands: Command,
        done: Callable[[Changes], None] | None = None,
        failed: Failed | None = None,
        undo_text: str = "",
    ) -> None:
        """Run commands in one transaction on the store lane; offer undo where there is one."""
        desk, actor = self.desk, self.actor

        def finish(outcome: tuple[Changes, tuple[Command, ...]]) -> None:
            changes, inverse = outcome
            if undo_text and inverse:
                self.undoable.emit(undo_text, inverse)
            if done is not None:
                done(changes)

        self.work("store", lambda: desk.run_undoable(actor, *commands), finish, failed)

    def work(
        self,
        lane: str,
        job: Callable[[], T],
        done: Callable[[T], None],
        failed: Failed | None = None,
    ) -> None:
        """Run any job on a lane; typed errors go to `failed`, else to `refused`."""

        def sort_out(error: BaseException) -> None:
            if failed is not None and isinstance(error, HoaBanError):
                failed(error)
            else:
                self.tell(error)

        self.runner.submit(lane, job, done, sort_out)

    def tell(self, error: BaseException) -> None:
        """Tell the person of an error that nobody took; what he cancelled himself is none."""
        if not isinstance(error, HoaBanError):
            self.bug.emit(error)
        elif not isinstance(error, Cancelled):
            self.refused.emit(error)

    def set_setting(self, name: str, value: Value) -> None:
        """Change a setting of the person at once and keep it; what the province decides stays."""
        desk = self.desk
        try:
            desk.settings.set(name, value)
        except HoaBanError as error:
            self.refused.emit(error)
            return
        kept = json.dumps(desk.settings.to_map(Scope.PERSON))
        self.work("store", lambda: desk.store.set_meta(_MINE, kept), lambda _: None)
        self.settings_changed.emit(name)

    def say(self, text_key: str) -> None:
        """Tell the person in one line that something was done."""
        self.said.emit(text_key)

    def speak(self, texts: Texts) -> None:
        """Use these texts from now on; the window is built anew with them."""
        self.texts = texts

    def explain(self, error: HoaBanError) -> str:
        """Return the text of an error: what happened and what to do."""
        return self.texts.error(error)

    def close(self) -> None:
        """Stop listening and cancel open questions."""
        self._changes.close()
        self.prompts.close()


class Branch(Session):
    """A session within another one; closed, it calls nobody back and hears of nothing more.

    Pages go when the post or the language changes, with questions still on their way; an
    answer must not reach a page that is gone. A refusal still reaches the person.
    """

    def __init__(self, root: Session) -> None:
        QObject.__init__(self)
        self._root = root
        self.desk = root.desk
        self.texts = root.texts
        self.prompts = root.prompts
        self._lifetime = Lifetime(root.runner, root.tell)
        self.runner = self._lifetime
        root.changed.connect(self.changed)
        root.actor_changed.connect(self.actor_changed)
        root.line_back.connect(self.line_back)
        for mine, theirs in self._upwards():
            mine.connect(theirs)

    def _upwards(self) -> tuple[tuple[SignalInstance, SignalInstance], ...]:
        root = self._root
        return (
            (self.refused, root.refused),
            (self.undoable, root.undoable),
            (self.said, root.said),
            (self.bug, root.bug),
            (self.settings_changed, root.settings_changed),
        )

    @property
    def actor(self) -> Actor:
        """Return who acts, at which post."""
        return self._root.actor

    def take_post(self, actor: Actor) -> None:
        """Act at another post of the same person from now on."""
        self._root.take_post(actor)

    def close(self) -> None:
        """Call nobody back from now on; the root stays open. Safe to call twice."""
        if not self._lifetime.closed:
            self._lifetime.close()
            self._root.changed.disconnect(self.changed)
            self._root.actor_changed.disconnect(self.actor_changed)
            self._root.line_back.disconnect(self.line_back)
