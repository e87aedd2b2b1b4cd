"""Save pictures of the check of devices, of verdicts and of the queue: `-m tests.ui.completion.shots OUT`."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from app.files import completions
from app.files.completions import FILE, Job, JobState, Task
from signing.batch.signer import TokenBatchSigner
from signing.tokens.diagnosis import diagnose
from tests.signing.forgeries import forged, replace_page
from tests.ui import pdfs
from tests.ui.completion.test_page import fill
from tests.ui.outgoing.office import Office, open_office
from tests.ui.outgoing.shots import looks, save, session_of, settle, shown, wait
from tests.ui.outgoing.test_verify_page import sign
from ui.completion.page_completion import CompletionPage
from ui.devices.page_devices import DevicesPage
from ui.outgoing.page_verify import VerifyPage


def queue(office: Office, out: Path, look: str) -> None:
    """Save the queue with an alarm, files that wait, and what is done."""
    with session_of(office, "leader") as session, shown(CompletionPage(session)) as page:
        assert isinstance(page, CompletionPage)
        settle(300)
        save(page, out, f"completion-none-{look}")
        fill(office)
        now = office.clock.now()
        job = Job(
            FILE, "/nha/tai-lieu/báo cáo giải ngân-đã ký.pdf", "f" * 64, Task.COMPLETE,
            JobState.WAITING, "B-LT", "B-B", now, now + timedelta(minutes=5),
        )  # fmt: skip
        with office.desk.store.writing() as connection:
            completions.add(connection, job)
            completions.settle(connection, replace(job, problem="completion_file_gone", tries=1))
        page.activate()
        wait(lambda: page.rows.total == 5)
        page.table.select(0)
        save(page, out, f"completion-alarm-{look}")
        page.table.select(next(n for n, i in enumerate(page.items) if i.path))
        save(page, out, f"completion-file-{look}")


def devices(office: Office, out: Path, look: str) -> None:
    """Save the check of the devices, its question for the PIN, and what it found."""
    signer = office.desk.signer
    assert isinstance(signer, TokenBatchSigner)
    office.desk.diagnosis = lambda prompts=None, drift=None: diagnose(signer.keys, prompts, drift)
    with session_of(office, "leader") as session, shown(DevicesPage(session)) as page:
        assert isinstance(page, DevicesPage)
        save(page, out, f"devices-{look}")
        wait(lambda: not session.runner.busy)
        settle(400)
        save(page, out, f"devices-found-{look}")


def verdicts(office: Office, folder: Path, out: Path, look: str) -> None:
    """Save each verdict, and the frame on the page around what was changed."""
    with session_of(office, "clerk") as session, shown(VerifyPage(session)) as page:
        assert isinstance(page, VerifyPage)
        page.take(folder)
        wait(lambda: bool(page.model.total) and not page.model.running)
        wait(lambda: page.rows.total == page.model.total and page.checked is not None)
        save(page, out, f"verdicts-{look}")
        for number in range(page.rows.total):
            page.table.select(number)
            page.sides.show_detail(detail=True)
            settle(700)
            save(page, out, f"verdict-{page.rows.row(number).name}-{look}")


def main(out: Path) -> None:
    """Save every picture."""
    for keys, place, look in looks(out):
        profile, folder = place / "pc", place / "tep"
        profile.mkdir()
        folder.mkdir()
        office = open_office(profile, signer=keys.signer(), trust=keys.trust)
        sign(office, folder / "da-ky.pdf")
        changed = forged((folder / "da-ky.pdf").read_bytes(), replace_page)
        (folder / "gia-mao.pdf").write_bytes(changed)
        (folder / "chua-ky.pdf").write_bytes(pdfs.signed_look())
        (folder / "hong.pdf").write_bytes(b"not a pdf")
        for picture in (devices, queue):
            picture(office, out, look)
        verdicts(office, folder, out, look)
        office.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
