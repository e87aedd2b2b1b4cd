"""A runner that works at once on the caller's thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class InlineRunner:
    """Run work inside `submit`; `hold()` gathers it until `release()`."""

    def __init__(self) -> None:
        self.lanes: list[str] = []
        self._held: list[Callable[[], None]] | None = None

    def submit(
        self,
        lane: str,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        """Run `work`, then `done` or `failed`."""
        self.lanes.append(lane)

        def run() -> None:
            try:
                value = work()
            except BaseException as error:  # noqa: BLE001 - a runner hands on whatever is raised
                failed(error)
                return
            done(value)

        if self._held is None:
            run()
        else:
            self._held.append(run)

    def relay(self, progress: Callable[[int, int], None]) -> Callable[[int, int], None]:
        """Return the progress itself."""
        return progress

    def hold(self) -> None:
        """Keep work back from now on."""
        self._held = []

    def release(self) -> None:
        """Run what was kept back, in order."""
        held, self._held = self._held or [], None
        for run in held:
            run()
