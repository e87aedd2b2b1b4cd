"""Walk through an iterator on a lane, one step at a time, and hear of every step at once."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.kernel.errors import HoaBanError
from app.kernel.ports import CancelToken
from ui.bridge.runner import Cancellation
from ui.bridge.session import Session

Walk = Generator[Any, None, None]
_END = object()


class Steps(QObject):
    """One walk at a time: `came(object)` for each step, `ended(HoaBanError or None)` after.

    Between two steps the lane is free for others. A walk that is stopped ends on the lane, by
    the generator's own close, and is heard of no more.
    """

    came = Signal(object)
    ended = Signal(object)

    def __init__(self, session: Session, lane: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._lane = lane
        self._walk: Walk | None = None
        self._cancel = Cancellation()

    @property
    def running(self) -> bool:
        """Tell whether a walk is under way."""
        return self._walk is not None

    def start(self, make: Callable[[CancelToken], Walk]) -> None:
        """Begin a walk; one that is under way is stopped."""
        self.stop()
        self._cancel = Cancellation()
        self._walk = make(self._cancel)
        self._step(self._walk)

    def stop(self) -> None:
        """Stop the walk, if there is one."""
        walk, self._walk = self._walk, None
        if walk is not None:
            self._cancel.cancel()
            self._session.work(self._lane, walk.close, _nothing, _nothing)

    def _step(self, walk: Walk) -> None:
        self._session.work(
            self._lane,
            partial(next, walk, _END),
            partial(self._take, walk),
            partial(self._fail, walk),
        )

    def _take(self, walk: Walk, step: Any) -> None:
        if walk is not self._walk:
            return
        if step is _END:
            self._walk = None
            self.ended.emit(None)
            return
        self.came.emit(step)
        if walk is self._walk:
            self._step(walk)

    def _fail(self, walk: Walk, error: HoaBanError) -> None:
        if walk is self._walk:
            self._walk = None
            self.ended.emit(error)


def _nothing(_: object) -> None:
    """Take an answer that nobody waits for."""
