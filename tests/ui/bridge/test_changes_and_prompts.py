"""The bus on the GUI thread; a worker's question to the person."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from PySide6.QtWidgets import QApplication

from app.kernel.changes import Broadcast, Changes
from app.kernel.errors import Cancelled
from app.kernel.ports import CertificateInfo, TokenInfo
from ui.bridge.changes import ChangesSignal
from ui.bridge.prompts import PinQuestion, QtPrompts
from ui.bridge.runner import QtRunner

Until = Callable[[Callable[[], object]], None]
TOKEN = TokenInfo("module", 1, "Sample token", "S1")
CERTIFICATE = CertificateInfo(
    TOKEN,
    "01",
    "sample",
    "CN=Mẫu",
    "Mẫu",
    "CN=Root",
    "1",
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2027, 1, 1, tzinfo=UTC),
    b"",
)


@pytest.fixture
def runner(qapp: QApplication) -> Iterator[QtRunner]:
    made = QtRunner()
    yield made
    made.close()


def test_changes_of_a_worker_arrive_once_on_the_gui_thread(runner: QtRunner, until: Until) -> None:
    broadcast, heard = Broadcast(), []
    signal = ChangesSignal(broadcast)
    signal.changed.connect(lambda c: heard.append((c, threading.current_thread())))
    pairs = [("document", str(n)) for n in range(1000)]

    def work() -> None:
        for pair in pairs:
            broadcast(Changes.of([pair]))

    ended: list[object] = []
    runner.submit("store", work, ended.append, pytest.fail)
    until(lambda: ended and sum(len(c.pairs) for c, _ in heard) == 1000)
    assert {pair for changes, _ in heard for pair in changes} == set(pairs)
    assert {thread for _, thread in heard} == {threading.main_thread()}
    assert len(heard) < 1000, "what comes together is told together"


def test_a_closed_signal_is_silent(qapp: QApplication) -> None:
    broadcast, heard = Broadcast(), []
    signal = ChangesSignal(broadcast)
    signal.changed.connect(heard.append)
    broadcast(Changes.of([("document", "1")]))
    signal.close()
    signal.close()
    broadcast(Changes.of([("document", "2")]))
    qapp.processEvents()
    assert heard == []


def test_the_person_answers_a_worker(runner: QtRunner, until: Until) -> None:
    prompts, asked, pins = QtPrompts(), [], []

    def answer(question: PinQuestion) -> None:
        asked.append((question.token.label, question.purpose, threading.current_thread()))
        question.answer(bytearray(b"not-a-real-pin"))

    prompts.pin_asked.connect(answer)
    runner.submit(
        "token", lambda: prompts.pin(TOKEN, CERTIFICATE, "approve"), pins.append, pytest.fail
    )
    until(lambda: pins)
    assert pins == [b"not-a-real-pin"]
    assert asked == [("Sample token", "approve", threading.main_thread())]


def test_a_question_forgets_the_pin_it_handed_over() -> None:
    question = PinQuestion(TOKEN, CERTIFICATE, "approve")
    question.answer(bytearray(b"not-a-real-pin"))
    assert question.take() == b"not-a-real-pin"
    assert "not-a-real-pin" not in str(vars(question))


@pytest.mark.parametrize("how", ["cancel", "close"])
def test_cancel_and_close_let_the_worker_go(runner: QtRunner, until: Until, how: str) -> None:
    prompts, failures, asked = QtPrompts(), [], []
    prompts.pin_asked.connect(asked.append)
    runner.submit(
        "token", lambda: prompts.pin(TOKEN, CERTIFICATE, "issue"), pytest.fail, failures.append
    )
    until(lambda: asked)
    asked[0].cancel() if how == "cancel" else prompts.close()
    until(lambda: failures)
    assert isinstance(failures[0], Cancelled)


def test_a_closed_prompt_refuses_at_once(runner: QtRunner, until: Until) -> None:
    prompts, failures = QtPrompts(), []
    prompts.close()
    runner.submit(
        "token", lambda: prompts.pin(TOKEN, CERTIFICATE, "issue"), pytest.fail, failures.append
    )
    until(lambda: failures)
    assert isinstance(failures[0], Cancelled)


def test_the_gui_thread_may_not_ask_itself(qapp: QApplication) -> None:
    with pytest.raises(RuntimeError, match="GUI thread"):
        QtPrompts().pin(TOKEN, CERTIFICATE, "issue")
