"""Cycles with QObjects in them end on the GUI thread, whoever allocates."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from ui.bridge.garbage import install
from ui.bridge.runner import QtRunner

Until = Callable[[Callable[[], object]], None]


class Ring(QObject):
    """A QObject that holds itself and tells where it ends."""

    def __init__(self, ends: list[str]) -> None:
        super().__init__()
        self.ends, self.me = ends, self

    def __del__(self) -> None:
        self.ends.append(threading.current_thread().name)


def allocate() -> int:
    """Make far more containers than the collector waits for."""
    return len([[place] for place in range(200_000)])


def test_a_workers_allocations_do_not_end_what_belongs_to_the_window(
    qapp: QApplication, until: Until
) -> None:
    ends: list[str] = []
    counts: list[int] = []
    collector = install(qapp)
    runner = QtRunner()
    Ring(ends)
    runner.submit("query", allocate, counts.append, lambda _: None)
    until(lambda: counts)
    runner.close()
    for _ in range(20):
        keep = [[place] for place in range(2000)]
        collector.collect()
        assert keep
    assert ends == [threading.main_thread().name]


def test_one_collector_serves_an_application(qapp: QApplication) -> None:
    assert install(qapp) is install(qapp)
