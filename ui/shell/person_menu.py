"""The menu under the person's name: other posts, another person, lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QMenu, QWidget

from app.identity.model import Post
from app.kernel.actor import Actor
from ui.bridge.session import Session

if TYPE_CHECKING:
    from ui.shell.window import DeskWindow


class PersonMenu(QObject):
    """Offer what one may switch to."""

    def __init__(self, session: Session, window: DeskWindow) -> None:
        super().__init__(window)
        self._session = session
        self._window = window

    def choose(self, beside: QWidget) -> None:
        """Open the menu above the name."""
        session, desk = self._session, self._session.desk

        def ask() -> list[tuple[Post, str, Actor]]:
            found = []
            for post in desk.posts():
                unit = desk.store.get("unit", post.agency)
                found.append((post, unit.short if unit else "", desk.actor(post.id)))
            return found

        session.work("query", ask, lambda posts: self._show(posts, beside))

    def _show(self, posts: list[tuple[Post, str, Actor]], beside: QWidget) -> None:
        texts, session = self._session.texts, self._session
        menu = QMenu(self._window)
        menu.setAccessibleName(texts("shell.person_menu"))
        for post, agency, actor in posts:
            act = menu.addAction(f"{post.title} · {agency}")
            act.setCheckable(True)
            act.setChecked(post.id == session.actor.post)
            act.triggered.connect(lambda _=False, a=actor: session.take_post(a))
        menu.addSeparator()
        menu.addAction(texts("shell.switch_person")).triggered.connect(self._window.leave_asked)
        menu.addAction(texts("shell.lock")).triggered.connect(self._window.lock_asked)
        corner = beside.mapToGlobal(QPoint(0, beside.height()))
        menu.popup(corner - QPoint(0, menu.sizeHint().height()))
        menu.aboutToHide.connect(menu.deleteLater)
