"""Lanes, answers on the GUI thread, order, closing; the newest question alone is answered."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from app.kernel.errors import Cancelled, Conflict
from tests.doubles.runner import InlineRunner
from ui.bridge.runner import Cancellation, Latest, Lifetime, QtRunner

Until = Callable[[Callable[[], object]], None]


@pytest.fixture
def runner(qapp: QApplication) -> Iterator[QtRunner]:
    made = QtRunner()
    yield made
    made.close()


def test_work_runs_off_the_gui_thread_and_answers_on_it(runner: QtRunner, until: Until) -> None:
    seen: list[tuple[str, threading.Thread]] = []

    def done(thread: threading.Thread) -> None:
        seen.extend([("work", thread), ("done", threading.current_thread())])

    runner.submit("store", threading.current_thread, done, pytest.fail)
    until(lambda: seen)
    assert seen[0][1].name == "lane.store.0"
    assert seen[1][1] is threading.main_thread()


def test_failures_arrive_as_they_were_raised(runner: QtRunner, until: Until) -> None:
    failures: list[BaseException] = []
    fault = Conflict("taken")

    def work() -> None:
        raise fault

    runner.submit("query", work, pytest.fail, failures.append)
    until(lambda: failures)
    assert failures == [fault]


def test_a_lane_of_one_keeps_order(runner: QtRunner, until: Until) -> None:
    answers: list[int] = []
    for number in range(200):
        runner.submit("store", lambda number=number: number, answers.append, pytest.fail)
    until(lambda: len(answers) == 200)
    assert answers == list(range(200))


def test_two_queries_run_beside_each_other(runner: QtRunner, until: Until) -> None:
    both = threading.Barrier(2, timeout=5)
    answers: list[int] = []
    for _ in range(2):
        runner.submit("query", both.wait, answers.append, pytest.fail)
    until(lambda: len(answers) == 2)
    assert sorted(answers) == [0, 1]


def test_lanes_do_not_wait_for_each_other(runner: QtRunner, until: Until) -> None:
    gate = threading.Event()
    answers: list[str] = []
    runner.submit("network", lambda: gate.wait(5), lambda _: answers.append("net"), pytest.fail)
    runner.submit("store", lambda: "store", answers.append, pytest.fail)
    until(lambda: answers)
    assert answers == ["store"]
    gate.set()
    until(lambda: len(answers) == 2)


def test_close_joins_drops_what_waits_and_may_be_called_twice(qapp: QApplication) -> None:
    runner = QtRunner()
    gate, ran, answers = threading.Event(), [], []
    began = threading.Barrier(2, timeout=5)

    def held() -> bool:
        began.wait()
        return gate.wait(5)

    runner.submit("network", held, answers.append, pytest.fail)
    runner.submit("network", lambda: ran.append(1), answers.append, pytest.fail)
    began.wait()
    threading.Timer(0.05, gate.set).start()
    runner.close()
    runner.close()
    qapp.processEvents()
    assert answers == []
    assert ran == []
    assert not [t for t in threading.enumerate() if t.name.startswith("lane.")]
    runner.submit("store", lambda: ran.append(2), answers.append, pytest.fail)
    assert 2 not in ran


def test_what_a_person_did_is_written_though_the_window_closes_at_once(qapp: QApplication) -> None:
    runner, written, answers = QtRunner(), [], []
    for number in range(20):
        runner.submit("store", lambda n=number: written.append(n), answers.append, pytest.fail)
    runner.close()
    qapp.processEvents()
    assert written == list(range(20))
    assert answers == []


def test_an_error_in_one_answer_loses_none_of_the_others(
    runner: QtRunner, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[int] = []
    bugs: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, _error, _trace: bugs.append(kind))

    def take(number: int) -> None:
        if number == 3:
            raise ZeroDivisionError
        answers.append(number)

    gate = threading.Event()
    runner.submit("store", lambda: gate.wait(5), lambda _: None, pytest.fail)
    for number in range(6):
        runner.submit("store", lambda n=number: n, take, pytest.fail)
    gate.set()
    runner.submit("network", lambda: None, lambda _: None, pytest.fail)
    until(lambda: len(answers) == 5)
    assert answers == [0, 1, 2, 4, 5]
    assert bugs == [ZeroDivisionError]


def test_a_closed_lifetime_is_called_back_no_more_but_its_errors_are_told() -> None:
    runner, orphans, answers, failures = InlineRunner(), [], [], []
    lifetime = Lifetime(runner, orphans.append)
    fault = Conflict("taken")

    def refused() -> None:
        raise fault

    runner.hold()
    lifetime.submit("query", lambda: 1, answers.append, failures.append)
    lifetime.submit("store", refused, answers.append, failures.append)
    lifetime.close()
    runner.release()
    assert answers == failures == []
    assert orphans == [fault]


def test_an_open_lifetime_answers_as_the_runner_does() -> None:
    runner, answers, failures = InlineRunner(), [], []
    lifetime = Lifetime(runner, pytest.fail)

    def refused() -> None:
        raise Conflict("taken")

    lifetime.submit("query", lambda: 1, answers.append, failures.append)
    lifetime.submit("query", refused, answers.append, failures.append)
    assert answers == [1]
    assert [str(f) for f in failures] == [str(Conflict("taken"))]


def test_workers_let_go_of_work_and_callbacks(runner: QtRunner, until: Until) -> None:
    class Plain:
        pass

    listener, material, answers = QObject(), Plain(), []
    watched = weakref.ref(material)

    def ask(kept: Plain, hearer: QObject) -> None:
        runner.submit(
            "store", lambda: kept is not None, lambda _: answers.append(hearer), pytest.fail
        )

    ask(material, listener)
    until(lambda: answers)
    del material
    until(lambda: gc.collect() is not None and watched() is None)
    assert not runner.busy


def test_progress_reaches_the_gui_thread(runner: QtRunner, until: Until) -> None:
    heard: list[tuple[int, int, bool]] = []
    tell = runner.relay(
        lambda done, total: heard.append(
            (done, total, threading.current_thread() is threading.main_thread())
        )
    )
    runner.submit("store", lambda: tell(3, 7), lambda _: None, pytest.fail)
    until(lambda: heard)
    assert heard == [(3, 7, True)]


def test_a_cancellation_stops_a_worker(runner: QtRunner, until: Until) -> None:
    stop, failures = Cancellation(), []

    def work() -> None:
        while True:
            stop.raise_if_cancelled()

    runner.submit("token", work, pytest.fail, failures.append)
    stop.cancel()
    until(lambda: failures)
    assert isinstance(failures[0], Cancelled)
    assert stop.asked


def test_only_the_newest_question_is_answered() -> None:
    runner, answers = InlineRunner(), []
    latest = Latest(runner)
    runner.hold()
    for query in ("d", "dd", "ddt"):
        latest.ask(lambda query=query: query, answers.append, pytest.fail)
    runner.release()
    assert answers == ["ddt"]
    assert len(runner.lanes) == 2, "the question in the middle was never asked"


def test_forgotten_questions_stay_unanswered() -> None:
    runner, answers = InlineRunner(), []
    latest = Latest(runner)
    runner.hold()
    latest.ask(lambda: 1, answers.append, pytest.fail)
    latest.forget()
    runner.release()
    assert answers == []
    latest.ask(lambda: 2, answers.append, pytest.fail)
    assert answers == [2]
