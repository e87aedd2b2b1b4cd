"""What stands beside the page: the timeline, other files, related documents, or a panel."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from app.files.model import FileRef
from app.kernel.texts import Texts
from ui.documents.model_reader import Loaded, Related
from ui.documents.words import Step, file_size
from ui.kit.buttons import Button
from ui.kit.labels import ElidedLabel, Label, Pane
from ui.kit.layout import Column, Row, put
from ui.kit.timeline import Timeline, TimelineItem

SHOWN_LINKS = 6


class SidePanel(QStackedWidget):
    """Show the timeline, or one panel in its place."""

    related_asked = Signal(str, str)
    file_asked = Signal(object)

    def __init__(self, texts: Texts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._texts = texts
        self._steps: tuple[Step, ...] = ()
        self._panel: QWidget | None = None
        self.timeline = Timeline(texts("pages.timeline"))
        self._readers = Label("", "faint", wrap=True)
        self._links = Column(gap=4)
        ground = Pane("panel")
        whole = Column(
            Label(texts("pages.timeline"), "section"),
            self.timeline,
            self._readers,
            self._links,
            gap=8,
            margins=(14, 12, 10, 10),
        )
        whole.setStretch(1, 1)
        self.addWidget(put(ground, whole))

    @property
    def panel(self) -> QWidget | None:
        """Return the panel that stands over the timeline, or None."""
        return self._panel

    def show_loaded(self, loaded: Loaded, steps: Sequence[Step]) -> None:
        """Show a document's steps, its further files and what belongs to it."""
        if tuple(steps) != self._steps:
            self._steps = tuple(steps)
            self.timeline.set_items([_item(step) for step in steps])
        names = ", ".join(r.name for r in loaded.detail.readings)
        self._readers.setText(self._texts("pages.read_by", names=names) if names else "")
        self._readers.setVisible(bool(names))
        self._fill_links(loaded)

    def open_panel(self, panel: QWidget) -> None:
        """Show a panel in place of the timeline."""
        self.close_panel()
        self._panel = panel
        self.addWidget(panel)
        self.setCurrentWidget(panel)

    def close_panel(self) -> None:
        """Show the timeline again."""
        panel, self._panel = self._panel, None
        if panel is not None:
            self.removeWidget(panel)
            panel.hide()
            panel.deleteLater()

    def _fill_links(self, loaded: Loaded) -> None:
        while (item := self._links.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        document = loaded.detail.document
        main = document.main_file
        files = [f for f in document.files if main is None or f.sha256 != main.sha256]
        if files and main is not None:
            files.insert(0, main)
        if files:
            self._links.addWidget(Label(self._texts("pages.files"), "section"))
        for file in files[:SHOWN_LINKS]:
            self._links.addWidget(self._file_link(file))
        if loaded.related:
            self._links.addWidget(Label(self._texts("pages.related"), "section"))
        for related in loaded.related[:SHOWN_LINKS]:
            self._links.addWidget(self._related_link(related))

    def _file_link(self, file: FileRef) -> QWidget:
        name = file.name or self._texts(f"pages.file_role.{file.role}")
        return _link(name, file_size(file.size), lambda: self.file_asked.emit(file), self._texts)

    def _related_link(self, related: Related) -> QWidget:
        def ask() -> None:
            self.related_asked.emit(related.direction, related.id)

        return _link(related.symbol, related.subject, ask, self._texts)


def _link(name: str, detail: str, run: object, texts: Texts) -> QWidget:
    button = Button(name or texts("pages.open"), "link")
    button.setAccessibleName(f"{name} {detail}".strip())
    button.clicked.connect(run)
    row = Row(button, ElidedLabel(detail, "faint"), gap=6)
    row.setStretch(1, 1)
    return put(QWidget(), row)


def _item(step: Step) -> TimelineItem:
    return TimelineItem(
        step.who, step.what, step.when, done=step.done, note=step.note, pending=step.pending
    )
