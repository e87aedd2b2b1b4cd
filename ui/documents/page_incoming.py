"""Văn bản đến: list, reader, and the acts of everybody's role."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

from app.desk import Desk
from app.documents import details, doubts
from app.documents.model import KIND, Direction, Role
from app.documents.rows import Chip, Detail
from app.identity.queries import PostRow
from ui.bridge.session import Session
from ui.documents.dialog_edit import EditDialog
from ui.documents.dialog_leader import LeaderDialog
from ui.documents.dialog_proposals import ProposalsDialog
from ui.documents.dialog_same import SameDialog, Side, sides
from ui.documents.dialog_text import TextDialog
from ui.documents.model_acts import QUESTIONS, ActModel
from ui.documents.model_instruct import InstructModel
from ui.documents.model_list import Counts, ListModel
from ui.documents.panel_acts import ActSpec
from ui.documents.panel_instruct import InstructPanel
from ui.documents.panel_list import IncomingList
from ui.documents.panel_reader import Reader
from ui.kit.actions import Action
from ui.kit.dialog import Dialog
from ui.kit.layout import Row, put
from ui.kit.page import Page
from ui.kit.theme import theme

SCOPE = "incoming"
GROUP = "pages.keys"
NARROW = 1100
LIST = 370
ACTS = {
    "register": ActSpec("pages.act.register", "Ctrl+Return"),
    "refuse": ActSpec("pages.act.refuse", "Ctrl+R"),
    "present": ActSpec("pages.act.present", "Ctrl+Return"),
    "instruct": ActSpec("pages.act.instruct", "Ctrl+B"),
    "assign": ActSpec("pages.act.assign", "Ctrl+B"),
    "paper": ActSpec("pages.act.paper"),
    "reply": ActSpec("pages.act.reply", "Ctrl+Shift+N"),
    "report": ActSpec("pages.act.report"),
    "progress": ActSpec("pages.act.progress"),
    "finish": ActSpec("pages.act.finish", "Ctrl+D"),
    "return": ActSpec("pages.act.return", "Ctrl+R"),
    "hand_on": ActSpec("pages.act.hand_on"),
    "as_info": ActSpec("pages.act.as_info", "Alt+3"),
    "reopen": ActSpec("pages.act.reopen"),
    "note": ActSpec("pages.act.note", "Ctrl+Shift+O"),
    "edit": ActSpec("pages.act.edit", "F2"),
    "arrive": ActSpec("marking.act.incoming", "Ctrl+Shift+D"),
    "copy": ActSpec("marking.act.copy", "Ctrl+Shift+S"),
}
_SIGNING = {"arrive": "incoming", "copy": "copy"}
_GIVING = ("instruct", "assign", "hand_on", "paper")


class IncomingPage(Page):
    """The page of incoming documents in three panes; two that take turns where it is narrow."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.model = ListModel(session, self)
        self.doer = ActModel(session, self)
        self.list = IncomingList(session, self.model)
        self.reader = Reader(session, ACTS)
        self._narrow = False
        self._wanted = ""
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self.list)
        self._split.addWidget(self.reader)
        self._split.setStretchFactor(1, 1)
        put(self, Row(self._split, gap=0))
        # Arrow keys pass rows by; only the one they stop at is read from the disk
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(60)
        self._soon.timeout.connect(lambda: self.reader.show_document(self._wanted))
        self._connect()
        self._fit()

    def _connect(self) -> None:
        self.list.chosen.connect(self._choose)
        self.list.opened.connect(self._open_line)
        self.list.dense_changed.connect(lambda _: self._take_turns())
        self.reader.acted.connect(self.do)
        self.reader.back_asked.connect(self.go_back)
        self.reader.related_asked.connect(self._go_related)
        self.reader.doubts.proposals_asked.connect(self.show_proposals)
        self.reader.doubts.twins_asked.connect(self.show_twins)
        self.doer.done.connect(self._after)
        self.model.counted.connect(self._counted)
        theme().changed.connect(self._fit)

    # --- what the shell calls ----------------------------------------------------------

    def activate(self) -> None:
        """Load what is stale and take the focus."""
        if not self.model.rows.total:
            self.model.load()
        self.list.current.setFocus()

    def open_entity(self, kind: str, entity: str) -> None:
        """Show one document, in the list or not."""
        self._wanted = entity
        if not self.list.current.select_key(entity):
            self.reader.show_document(entity)
        self._show_reader()

    def close_page(self) -> None:
        """Let the drawing thread of the page end."""
        self._soon.stop()
        self.reader.shutdown()

    def acts(self) -> Sequence[Action]:
        """Return the keys of the page and every act, for the palette and the F1 map."""
        made = [
            self._action("search", "pages.filter.name", self.list.search.setFocus, "Ctrl+F"),
            self._action("new", "pages.register.new", self._new, "Ctrl+N"),
            self._action("full", "pages.full_screen", self.reader.toggle_full_screen, "F8"),
            self._action("side", "pages.side", self.reader.toggle_side, "F9"),
            self._action("table", "pages.table", self.list.toggle_dense, "Ctrl+Shift+T"),
            self._action("views", "pages.views", self.list.open_views, "Ctrl+Shift+V"),
            self._action("verify", "pages.verify", self.reader.show_verification, "Ctrl+I"),
            self._action("doubts", "pages.doubts", self.decide, "F4"),
            self._action("pin", "pages.act.pin", self._pin, "Ctrl+Shift+K"),
            self._action("back", "pages.back", self.go_back, "Esc"),
            self._action("lead", "pages.key.lead", partial(self._role, Role.LEAD), "Alt+1"),
            self._action("co", "pages.key.co", partial(self._role, Role.CO), "Alt+2"),
            self._action("info", "pages.key.info", partial(self._role, Role.INFO), "Alt+3"),
            self._action("due", "pages.key.due", self._due, "Alt+H"),
            self._action("primary", "pages.key.primary", self._primary, "Ctrl+Return"),
            self._action("give", "pages.key.give", partial(self._first, _GIVING), "Ctrl+B"),
            self._action("return", "pages.act.return", partial(self._first, ("return", "refuse")),
                         "Ctrl+R"),
        ]  # fmt: skip
        taken = {a.shortcut for a in made}
        for name, spec in ACTS.items():
            key = "" if spec.shortcut in taken else spec.shortcut
            made.append(self._action(f"act.{name}", spec.text_key, partial(self.do, name), key))
        return [a for a in made if a.name not in (f"{SCOPE}.act.return", f"{SCOPE}.act.refuse")]

    def _action(
        self, name: str, text_key: str, run: Callable[[], object], shortcut: str = ""
    ) -> Action:
        return Action(
            f"{SCOPE}.{name}", text_key, run, shortcut, scope=SCOPE, group_key=GROUP, parent=self
        )

    # --- acts --------------------------------------------------------------------------

    def do(self, name: str) -> None:
        """Begin an act on the document shown, if it is offered."""
        detail = self.reader.model.detail
        offered = {offer.name: offer for offer in self.reader.model.offers}
        if detail is None or name not in offered:
            return
        if name in _GIVING:
            self._give(name, detail, offered[name].item)
        elif name in _SIGNING:
            self.navigate.emit("marking", _SIGNING[name], detail.document.id)
        elif name == "register":
            self.navigate.emit("register", "document", detail.document.id)
        elif name == "reply":
            self.navigate.emit("drafts", "reply", detail.document.id)
        elif name == "edit":
            self._open(EditDialog(self.session, detail.document, self))
        elif name == "present":
            self.doer.leaders(lambda found: self._ask_leader(detail, found))
        elif name == "finish" and len(self.list.selected_ids()) > 1:
            self._finish_selected()
        elif self.doer.at_once(name):
            self.doer.run(name, detail)
        else:
            question = QUESTIONS[name]
            self.doer.phrases(question.phrases, lambda found: self._ask(name, detail, found))

    def _ask(self, name: str, detail: Detail, phrases: list[str]) -> None:
        question = QUESTIONS[name]
        offered = phrases if question.phrases else []
        dialog = TextDialog(self.session.texts, name, offered, question.least, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.submitted.connect(lambda text: self.doer.run(name, detail, text))
        dialog.open()

    def _open(self, dialog: Dialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def decide(self) -> None:
        """Open what waits for a decision on the document shown: proposals first."""
        document = self.reader.model.document
        proposals, twins = doubts.counts(document) if document is not None else (0, 0)
        if proposals:
            self.show_proposals()
        elif twins:
            self.show_twins()

    def show_proposals(self) -> None:
        """Show the proposals of the document beside what stands."""
        document = self.reader.model.document
        if document is not None:
            self._open(ProposalsDialog(self.session, document.id, self))

    def show_twins(self) -> None:
        """Show the document beside the one that may be the same."""
        document, desk = self.reader.model.document, self.session.desk
        if document is None:
            return
        name = document.id

        def show(pair: tuple[Side, Side] | None) -> None:
            if pair is not None:
                self._open(SameDialog(self.session, pair, self))

        self.session.work("query", lambda: sides(desk, name), show)

    def _ask_leader(self, detail: Detail, leaders: list[PostRow]) -> None:
        dialog = LeaderDialog(self.session.texts, leaders, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        document = detail.document.id
        dialog.chosen.connect(
            lambda person, name, text: self.doer.present(document, person, name, text)
        )
        dialog.open()

    def _give(self, name: str, detail: Detail, item: str) -> None:
        model = InstructModel(self.session, detail, name, item)
        panel = InstructPanel(self.session.texts, model)
        panel.closed.connect(self.reader.close_panel)
        model.sent.connect(lambda: self._given(name))
        self.reader.open_panel(panel)
        panel.start()

    def _given(self, name: str) -> None:
        self.reader.close_panel()
        self._after(name)

    def _finish_selected(self) -> None:
        for document in self.list.selected_ids():
            self.session.query(details.detail, document, done=self._finish_one)

    def _finish_one(self, detail: Detail) -> None:
        if detail.my_item:
            self.doer.run("finish", detail)

    def _after(self, name: str) -> None:
        """Go on to the next row once something was done with this one."""
        if name not in ("note", "progress"):
            self.list.current.select_next()

    def _primary(self) -> None:
        panel = self.reader.side.panel
        if isinstance(panel, InstructPanel):
            panel.submit()
        elif self.reader.bar.names:
            self.do(self.reader.bar.names[0])

    def _first(self, names: tuple[str, ...]) -> None:
        offered = [offer.name for offer in self.reader.model.offers]
        wanted = next((name for name in names if name in offered), None)
        if wanted is not None:
            self.do(wanted)

    def _role(self, role: Role) -> None:
        panel = self.reader.side.panel
        if isinstance(panel, InstructPanel):
            panel.give_role(role)
        elif role is Role.INFO:
            self._first(("as_info",))
        else:
            self._first(_GIVING)

    def _due(self) -> None:
        panel = self.reader.side.panel
        if isinstance(panel, InstructPanel):
            panel.open_due_menu()

    def _pin(self) -> None:
        """Keep the files of the document shown on this machine, or no longer."""
        document, session = self.reader.model.document, self.session
        if document is None:
            return

        def told(keep: bool) -> None:
            session.said.emit("pages.pinned" if keep else "pages.unpinned")

        session.work("store", partial(toggle_pin, session.desk, document.id), told)

    def _new(self) -> None:
        self.navigate.emit("register", "new", "new")

    # --- panes -------------------------------------------------------------------------

    def go_back(self) -> None:
        """Close a panel, else go from the reader to the list."""
        if self.reader.side.panel is not None:
            self.reader.close_panel()
        elif self._narrow or self.model.dense:
            self.reader.hide()
            self.list.show()
        self.list.current.setFocus()

    def _take_turns(self) -> None:
        self._fit()
        if self._narrow or self.model.dense:
            self.reader.hide()
            self.list.show()

    def _choose(self, document: str) -> None:
        self._wanted = document
        if not document:
            self._soon.stop()
            self.reader.show_document("")
        else:
            self._soon.start()

    def _open_line(self, document: str) -> None:
        self._wanted = document
        self._soon.stop()
        self.reader.show_document(document)
        self._show_reader()
        self.reader.pdf.setFocus()

    def _show_reader(self) -> None:
        self.reader.show()
        if self._narrow or self.model.dense:
            self.list.hide()

    def _go_related(self, direction: str, document: str) -> None:
        if direction == Direction.INCOMING.value:
            self.open_entity("document", document)
        else:
            self.navigate.emit("outgoing", "document", document)

    def _counted(self, counts: Counts) -> None:
        self.count_changed.emit(counts.chips.get(Chip.UNREAD, 0))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Let list and reader take turns where both have no room, or the table needs it all."""
        look = theme()
        narrow = self.window().width() < look.px(NARROW)
        alone = narrow or self.model.dense
        was_alone = self.list.isHidden() or self.reader.isHidden()
        self._narrow = narrow
        self.reader.head.back.setVisible(alone)
        if alone and not was_alone:
            self.reader.hide()
        elif not alone:
            self.list.show()
            self.reader.show()
        self.list.setMinimumWidth(look.px(LIST - 50))
        self.list.setMaximumWidth(16777215 if alone else look.px(LIST + 130))
        if (not alone and was_alone) or not self._split.sizes()[0]:
            self._split.setSizes([look.px(LIST), max(1, self.width() - look.px(LIST))])


def toggle_pin(desk: Desk, document: str) -> bool:
    """Keep a document's files offline, or let them go; answer which."""
    keep = not desk.is_kept_offline(KIND, document)
    desk.keep_offline(KIND, document, keep=keep)
    return keep
