"""Worker processes: the same answers as at home, and nothing that a file can do to the desk."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from app.kernel.batch import BatchControl
from app.kernel.clock import FixedClock, SystemClock
from app.kernel.errors import Cancelled, Damaged, RuleViolation, Unavailable
from app.kernel.ports import Purpose, Verdict
from signing.batch.line import KeyDesk
from signing.checking.verify import PdfVerifier
from signing.work.completer import WorkerCompleter
from signing.work.signer import KeyAnswers, WorkerSigner
from signing.work.verifier import WorkerVerifier
from signing.work.worker import Workers
from tests.signing.conftest import MODULE, Office, Pins


@pytest.fixture
def signed(office: Office, letter: Path) -> Path:
    target = office.sign(letter, Purpose.APPROVE, tsa=office.authority.tsa_url).path
    assert target is not None
    return target


@pytest.fixture
def workers(office: Office) -> Iterator[Workers]:
    made = Workers([office.folder / "trust"], 2)
    yield made
    made.close()


@contextmanager
def impatient(workers: Workers) -> Iterator[None]:
    """Wait only a moment for a word of those that run; one that starts has all its time."""
    before = [worker._silence for worker in workers._all]
    for worker in workers._all:
        worker._silence = 1.0
    yield
    for worker, silence in zip(workers._all, before, strict=True):
        worker._silence = silence


def pid_of(workers: Workers) -> int:
    """Return the id of the worker that comes next."""
    with workers.one() as worker:
        worker.warm()
        assert worker.pid is not None
        return worker.pid


def test_a_worker_says_what_is_said_at_home(office: Office, workers: Workers, signed: Path) -> None:
    clock = FixedClock(SystemClock().now())
    home = PdfVerifier(office.trust, clock, office.http).verify(signed)
    away = WorkerVerifier(workers, clock, office.http)
    assert home.verdict is Verdict.VALID
    assert away.verify(signed) == home
    assert away.verify(BytesIO(signed.read_bytes())) == home


def test_a_worker_has_the_line_only_through_its_parent(
    office: Office, workers: Workers, letter: Path
) -> None:
    signed = office.sign(letter, Purpose.APPROVE).path
    assert signed is not None
    office.http.asked.clear()
    checker = WorkerVerifier(workers, SystemClock(), office.http)
    assert checker.verify(signed, offline=True).verdict is Verdict.UNKNOWN
    assert office.http.asked == []
    assert checker.verify(signed).verdict is Verdict.VALID
    assert office.http.asked


def test_a_worker_that_stands_still_is_ended_and_the_next_serves(
    workers: Workers, signed: Path
) -> None:
    checker = WorkerVerifier(workers, SystemClock())
    os.kill(pid_of(workers), signal.SIGSTOP)
    with impatient(workers):
        report = checker.verify(signed, offline=True)
    assert (report.verdict, report.reasons) == (Verdict.UNREADABLE, ("check_limits",))
    assert checker.verify(signed, offline=True).verdict is Verdict.VALID


def test_a_worker_that_dies_is_replaced(workers: Workers, signed: Path) -> None:
    checker = WorkerVerifier(workers, SystemClock())
    os.kill(pid_of(workers), signal.SIGKILL)
    report = checker.verify(signed, offline=True)
    assert (report.verdict, report.reasons) == (Verdict.UNREADABLE, ("check_crashed",))
    assert checker.verify(signed, offline=True).verdict is Verdict.VALID


def test_a_worker_cannot_take_more_memory_than_it_may() -> None:
    program = (
        "from signing.work.limits import limit_this_process\n"
        "limit_this_process(64 << 20)\n"
        "try:\n    held = bytearray(256 << 20)\n"
        "except MemoryError:\n    print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.strip() == b"refused"


def test_a_missing_file_is_a_verdict(workers: Workers, tmp_path: Path) -> None:
    report = WorkerVerifier(workers, SystemClock()).verify(tmp_path / "none.pdf")
    assert (report.verdict, report.reasons) == (Verdict.UNREADABLE, ("file_missing",))


def test_many_files_come_in_order_and_are_counted(
    workers: Workers, signed: Path, letter: Path
) -> None:
    files = [signed, letter, signed, letter, signed]
    counts: list[int] = []
    checker = WorkerVerifier(workers, SystemClock())
    found = list(checker.verify_many(files, lambda done, _: counts.append(done), offline=True))
    assert [path for path, _ in found] == files
    verdicts = [report.verdict for _, report in found]
    assert verdicts == [Verdict.VALID, Verdict.UNSIGNED] * 2 + [Verdict.VALID]
    assert counts == [1, 2, 3, 4, 5]


def test_checking_many_can_be_stopped(workers: Workers, letter: Path) -> None:
    class Stopping:
        asked = 0

        def raise_if_cancelled(self) -> None:
            self.asked += 1
            if self.asked > 2:
                raise Cancelled

    checker = WorkerVerifier(workers, SystemClock())
    found = checker.verify_many([letter] * 50, cancel=Stopping(), offline=True)
    assert [next(found)[0], next(found)[0]] == [letter, letter]
    with pytest.raises(Cancelled):
        next(found)


# --- signing -------------------------------------------------------------------------------


@pytest.fixture
def signer(office: Office, workers: Workers) -> Iterator[WorkerSigner]:
    with WorkerSigner(office.keys(), workers, SystemClock(), office.http) as made:
        yield made


def test_a_file_is_signed_from_stream_to_stream(
    office: Office, signer: WorkerSigner, letter: Path
) -> None:
    shown = letter.read_bytes()
    target = BytesIO(b"old")
    job = office.job(signer.keys, letter, Purpose.APPROVE, tsa=office.authority.tsa_url)
    done = signer.sign(replace(job, source=BytesIO(shown), target=target), Pins())
    made = target.getvalue()
    assert made.startswith(shown)
    assert (done.path, done.level, done.field) == (None, "B-LT", "Sig_NguoiKy")
    assert done.sha256 == hashlib.sha256(made).hexdigest()
    assert target.tell() == 0
    assert office.verifier().verify(target).verdict is Verdict.VALID


def test_a_file_that_is_refused_costs_no_pin(
    office: Office, signer: WorkerSigner, letter: Path
) -> None:
    pins = Pins()
    with pytest.raises(RuleViolation) as caught:
        signer.sign(office.job(signer.keys, letter, Purpose.ISSUE), pins)
    assert caught.value.code == "seal_before_signature"
    letter.write_bytes(b"%PDF-1.7 broken")
    with pytest.raises(Damaged):
        signer.sign(office.job(signer.keys, letter, Purpose.APPROVE), pins)
    assert pins.asked == []


def test_a_worker_that_dies_over_a_signature_leaves_nothing(
    office: Office, signer: WorkerSigner, workers: Workers, letter: Path
) -> None:
    number = pid_of(workers)

    class Killing(Pins):
        def pin(self, *arguments: object) -> bytearray:
            os.kill(number, signal.SIGKILL)
            return super().pin(*arguments)  # type: ignore[arg-type]

    job = office.job(signer.keys, letter, Purpose.APPROVE)
    with pytest.raises(Damaged) as caught:
        signer.sign(job, Killing())
    assert caught.value.code == "sign_crashed"
    assert isinstance(job.target, Path)
    assert [p.name for p in letter.parent.iterdir()] == [letter.name]
    assert signer.sign(job, Pins()).path == job.target


SIGNING = """
import sys
from pathlib import Path
from app.kernel.clock import SystemClock
from app.kernel.ports import Purpose
from signing.cli import make_job, sign_command
from signing.trust.store import TrustStore

