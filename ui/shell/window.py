"""The main window of one session: navigation, pages, status bar, toasts, keys."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from app.kernel.command import Command
from app.kernel.errors import HoaBanError
from ui.bridge.page import Page, PageSpec
from ui.bridge.session import Session
from ui.kit.actions import Action, Actions
from ui.kit.labels import Line
from ui.kit.layout import Column, Row, put
from ui.kit.toast import ToastHost
from ui.shell.crash import report
from ui.shell.dialogs import CrashDialog, KeysDialog, PaletteDialog
from ui.shell.palette_source import PaletteSource
from ui.shell.person_menu import PersonMenu
from ui.shell.sidebar import SideBar
from ui.shell.statusbar import StatusBar
from ui.shell.watch import LineWatch


class DeskWindow(QWidget):
    """Everything that one person sees at one desk.

    `lock_asked` and `leave_asked` go to the application, which shows the login over or
    instead of the window.
    """

    lock_asked = Signal()
    leave_asked = Signal()

    def __init__(
        self, session: Session, specs: Sequence[PageSpec], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.session = session
        self._specs = specs
        self._pages: dict[str, Page] = {}
        self._page_actions: dict[str, tuple[str, ...]] = {}
        self._undo: tuple[Command, ...] = ()
        self.keys = Actions(self)
        self.side = SideBar(session.texts, self)
        self.stack = QStackedWidget()
        self.status = StatusBar(session.texts, session.desk.clock)
        self.toasts = ToastHost(self)
        self._palette = PaletteSource(session, self)
        self._watch = LineWatch(session, self.status.show_state, self)
        self._lay_out()
        self._connect()
        self.keys.add(*self._own_actions())
        self._show_actor()

    def _lay_out(self) -> None:
        body = Row(self.side, Line(vertical=True), self.stack, gap=0)
        body.setStretch(2, 1)
        whole = Column(body, Line(), self.status, gap=0)
        whole.setStretch(0, 1)
        put(self, whole)

    def _connect(self) -> None:
        session = self.session
        self.side.chosen.connect(self.go)
        self.side.palette_asked.connect(self.open_palette)
        self.side.person_asked.connect(self.open_person_menu)
        self.status.outbox_asked.connect(lambda: self.go("outbox"))
        session.refused.connect(self.tell_error)
        session.undoable.connect(self._offer_undo)
        session.bug.connect(self._crash)
        session.actor_changed.connect(lambda _: self._show_actor())

    def _own_actions(self) -> tuple[Action, ...]:
        return (
            Action("palette", "shell.palette", self.open_palette, "Ctrl+K"),
            Action("keys", "shell.keys", self.open_keys, "F1"),
            Action("sync", "shell.sync_now", self._sync_now, "F5"),
            Action("undo", "shell.undo", self._undo_last, "Ctrl+Z"),
            Action("next_pane", "shell.next_pane", self._next_pane, "F6"),
            Action("lock", "shell.lock", self.lock_asked.emit, "Ctrl+Shift+L"),
            Action("person", "shell.person_menu", self.open_person_menu, "Ctrl+Shift+U"),
        )

    # --- pages -------------------------------------------------------------------------

    def visible_specs(self) -> tuple[PageSpec, ...]:
        """Return the pages that suit the actor's roles."""
        return tuple(s for s in self._specs if s.suits(self.session.actor.roles))

    @property
    def current(self) -> str:
        """Return the name of the page that is shown."""
        shown = self.stack.currentWidget()
        return next((name for name, page in self._pages.items() if page is shown), "")

    def go(self, name: str, kind: str = "", entity: str = "") -> None:
        """Show a page, and an entity on it."""
        spec = next((s for s in self.visible_specs() if s.name == name), None)
        if spec is None:
            return
        page = self._page(spec)
        self.stack.setCurrentWidget(page)
        self.side.choose(name)
        self.keys.enter(name)
        page.activate()
        if entity:
            page.open_entity(kind, entity)

    def _page(self, spec: PageSpec) -> Page:
        page = self._pages.get(spec.name)
        if page is None:
            page = spec.make(self.session)
            self._pages[spec.name] = page
            self.stack.addWidget(page)
            page.navigate.connect(self.go)
            page.count_changed.connect(lambda n: self.side.set_count(spec.name, n))
            actions = tuple(page.actions())
            self.keys.add(*actions)
            self._page_actions[spec.name] = tuple(a.name for a in actions)
        return page

    def _drop_pages(self) -> None:
        for name, page in self._pages.items():
            self.keys.remove(*self._page_actions.pop(name, ()))
            self.stack.removeWidget(page)
            page.close_page()
            page.deleteLater()
        self._pages = {}

    def _show_actor(self) -> None:
        session = self.session
        self._drop_pages()
        specs = self.visible_specs()
        self.side.show_pages(specs, specs[0].name if specs else "")
        self.side.show_actor(session.actor, "")
        session.work(
            "query",
            lambda: session.desk.store.get("unit", session.actor.agency),
            lambda found: self.side.show_actor(session.actor, found.short if found else ""),
        )
        if specs:
            self.go(specs[0].name)

    # --- acts of the shell -------------------------------------------------------------

    def open_palette(self) -> None:
        """Open the palette."""
        PaletteDialog(self.session.texts, self._palette.find, self).open()

    def open_keys(self) -> None:
        """Show the map of keys."""
        KeysDialog(self.session.texts, self.keys.key_map(), self).open()

    def open_person_menu(self) -> None:
        """Offer the person's posts, locking and leaving."""
        PersonMenu(self.session, self).choose(self.side)

    def _sync_now(self) -> None:
        if self.session.desk.sync is not None:
            self.session.desk.sync.poke()
            self.toasts.show_toast(self.session.texts("shell.syncing"))

    def _next_pane(self) -> None:
        self.focusNextChild()

    def tell_error(self, error: HoaBanError) -> None:
        """Say what was refused and what to do."""
        self.toasts.show_toast(self.session.explain(error), tone="bad")

    def _offer_undo(self, text_key: str, inverse: tuple[Command, ...]) -> None:
        self._undo = inverse
        self.toasts.show_toast(self.session.texts(text_key), undo=self._undo_last)

    def _undo_last(self) -> None:
        inverse, self._undo = self._undo, ()
        if inverse:
            texts = self.session.texts
            self.session.act(*inverse, done=lambda _: self.toasts.show_toast(texts("shell.undone")))

    def _crash(self, error: BaseException) -> None:
        report(error, lambda places: CrashDialog(self.session.texts, places, self).open())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let the pages go before the window."""
        self._watch.close()
        self._drop_pages()
        super().closeEvent(event)
