"""One line for those who answer for a unit: what share of its documents was handled in time."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.documents.rules.timeliness import TIMELINESS, Timeliness, figure_id
from app.kernel.changes import Changes
from app.kernel.clock import local_date
from ui.bridge.session import Session
from ui.documents.words import day
from ui.kit.labels import ElidedLabel

_LEADS = frozenset({"leader", "office_head"})
_HEADS = "department_head"


class ShareLine(ElidedLabel):
    """Show the unit's figure of this year as the server computed it; hidden where there is none."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("", "secondary", parent)
        self._session = session
        self.hide()
        session.changed.connect(self._changed)
        session.actor_changed.connect(self.load)
        self.load()

    def load(self, *_: object) -> None:
        """Ask the desk for the figure."""
        actor, desk = self._session.actor, self._session.desk
        unit = actor.agency if actor.roles & _LEADS else actor.unit
        if not (actor.roles & _LEADS or _HEADS in actor.roles):
            self._show(None)
            return
        name = figure_id(unit, local_date(desk.clock.now()).year)
        self._session.work("query", lambda: desk.store.get(TIMELINESS, name), self._show)

    def _show(self, figure: Timeliness | None) -> None:
        shown = figure is not None and figure.denominator > 0
        self.setVisible(shown)
        if figure is None or not shown:
            return
        percent = f"{100 * figure.numerator / figure.denominator:.1f}"
        texts = self._session.texts
        self.set_text(
            texts(
                "pages.share",
                year=figure.year,
                numerator=figure.numerator,
                denominator=figure.denominator,
                percent=percent.replace(".", texts("pages.share.comma")),
                on=day(figure.on),
            )
        )
        self.setAccessibleDescription(texts("pages.share.of"))

    def _changed(self, changes: Changes) -> None:
        if changes.touches(TIMELINESS):
            self.load()
