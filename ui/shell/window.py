"""The main window of one session: navigation, pages, status bar, toasts, keys."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QDialog, QStackedWidget, QWidget

from app.kernel.command import Command
from app.kernel.errors import HoaBanError
from ui.bridge.session import Session
from ui.kit.actions import Action, Actions
from ui.kit.labels import Line
from ui.kit.layout import Column, Row, put
from ui.kit.page import Page, PageSpec
from ui.kit.theme import theme
from ui.kit.toast import ToastHost
from ui.shell.arrivals import watches
from ui.shell.crash import report
from ui.shell.dialogs import CrashDialog, KeysDialog
from ui.shell.expiry import Ending
from ui.shell.network import NetworkWatch, network_information
from ui.shell.palette_dialog import PaletteDialog
from ui.shell.palette_source import PaletteSource
from ui.shell.panes import step
from ui.shell.person_menu import PersonMenu
from ui.shell.sidebar import SideBar
from ui.shell.statusbar import StatusBar
from ui.shell.watch import LineWatch

# Below this many effective pixels the navigation shows icons alone
NARROW = 1100
# Pages that were not yet looked at are built one by one, so that a key never waits for them
_NEXT_PAGE_MS = 25
# The page that was asked for comes first
_FIRST_PAGE_MS = 800
_WARNING_SECONDS = 20.0


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
        # What the window and its pages ask is theirs: neither may be answered once it is gone
        self._own = session.branch()
        self._paged = session.branch()
        self._specs = specs
        self._pages: dict[str, Page] = {}
        self._page_actions: dict[str, tuple[str, ...]] = {}
        self._undo: tuple[Command, ...] = ()
        self._covered: list[QDialog] = []
        self.keys = Actions(self)
        self.side = SideBar(session.texts, self)
        self.stack = QStackedWidget()
        self.status = StatusBar(session.texts, session.desk.clock)
        self.toasts = ToastHost(self)
        self._palette = PaletteSource(
            self._own, self.keys.available, self.visible_specs, self.go, self
        )
        self._menu = PersonMenu(self._own, self.leave_asked.emit, self.lock_asked.emit, self)
        self._watch = LineWatch(
            self._own,
            self.status.show_state,
            self._warn_of,
            session.line_back.emit,
            self.leave_asked.emit,
            self,
        )
        self._watches = watches(self._own, self)
        self._network = NetworkWatch(self._own.desk, network_information(), self)
        self._builder = QTimer(self)
        self._builder.timeout.connect(self._build_next)
        self._lay_out()
        self._connect()
        self.keys.add(*self._own_actions())
        self._show_actor()

    def _lay_out(self) -> None:
        body = Row(self.side, Line(vertical=True), self.stack, gap=0)
        body.setStretch(2, 1)
        whole = Column(body, self.status, gap=0)
        whole.setStretch(0, 1)
        put(self, whole)

    def _connect(self) -> None:
        session = self.session
        self.side.chosen.connect(self.go)
        self.side.palette_asked.connect(self.open_palette)
        self.side.person_asked.connect(self.open_person_menu)
        self.status.outbox_asked.connect(self._go_to_outbox)
        session.refused.connect(self.tell_error)
        session.undoable.connect(self._offer_undo)
        session.said.connect(lambda key: self.toasts.show_toast(session.texts(key)))
        session.bug.connect(self._crash)
        session.actor_changed.connect(self._show_actor)
        theme().changed.connect(self._fit)

    def _own_actions(self) -> tuple[Action, ...]:
        return (
            Action("palette", "shell.palette", self.open_palette, "Ctrl+K", icon="search"),
            Action("keys", "shell.keys", self.open_keys, "F1", icon="keyboard"),
            Action("sync", "shell.sync_now", self._sync_now, "F5", icon="sync"),
            Action("undo", "shell.undo", self._undo_last, "Ctrl+Z", icon="undo"),
            Action("next_pane", "shell.next_pane", lambda: self._step(1), "F6"),
            Action("previous_pane", "shell.previous_pane", lambda: self._step(-1), "Shift+F6"),
            Action("lock", "shell.lock", self.lock_asked.emit, "Ctrl+Shift+L", icon="lock"),
            Action("person", "shell.person_menu", self.open_person_menu, "Ctrl+Shift+U",
                   icon="user"),
        )  # fmt: skip

    # --- pages -------------------------------------------------------------------------

    def visible_specs(self) -> tuple[PageSpec, ...]:
        """Return the pages that suit the actor's roles."""
        return tuple(s for s in self._specs if s.suits(self.session.actor.roles))

    @property
    def current(self) -> str:
        """Return the name of the page that is shown."""
        shown = self.stack.currentWidget()
        return next((name for name, page in self._pages.items() if page is shown), "")

    def page(self, name: str) -> Page | None:
        """Return a page that has been built, or None."""
        return self._pages.get(name)

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
        page = self._built(spec)
        if self.stack.indexOf(page) < 0:
            self.stack.addWidget(page)
        return page

    def _built(self, spec: PageSpec) -> Page:
        """Return a page that need not be in the window yet."""
        page = self._pages.get(spec.name)
        if page is None:
            page = spec.make(self._paged)
            self._pages[spec.name] = page
            page.navigate.connect(self.go)
            page.count_changed.connect(lambda n: self.side.set_count(spec.name, n))
            actions = tuple(page.acts())
            self.keys.add(*actions)
            self._page_actions[spec.name] = tuple(a.name for a in actions)
        return page

    def _build_next(self) -> None:
        """Build a page, or put one into the window that was built: one step at a time."""
        self._builder.setInterval(_NEXT_PAGE_MS)
        for spec in self.visible_specs():
            page = self._pages.get(spec.name)
            if page is None:
                self._built(spec)
                return
            if self.stack.indexOf(page) < 0:
                self.stack.addWidget(page)
                return
        self._builder.stop()

    def _drop_pages(self) -> None:
        self._builder.stop()
        for name, page in self._pages.items():
            self.keys.remove(*self._page_actions.pop(name, ()))
            self.stack.removeWidget(page)
            page.close_page()
            page.deleteLater()
        self._pages = {}
        self._paged.close()

    def _show_actor(self) -> None:
        session = self.session
        actor, side = session.actor, self.side
        self._drop_pages()
        self._paged = session.branch()
        specs = self.visible_specs()
        side.show_pages(specs, specs[0].name if specs else "")
        side.show_actor(actor, "")
        self._own.work(
            "query",
            lambda: session.desk.store.get("unit", actor.agency),
            lambda unit: side.show_actor(actor, unit.short or unit.name if unit else ""),
        )
        if specs:
            self.go(specs[0].name)
        self._builder.start(_FIRST_PAGE_MS)

    # --- acts of the shell -------------------------------------------------------------

    def open_palette(self) -> None:
        """Open the palette."""
        dialog = PaletteDialog(self.session.texts, self._palette.find, self)
        dialog.finished.connect(self._palette.forget)
        dialog.open()

    def open_keys(self) -> None:
        """Show the map of keys of every page."""
        for spec in self.visible_specs():
            self._page(spec)
        KeysDialog(self.session.texts, self.keys.key_map(), self).open()

    def open_person_menu(self) -> None:
        """Offer the person's posts, locking and leaving."""
        self._menu.choose(self.side)

    def _go_to_outbox(self) -> None:
        self.go("completion" if self.status.state.alarms else "outbox")

    def _sync_now(self) -> None:
        if self.session.desk.sync is not None:
            self.session.desk.sync.poke()
            self.toasts.show_toast(self.session.texts("shell.syncing"))

    def _step(self, way: int) -> None:
        page = self.stack.currentWidget()
        inner = page.panes() if isinstance(page, Page) else ()
        step((self.side, *inner, self.status), way > 0)

    def tell_error(self, error: HoaBanError) -> None:
        """Say what was refused and what to do."""
        self.toasts.show_toast(self.session.explain(error), tone="bad")

    def _warn_of(self, ending: Ending) -> None:
        said = ending.said(self.session.texts)
        self.toasts.show_toast(said, tone=ending.tone, seconds=_WARNING_SECONDS)

    def _offer_undo(self, text_key: str, inverse: tuple[Command, ...]) -> None:
        self._undo = inverse
        self.toasts.show_toast(self.session.texts(text_key), undo=self._undo_last)

    def _undo_last(self) -> None:
        inverse, self._undo = self._undo, ()
        if inverse:
            self.session.act(*inverse, done=self._say_undone)

    def _say_undone(self, _: object) -> None:
        self.toasts.show_toast(self.session.texts("shell.undone"))

    def _crash(self, error: BaseException) -> None:
        report(error, lambda places: CrashDialog(self.session.texts, places, self).open())

    # --- the lock ----------------------------------------------------------------------

    def cover(self) -> None:
        """Put open dialogs out of sight, with what is typed in them: the lock comes over."""
        dialogs = [d for d in self.findChildren(QDialog) if d.isVisible()]
        self._covered = [d for d in dialogs if not isinstance(d, PaletteDialog)]
        for dialog in dialogs:
            if dialog in self._covered:
                dialog.hide()
            else:
                dialog.reject()
        if self._menu.menu is not None:
            self._menu.menu.close()

    def uncover(self) -> None:
        """Bring back what was there, and the keyboard to where it was."""
        covered, self._covered = self._covered, []
        for dialog in covered:
            dialog.show()
        held = self.focusWidget()
        if held is not None and not covered:
            held.setFocus()

    # --- shape -------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold the navigation where there is little room."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.side.set_narrow(self.width() * 100 < NARROW * theme().scale)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let the pages go before the window."""
        self._watch.close()
        for watch in self._watches:
            watch.close()
        self._palette.forget()
        self._drop_pages()
        self._own.close()
        super().closeEvent(event)
