"""The menu under the person's name: other posts, another person, lock."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QMenu, QWidget

from app.identity.model import Post
from app.kernel.actor import Actor
from ui.bridge.session import Session
from ui.shell.sign_in import SignInDialog


class PersonMenu(QObject):
    """Offer what one may switch to; `leave` and `lock` are what the window does then."""

    def __init__(
        self,
        session: Session,
        leave: Callable[[], object],
        lock: Callable[[], object],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._leave = leave
        self._lock = lock
        self._over = parent
        self.menu: QMenu | None = None

    def choose(self, beside: QWidget) -> None:
        """Open the menu above the name."""
        session, desk = self._session, self._session.desk

        def ask() -> list[tuple[Post, str, Actor]]:
            found = []
            for post in desk.posts():
                unit = desk.store.get("unit", post.agency)
                found.append((post, unit.short or unit.name if unit else "", desk.actor(post.id)))
            return found

        session.work("query", ask, lambda posts: self._show(posts, beside))

    def _show(self, posts: list[tuple[Post, str, Actor]], beside: QWidget) -> None:
        texts, session = self._session.texts, self._session
        menu = QMenu(self._over)
        menu.setAccessibleName(texts("shell.person_menu"))
        for post, agency, actor in posts:
            act = menu.addAction(f"{post.title} · {agency}")
            act.setCheckable(True)
            act.setChecked(post.id == session.actor.post)
            act.triggered.connect(lambda _=False, a=actor: session.take_post(a))
        menu.addSeparator()
        if session.desk.sign_in is not None:
            menu.addAction(texts("shell.second.menu")).triggered.connect(self.sign_in)
        menu.addAction(texts("shell.switch_person")).triggered.connect(self._leave_now)
        menu.addAction(texts("shell.lock")).triggered.connect(self._lock_now)
        menu.aboutToHide.connect(self._gone)
        self.menu = menu
        corner = beside.mapToGlobal(QPoint(0, beside.height()))
        menu.popup(corner - QPoint(0, menu.sizeHint().height()))

    def sign_in(self) -> None:
        """Ask for what the server wants to know."""
        known = self._session.desk.sign_in
        if known is not None:
            SignInDialog(self._session, known, self._over).open()

    def _leave_now(self) -> None:
        self._leave()

    def _lock_now(self) -> None:
        self._lock()

    def _gone(self) -> None:
        menu, self.menu = self.menu, None
        if menu is not None:
            menu.deleteLater()
