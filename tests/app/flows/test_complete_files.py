"""Signed files of the disk in the queue: completed in their place, or left as they are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyhanko.pdf_utils.crypt.permissions import StandardPermissions

from app.documents import queue as queries
from app.files import completions
from app.files.completions import JobState
from app.flows.sign_files import FilePiece, FilePorts, FileRequest, sign_files
from app.flows.signing import Appearance
from app.kernel.batch import BatchControl
from app.kernel.clock import SystemClock
from app.kernel.errors import Unavailable
from app.kernel.ports import Completion, Purpose, Verdict
from signing.batch.signer import TokenBatchSigner
from signing.work.worker import Workers
from tests.app.documents.world import actor
from tests.app.flows.test_completion import Queue, Revoking, queue
from tests.signing.conftest import Office, Pins
from tests.signing.pdf.test_opening import encrypted

__all__ = ["queue"]


@pytest.fixture
def signed(queue: Queue, office: Office, letter: Path) -> Path:
    """A file that was signed without a line, in the queue."""
    path = office.sign(letter, Purpose.APPROVE).path
    assert path is not None
    path.chmod(0o640)
    queue.worker.add_file(str(path), _hash(path), "B-B", "B-LT")
    return path


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_it_is_completed_in_its_place_when_there_is_a_line(queue: Queue, signed: Path) -> None:
    before, beside = signed.read_bytes(), sorted(signed.parent.iterdir())
    assert queue.worker.run_due() == 0 and signed.read_bytes() == before
    queue.line = True
    assert queue.worker.run_due() == 1
    assert queue.states() == [("done", "B-LT", "")]
    after = signed.read_bytes()
    assert after.startswith(before) and len(after) > len(before)
    assert queue.jobs()[0].result == _hash(signed)
    report = queue.ports.verifier.verify(signed)
    assert (report.verdict, report.signatures[0].level) == (Verdict.VALID, "B-LT")
    assert sorted(signed.parent.iterdir()) == beside and signed.stat().st_mode & 0o777 == 0o640
    assert queue.noted()[-1].detail == "complete:B-LT"
    assert str(signed) not in str(queue.noted()[-1].objects), "no name in the log"


def test_what_was_moved_waits_until_it_is_back_and_what_was_changed_is_not_touched(
    queue: Queue, signed: Path
) -> None:
    away = signed.rename(signed.with_name("away.pdf"))
    queue.line = True
    assert queue.worker.run_due() == 1
    assert queue.states() == [("waiting", "B-B", "completion_file_gone")]
    signed.write_bytes(b"another")
    queue.worker.try_now()
    queue.worker.run_due()
    assert queue.states() == [("waiting", "B-B", "completion_file_gone")]
    assert signed.read_bytes() == b"another"
    away.replace(signed)
    queue.worker.try_now()
    queue.worker.run_due()
    assert queue.states() == [("done", "B-LT", "")]


def test_a_person_takes_a_file_out_and_the_log_says_so_without_its_name(
    queue: Queue, signed: Path
) -> None:
    before, sha256 = signed.read_bytes(), _hash(signed)
    assert not queue.worker.drop_file(str(signed), "0" * 64), "another file at that place"
    assert queue.worker.drop_file(str(signed), sha256)
    assert queue.states() == [] and signed.read_bytes() == before
    assert queue.noted()[-1].detail == "complete:dropped"
    assert queue.noted()[-1].objects == (f"file:{sha256}",)
    noted = len(queue.noted())
    assert not queue.worker.drop_file(str(signed), sha256) and len(queue.noted()) == noted


def test_what_is_done_and_what_is_of_a_document_is_not_taken_out(
    queue: Queue, signed: Path
) -> None:
    document = queue.sign()
    assert not queue.worker.drop_file("o1", document.sha256)
    queue.line = True
    queue.worker.run_due()
    [job] = [j for j in queue.jobs() if j.kind == completions.FILE]
    assert job.state is JobState.DONE
    assert not queue.worker.drop_file(job.entity, job.sha256)
    assert len(queue.jobs()) == 2


@pytest.mark.parametrize(
    "spoil", [lambda d: d[:1000] + b"x" + d[1001:], lambda d: d[:-9000], lambda d: d[9:]]
)
def test_a_completed_file_that_is_not_the_signed_one_with_more_is_refused(
    queue: Queue, signed: Path, spoil: Callable[[bytes], bytes]
) -> None:
    before = signed.read_bytes()
    queue.completer, queue.line = SpoilingFile(queue.completer, spoil), True
    queue.worker.run_due()
    assert queue.states() == [("alarm", "B-B", "flow.bad_completion")]
    assert signed.read_bytes() == before
    assert not list(signed.parent.glob(".*"))


class SpoilingFile:
    """A completer whose file is changed afterwards."""

    def __init__(self, real: Any, spoil: Callable[[bytes], bytes]) -> None:
        self._real, self._spoil = real, spoil

    def complete(self, source: Path, target: Path, level: str, **more: Any) -> Completion:
        done: Completion = self._real.complete(source, target, level, **more)
        target.write_bytes(self._spoil(target.read_bytes()))
        return done


def test_a_file_that_changes_meanwhile_is_not_written_over(queue: Queue, signed: Path) -> None:
    def change(data: bytes) -> bytes:
        signed.write_bytes(b"typed meanwhile")
        return data

    queue.completer, queue.line = SpoilingFile(queue.completer, change), True
    queue.worker.run_due()
    assert queue.states() == [("waiting", "B-B", "completion_file_gone")]
    assert signed.read_bytes() == b"typed meanwhile"


def test_a_revoked_certificate_is_an_alarm_that_names_the_file(queue: Queue, signed: Path) -> None:
    queue.completer, queue.line = Revoking(), True
    queue.worker.run_due()
    with queue.reader() as connection:
        [row] = queries.queue(connection, actor("leader"))
    assert (row.job.state, row.job.problem) == (JobState.ALARM, "document.signature_revoked")
    assert (row.job.kind, row.subject) == (completions.FILE, signed.name)


def test_what_falls_short_is_queued_with_its_level_and_a_protected_file_is_not(
    queue: Queue, office: Office, tmp_path: Path
) -> None:
    folder = tmp_path / "tệp"
    folder.mkdir()
    plain, protected = folder / "1.pdf", folder / "2.pdf"
    plain.write_bytes(queue.data)
    protected.write_bytes(encrypted("mo-tep", StandardPermissions.allow_everything()))
    keys = office.keys()
    with TokenBatchSigner(keys, Workers([office.folder / "trust"]), SystemClock()) as batch:
        ports = FilePorts(
            batch, batch, queue.ports.verifier, Pins(), queue.note, queue.worker.add_file
        )
        certificate = next(c for c in batch.certificates() if c.token.label == "Người ký")
        request = FileRequest(
            Purpose.APPROVE, certificate, (certificate.holder,), Appearance(), "ký", level="B-T",
            passwords=("sai", "mo-tep"),
        )  # fmt: skip
        control = BatchControl()
        made = sign_files(ports, actor("leader"), request, [plain, protected], control)
    assert [o.error for o in control.outcomes()] == [None, None]
    [job] = queue.jobs()
    assert made[0].target is not None and made[1].target is not None
    assert (job.entity, job.sha256) == (str(made[0].target), _hash(made[0].target))
    assert (job.level, job.wanted) == ("B-B", "B-T")
    report = queue.ports.verifier.verify(made[1].target, password="mo-tep")
    assert report.signatures[0].level == "B-B"
    assert "mo-tep" not in repr(request)


def test_a_file_that_gets_no_name_leaves_nothing_behind(
    queue: Queue, office: Office, tmp_path: Path
) -> None:
    folder = tmp_path / "tệp"
    folder.mkdir()
    (folder / "1.pdf").write_bytes(queue.data)

    def full(path: str, sha256: str, level: str, wanted: str) -> None:
        raise Unavailable("sign_no_room")

    def gone(path: str, sha256: str, level: str, wanted: str) -> None:
        next(folder.glob(".*.pdf")).unlink()

    keys = office.keys()
    with TokenBatchSigner(keys, Workers([office.folder / "trust"]), SystemClock()) as batch:
        certificate = next(c for c in batch.certificates() if c.token.label == "Người ký")
        request = FileRequest(
            Purpose.APPROVE, certificate, (certificate.holder,), Appearance(), "ký", level="B-T"
        )
        for later in (full, gone):
            ports = FilePorts(batch, batch, queue.ports.verifier, Pins(), queue.note, later)
            control = BatchControl()
            sign_files(ports, actor("leader"), request, [folder / "1.pdf"], control)
            assert control.halted is not None and control.halted.code == "sign_no_room"
            assert [p.name for p in folder.iterdir()] == ["1.pdf"]


def test_a_source_that_vanishes_while_it_is_signed_is_a_typed_failure(
    queue: Queue, office: Office, tmp_path: Path
) -> None:
    source = tmp_path / "1.pdf"
    source.write_bytes(queue.data)
    with TokenBatchSigner(
        office.keys(), Workers([office.folder / "trust"]), SystemClock()
    ) as batch:
        certificate = next(c for c in batch.certificates() if c.token.label == "Người ký")
        request = FileRequest(
            Purpose.APPROVE, certificate, (certificate.holder,), Appearance(), "ký"
        )
        ports = FilePorts(batch, batch, queue.ports.verifier, Pins(), queue.note)
        piece = FilePiece(ports, request, source)
        signed = batch.sign(piece.open(), Pins())
        source.unlink()
        with pytest.raises(Unavailable, match="sign_no_room"):
            piece.keep(signed)
        piece.drop(None)
    assert not list(tmp_path.glob(".*.pdf")) and not list(tmp_path.glob("*.pdf"))
