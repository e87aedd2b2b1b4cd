"""What is being typed, written down within two seconds, so that nothing typed is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from app.desk import Desk
from app.store import meta
from ui.bridge.session import Session
from ui.outgoing import model_draft
from ui.outgoing.model_draft import DraftValues

DELAY_MS = 1000
_INDEX = "outgoing.drafts"
_ENTRY = "outgoing.draft:"


class Journal(QObject):
    """Keep values by draft in the profile's database, which is encrypted.

    `written(str)` when a draft's values are on the disk.
    """

    written = Signal(str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._dirty: dict[str, DraftValues] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self.flush)

    def remember(self, draft: str, values: DraftValues) -> None:
        """Write values down soon: at the latest one second after the first change."""
        self._dirty[draft] = values
        if not self._timer.isActive():
            self._timer.start()

    def flush(self) -> None:
        """Write down what is not yet."""
        self._timer.stop()
        dirty, self._dirty = self._dirty, {}
        for draft, values in dirty.items():
            job = partial(write, self._session.desk, draft, model_draft.to_json(values))
            self._session.work("store", job, partial(self._tell, draft))

    def _tell(self, draft: str, _: None) -> None:
        self.written.emit(draft)

    def forget(self, draft: str) -> None:
        """Strike a draft out: it is saved as a version, or put aside."""
        self._dirty.pop(draft, None)
        self._session.work("store", partial(write, self._session.desk, draft, ""), lambda _: None)

    def load(self, done: Callable[[dict[str, DraftValues]], None]) -> None:
        """Ask for everything that is written down."""
        self._session.work("query", partial(read, self._session.desk), done)


def write(desk: Desk, draft: str, text: str) -> None:
    """Write a draft's values, or strike them out with ""; not for the GUI thread."""
    with desk.store.writing() as connection:
        known = list(json.loads(meta.read(connection, _INDEX, "[]")))
        if text and draft not in known:
            known.append(draft)
        elif not text and draft in known:
            known.remove(draft)
        meta.write(connection, _INDEX, json.dumps(known))
        meta.write(connection, _ENTRY + draft, text)


def read(desk: Desk) -> dict[str, DraftValues]:
    """Return every draft's values as written down; not for the GUI thread."""
    found: dict[str, DraftValues] = {}
    with desk.store.reader() as connection:
        for draft in json.loads(meta.read(connection, _INDEX, "[]")):
            text = meta.read(connection, _ENTRY + str(draft), "")
            if text:
                found[str(draft)] = model_draft.from_json(text)
    return found