module, anchors, *files = sys.argv[1:]
for file in map(Path, files):
    purpose = Purpose.FILES if file.suffix == ".ods" else Purpose.COMMENT
    job = make_job(file, file.with_name(f"signed{file.suffix}"), purpose)
    sign_command(
        job, module=module, token="Người ký", cert_id="", pin="4711", clock=SystemClock(),
        trust=TrustStore([Path(anchors)]),
    )
print([m for m in ("lxml", "pyhanko.pdf_utils", "pypdfium2") if m in sys.modules])
"""


def test_whoever_signs_opens_no_file_himself(office: Office, letter: Path) -> None:
    package, table = letter.with_suffix(".xml"), letter.with_suffix(".ods")
    package.write_text("<a>mẫu</a>", encoding="utf-8")
    table.write_bytes(b"mau")
    program = [sys.executable, "-c", SIGNING, MODULE, str(office.folder / "trust")]
    files = [str(path) for path in (letter, package, table)]
    done = subprocess.run([*program, *files], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    signed = sorted(p.name for p in letter.parent.glob("signed.*"))
    assert signed == ["signed.ods", "signed.pdf", "signed.xml"]
    assert b"Signature" in (letter.parent / "signed.xml").read_bytes()


# --- completing ----------------------------------------------------------------------------


@pytest.fixture
def plain(office: Office, letter: Path) -> bytes:
    """A letter that was signed without any line."""
    made = office.sign(letter, Purpose.APPROVE)
    assert made.level == "B-B"
    assert made.path is not None
    return made.path.read_bytes()


def completer(office: Office, workers: Workers) -> WorkerCompleter:
    return WorkerCompleter(workers, SystemClock(), office.http, lambda: office.authority.tsa_url)


def test_a_signature_is_completed_from_stream_to_stream(
    office: Office, workers: Workers, plain: bytes
) -> None:
    target = BytesIO(b"old")
    done = completer(office, workers).complete(BytesIO(plain), target, "B-LTA")
    made = target.getvalue()
    assert (done.changed, done.levels, done.revoked) == (True, {"Sig_NguoiKy": "B-LTA"}, ())
    assert done.stamped_at is not None
    assert done.renew_before is not None
    assert done.renew_before > done.stamped_at
    assert made.startswith(plain)
    assert target.tell() == 0
    assert office.verifier().verify(target, offline=True).verdict is Verdict.VALID
    nothing = BytesIO(b"old")
    again = completer(office, workers).complete(BytesIO(made), nothing, "B-LTA")
    assert (again.changed, again.levels, nothing.getvalue()) == (False, done.levels, b"")


def test_a_pdf_is_completed_without_being_opened_at_home(
    office: Office, workers: Workers, plain: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(*_: object) -> None:
        raise AssertionError("opened at home")

    monkeypatch.setattr("signing.pdf.completion.open_reader", opened)
    monkeypatch.setattr("signing.pdf.completion.raise_level", opened)
    done = completer(office, workers).complete(BytesIO(plain), BytesIO(), "B-T")
    assert done.levels == {"Sig_NguoiKy": "B-T"}


@pytest.mark.parametrize(
    ("body", "http", "code"),
    [(b"%PDF-1.7\n", True, "pdf_damaged"), (b"", False, "timestamp_required")],
)
def test_what_cannot_be_completed_leaves_nothing(
    office: Office, workers: Workers, plain: bytes, body: bytes, http: bool, code: str
) -> None:
    away = WorkerCompleter(
        workers, SystemClock(), office.http if http else None, lambda: office.authority.tsa_url
    )
    target = BytesIO()
    with pytest.raises((Damaged, Unavailable)) as caught:
        away.complete(BytesIO(body or plain), target, "B-T")
    assert (caught.value.code, target.getvalue()) == (code, b"")


def test_a_worker_that_ends_over_a_completion_is_tried_again_and_one_that_hangs_is_not(
    office: Office, workers: Workers, plain: bytes
) -> None:
    away, target = completer(office, workers), BytesIO()
    os.kill(pid_of(workers), signal.SIGKILL)
    with pytest.raises(Unavailable, match="completion_crashed"):
        away.complete(BytesIO(plain), target, "B-T")
    os.kill(pid_of(workers), signal.SIGSTOP)
    with impatient(workers), pytest.raises(Damaged, match="completion_limits"):
        away.complete(BytesIO(plain), target, "B-T")
    assert target.getvalue() == b""
    assert away.complete(BytesIO(plain), target, "B-T").changed


class Counting:
    """A key that counts what it signs."""

    pss = False

    def __init__(self) -> None:
        self.signed: list[bytes] = []

    def sign(self, data: bytes) -> bytes:
        self.signed.append(data)
        return b"signature"


def test_a_worker_gets_one_signature_for_a_file_whatever_it_asks() -> None:
    key = Counting()
    answers = KeyAnswers(lambda: key).answers()
    answers["open"]({}, bytearray())
    assert answers["key"]({}, bytearray(b"one"))[1] == b"signature"
    for again in (False, True):
        if again:
            answers["open"]({}, bytearray())
        with pytest.raises(Damaged, match="sign_crashed"):
            answers["key"]({}, bytearray(b"two"))
    assert key.signed == [b"one"]


def test_a_worker_of_a_batch_gets_one_signature_for_a_file_too() -> None:
    key = Counting()
    desk = KeyDesk(key, BatchControl(), 1)
    ask = desk.answers()["key"]

    def hand() -> list[str]:
        came = []
        for data in (b"one", b"two"):
            try:
                came.append(ask({}, bytearray(data))[1].decode())
            except Damaged as error:
                came.append(error.code)
        desk.kept()
        came.append(ask({}, bytearray(b"next file"))[1].decode())
        desk.kept()
        desk.leave()
        return came

    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(hand)
        desk.serve(1)
    assert asked.result() == ["signature", "sign_crashed", "signature"]
    assert key.signed == [b"one", b"next file"]
