"""A walk on a lane: each step is heard, a stopped one is heard of no more and is closed."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from app.kernel.errors import DeviceProblem
from app.kernel.ports import CancelToken
from app.kernel.texts import Texts
from tests.ui.conftest import wait_until
from tests.ui.sessions import session_of
from ui.bridge.runner import QtRunner
from ui.bridge.session import Session
from ui.bridge.steps import Steps


@pytest.fixture
def session(tmp_path: Path, qapp: object) -> Iterator[Session]:
    with session_of(tmp_path, "mai") as made:
        runner = QtRunner()
        real = Session(made.desk, runner, Texts(), made.actor)
        yield real
        real.close()
        runner.close()


def test_steps_come_in_order_and_an_error_ends_the_walk(session: Session) -> None:
    steps, came, ended = Steps(session, "query"), list[int](), list[object]()
    steps.came.connect(came.append)
    steps.ended.connect(ended.append)

    def walk(cancel: CancelToken) -> Generator[int, None, None]:
        yield 1
        yield 2
        raise DeviceProblem("token_gone")

    steps.start(walk)
    wait_until(lambda: ended)
    assert came == [1, 2]
    assert isinstance(ended[0], DeviceProblem) and not steps.running


def test_a_step_that_comes_after_the_stop_is_not_heard(session: Session) -> None:
    steps, came, ended = Steps(session, "query"), list[int](), list[object]()
    began, go, closed = threading.Event(), threading.Event(), threading.Event()
    steps.came.connect(came.append)
    steps.ended.connect(ended.append)

    def walk(cancel: CancelToken) -> Generator[int, None, None]:
        try:
            began.set()
            go.wait()
            yield 1
        finally:
            closed.set()

    steps.start(walk)
    wait_until(began.is_set)
    steps.stop()
    go.set()
    wait_until(lambda: closed.is_set() and not session.runner.busy)
    assert came == [] and ended == [] and not steps.running
