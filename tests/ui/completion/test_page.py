"""Hoàn thiện chữ ký: alarms on top and in the status bar, reasons in words, trying again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from app.files import checks, completions
from app.files.completions import Job, JobState, Task
from app.kernel.ports import FileReport, SignatureReport, Verdict
from app.kernel.texts import Texts
from tests.ui.conftest import wait_until
from tests.ui.outgoing.conftest import Sessions, Show
from tests.ui.outgoing.office import Office
from tests.ui.walk import walk
from ui.completion.model_queue import ALARM, DONE, RECHECK, WAITING
from ui.completion.page_completion import CompletionPage
from ui.shell.statusbar import StatusBar
from ui.shell.watch import _line_of


def fill(office: Office) -> dict[str, str]:
    """Put a job of each state and an open verdict into the desk's own tables."""
    now, made = office.clock.now(), {}
    problems = {ALARM: "document.signature_revoked", WAITING: "sync.offline", DONE: ""}
    with office.desk.store.writing() as connection:
        for number, (state, problem) in enumerate(problems.items()):
            document = office.submitted(f"Báo cáo số {number} (mẫu)")
            made[state] = document
            job = Job(
                "document", document, f"{number}" * 64, Task.COMPLETE, JobState.WAITING, "B-LT", "B-B",
                now, now + timedelta(hours=1),
            )  # fmt: skip
            completions.add(connection, job)
            settled = now if state != WAITING else None
            completions.settle(
                connection,
                replace(job, state=JobState(state), problem=problem, tries=2, settled_at=settled),
            )
        made[RECHECK] = office.submitted("Tờ trình (mẫu)")
    main = office.document(made[RECHECK]).main_file
    assert main is not None
    signature = SignatureReport("S1", "A", Verdict.UNKNOWN, reasons=("revocation_unknown",))
    report = FileReport(Verdict.UNKNOWN, (signature,), sha256=main.sha256, checked_at=now)
    with office.desk.store.writing() as connection:
        checks.keep(connection, main.sha256, report, now, secret=False, offline=True)
    return made


def opened(office: Office, begin: Sessions, show: Show) -> CompletionPage:
    page = show(CompletionPage(begin(office, "leader")))
    assert isinstance(page, CompletionPage)
    return page


def test_alarms_stand_first_with_what_to_do(office: Office, begin: Sessions, show: Show) -> None:
    fill(office)
    page = opened(office, begin, show)
    wait_until(lambda: page.rows.total == 4)
    assert [i.state for i in page.items] == [ALARM, WAITING, RECHECK, DONE]
    assert page.alarm.isVisible() and "1 chữ ký bị báo động" in page.alarm.text
    assert "thu hồi" in page.items[0].reason and "ký lại" in page.items[0].reason
    waiting = page.items[1]
    assert waiting.what == "Từ mức B-B lên B-LT" and "đã thử 2 lần" in waiting.last
    assert "Chưa tra được" in page.items[2].reason
    page.table.select(1)
    assert "Thử lại lúc" in page.reason.text


def test_a_state_can_be_looked_at_alone(office: Office, begin: Sessions, show: Show) -> None:
    fill(office)
    page = opened(office, begin, show)
    wait_until(lambda: page.rows.total == 4)
    page.chips.chip(RECHECK).click()
    wait_until(lambda: page.rows.total == 1)
    gone: list[tuple[str, str, str]] = []
    page.navigate.connect(lambda *to: gone.append(to))
    page.table.select(0)
    page.open.trigger()
    assert gone == [("incoming", "document", page.items[2].document)]


def test_trying_again_judges_open_verdicts_anew(
    office: Office, begin: Sessions, show: Show
) -> None:
    fill(office)
    page = opened(office, begin, show)
    wait_until(lambda: page.rows.total == 4)
    page.again.trigger()
    assert page.progress.isVisible() and not page.again.enabled
    wait_until(lambda: page.again.enabled)
    assert "Đã thử lại 1 mục" in page.reason.text
    # The file bears no signature at all: the verdict is settled and leaves the queue
    wait_until(lambda: page.rows.total == 3)
    assert RECHECK not in {i.state for i in page.items}


def test_an_empty_queue_says_that_all_is_well(office: Office, begin: Sessions, show: Show) -> None:
    page = opened(office, begin, show)
    wait_until(lambda: page.states.state == "empty")
    assert "Không có chữ ký nào chờ" in page.states.notice.accessibleName()
    assert not page.alarm.isVisible()


def test_the_status_bar_says_alarms(office: Office, begin: Sessions, show: Show) -> None:
    fill(office)
    page = opened(office, begin, show)
    bar = StatusBar(Texts(), office.clock, page)
    bar.resize(1154, 30)
    bar.show()
    bar.show_state(_line_of(office.desk))
    assert bar._alarms.isVisible() and bar._alarms.text() == "Báo động: 1 chữ ký"


def test_nothing_is_cut_off_in_any_look(office: Office, begin: Sessions, show: Show) -> None:
    fill(office)
    page = opened(office, begin, show)
    wait_until(lambda: page.rows.total == 4)
    page.table.select(0)
    assert walk(page, (1154, 664)) == []


def test_a_file_of_the_disk_has_its_name_its_path_and_nothing_to_open(
    office: Office, begin: Sessions, show: Show
) -> None:
    now, path = office.clock.now(), "/nha/tai-lieu/bao-cao.pdf"
    job = Job(
        completions.FILE, path, "f" * 64, Task.COMPLETE, JobState.WAITING, "B-LT", "B-B", now, now
    )
    with office.desk.store.writing() as connection:
        completions.add(connection, job)
        completions.settle(connection, replace(job, problem="completion_file_gone", tries=1))
    page = opened(office, begin, show)
    gone: list[tuple[str, str, str]] = []
    page.navigate.connect(lambda *to: gone.append(to))
    wait_until(lambda: page.rows.total == 1)
    page.table.select(0)
    wait_until(lambda: path in page.reason.text)
    assert page.items[0].title == "bao-cao.pdf" and "không còn ở chỗ cũ" in page.items[0].reason
    page.table.opened.emit(page.items[0])
    assert not page.open.enabled and gone == []


def test_a_file_that_is_gone_can_be_taken_out_after_a_question(
    office: Office, begin: Sessions, show: Show
) -> None:
    now, path = office.clock.now(), "/nha/tai-lieu/bao-cao.pdf"
    fill(office)
    job = Job(
        completions.FILE, path, "f" * 64, Task.COMPLETE, JobState.WAITING, "B-LT", "B-B", now, now
    )
    with office.desk.store.writing() as connection:
        completions.add(connection, job)
    page = opened(office, begin, show)
    wait_until(lambda: page.rows.total == 5)
    place = next(n for n, item in enumerate(page.items) if item.path)
    for number, item in enumerate(page.items):
        page.table.select(number)
        wait_until(lambda title=item.title: title in page.reason.text)
        assert page.drop.enabled is (number == place), "of the files of the disk alone"
    page.table.select(place)
    page.drop.trigger()
    assert page.dialog is not None and page.dialog.isVisible()
    page.dialog.cancel_button.click()
    assert page.rows.total == 5
    page.drop.trigger()
    page.dialog.accept_button.click()
    wait_until(lambda: page.rows.total == 4)
    assert not any(i.path for i in page.items) and "Đã bỏ tệp" in page.reason.text
