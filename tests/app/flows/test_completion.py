"""The queue: lasting, honest, and no file but the signed one with something added."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.documents import commands as c
from app.documents.model import State
from app.files import completions
from app.files.completions import Job, JobState, Task
from app.flows.completion import CompletionPorts, CompletionWorker
from app.kernel.clock import FixedClock, SystemClock
from app.kernel.errors import Conflict, RuleViolation, Unavailable
from app.kernel.ports import Completion, Verdict
from app.store.desk import DeskStore
from signing.pdf.completion import Means, PdfCompleter
from tests.app.documents.world import REGISTRY, actor
from tests.app.flows.test_signing import Bench
from tests.signing.conftest import Office


class Queue(Bench):
    """A bench whose signatures are queued; `line` says whether there is one."""

    def begin(self, office: Office) -> None:
        self.line = False
        self.wanted = "B-LT"
        self.completer: Any = PdfCompleter(
            Means(office.trust, SystemClock(), office.http, office.authority.tsa_url)
        )
        self.clock = self.store.clock
        self.worker = self.new_worker()
        self.ports = replace(self.ports, later=self.worker.add)

    def new_worker(self) -> CompletionWorker:
        return CompletionWorker(
            CompletionPorts(
                store=self,  # type: ignore[arg-type]
                completer=lambda: self.completer,
                verifier=self.ports.verifier,
                act=lambda command: self.world.run(actor("clerk"), command),
                note=self.note,
                on_line=lambda: self.line,
                wanted=lambda: self.wanted,
            )
        )

    # What the worker asks of a store: its own tables, and the documents of this world.
    @property
    def vault(self) -> Any:
        return self.store.vault

    @property
    def changes(self) -> Any:
        return self.store.changes

    def reader(self) -> Any:
        return self.store.reader()

    def writing(self) -> Any:
        return self.store.writing()

    def get(self, kind: str, entity: str) -> Any:
        return self.world.get(kind, entity)

    def jobs(self) -> list[Job]:
        with self.store.reader() as connection:
            return list(completions.jobs(connection))

    def states(self) -> list[tuple[str, str, str]]:
        return sorted((j.state.value, j.level, j.problem) for j in self.jobs())

    def later(self, **time: float) -> None:
        self.clock = FixedClock(self.clock.now() + timedelta(**time))


@pytest.fixture
def queue(tmp_path: Path, office: Office) -> Iterator[Queue]:
    with office.signer() as signer:
        made = Queue(tmp_path / "desk", office, signer)
        made.begin(office)
        yield made
        made.store.close()


def test_signed_offline_waits_over_a_restart_and_is_completed_with_a_line(queue: Queue) -> None:
    signed = queue.sign()
    sealed = queue.seal()
    waiting = queue.states()
    assert waiting == [("waiting", "B-B", "")] * 3
    assert queue.worker.run_due() == 0
    queue.store.close()
    queue.store = DeskStore.open(queue.folder, bytes(32), REGISTRY, queue.clock)
    queue.worker = queue.new_worker()
    assert queue.states() == waiting
    queue.line = True
    assert queue.worker.run_due() == 3
    done = {job.sha256: job for job in queue.jobs()}
    assert {job.state for job in done.values()} == {JobState.DONE}
    assert done[signed.sha256].result == ""
    document = queue.world.doc("o1")
    main = document.main_file
    assert main is not None and main.sha256 == done[sealed.sha256].result
    assert document.state is State.SEALED
    assert {(s.purpose, s.level, s.made_level) for s in document.signatures} == {
        ("approve", "B-LT", "B-B"), ("issue", "B-LT", "B-B"), ("attachment", "B-LT", "B-B"),
    }  # fmt: skip
    assert all(s.stamped_at is not None and s.stamped_at != s.at for s in document.signatures)
    assert queue.report(main).verdict is Verdict.VALID
    with queue.store.vault.open(sealed.sha256) as old, queue.store.vault.open(main.sha256) as new:
        assert new.read().startswith(old.read())
    assert queue.noted()[-1].detail == "complete:B-LT"
    queue.world.run(actor("clerk"), c.Issue("o1"))
    assert queue.world.doc("o1").state is State.ISSUED


def test_what_fails_is_tried_again_with_patience_and_at_once_when_the_line_is_back(
    queue: Queue,
) -> None:
    queue.sign()
    real, queue.completer = queue.completer, Failing()
    queue.line = True
    tries = []
    for _ in range(4):
        tries.append(queue.worker.run_due())
        queue.later(seconds=61)
    assert tries == [1, 1, 0, 0]
    assert queue.states() == [("waiting", "B-B", "timestamp_required")]
    assert queue.jobs()[0].tries == 2
    queue.completer, queue.line = real, False
    assert queue.worker.run_due() == 0
    queue.line = True
    assert queue.worker.run_due() == 1
    assert queue.states() == [("done", "B-LT", "")]


class Failing:
    """A completer without a time stamp service."""

    def complete(self, *_: object, **__: object) -> Completion:
        raise Unavailable("timestamp_required")


def test_a_revoked_certificate_is_an_alarm_and_stops_the_issue(queue: Queue) -> None:
    queue.sign()
    sealed = queue.seal()
    queue.completer, queue.line = Revoking(), True
    queue.worker.run_due()
    assert ("alarm", "B-B", "document.signature_revoked") in queue.states()
    document = queue.world.doc("o1")
    assert document.alarm is not None
    assert (document.alarm.sha256, document.alarm.fields) == (sealed.sha256, ("Sig_NguoiKy",))
    assert queue.world.events[-1].name == "document.signature_revoked"
    assert "complete:document.signature_revoked" in {e.detail for e in queue.noted()}
    with pytest.raises(RuleViolation, match=r"document\.signature_revoked"):
        queue.world.run(actor("clerk"), c.Issue("o1"))
    assert main_of(queue) == sealed.sha256
    reason = "Chứng thư bị thu hồi (mẫu)"
    queue.world.run(actor("leader"), c.WithdrawSignatures("o1", reason))
    document = queue.world.doc("o1")
    assert (document.state, document.alarm) == (State.NUMBERED, None)
    assert not document.is_signed
    queue.sign()
    queue.seal()
    assert queue.world.doc("o1").state is State.SEALED


class Revoking:
    """A completer that finds the person's certificate revoked."""

    def complete(self, *_: object, **__: object) -> Completion:
        return Completion({"Sig_NguoiKy": "B-B", "Sig_CoQuan": "B-B"}, revoked=("Sig_NguoiKy",))


def main_of(queue: Queue) -> str:
    main = queue.world.doc("o1").main_file
    assert main is not None
    return main.sha256


def test_an_archive_waits_for_its_renewal(queue: Queue) -> None:
    queue.wanted = "B-LTA"
    queue.sign()
    queue.line = True
    queue.worker.run_due()
    [renewal] = [job for job in queue.jobs() if job.task is Task.RENEW]
    assert (renewal.state, renewal.sha256) == (JobState.WAITING, main_of(queue))
    assert renewal.next_at > queue.clock.now() + timedelta(days=300)
    before = main_of(queue)
    queue.later(days=(renewal.next_at - queue.clock.now()).days + 1)
    assert queue.worker.run_due() == 1
    assert main_of(queue) != before
    assert [j.task for j in queue.jobs() if j.state is JobState.WAITING] == [Task.RENEW]


def test_a_completed_file_that_was_changed_or_is_broken_is_refused(queue: Queue) -> None:
    signed = queue.sign()
    real, queue.line = queue.completer, True
    queue.seal()
    annex = next(f for f in queue.world.doc("o1").files if f.role == "attachment")
    with queue.store.vault.open(annex.sha256) as stream:
        valid_but_another = stream.read()
    signed = next(f for f in queue.world.doc("o1").files if f.role == "signed")
    for spoil in (lambda data: valid_but_another, lambda data: data[:-9000]):
        queue.completer = Spoiling(real, spoil)
        with queue.store.writing() as connection:
            connection.exec_driver_sql("DELETE FROM completion")
        queue.worker.add("o1", signed.sha256, "B-B")
        queue.worker.run_due()
        assert queue.states() == [("alarm", "B-B", "flow.bad_completion")]
        assert main_of(queue) == signed.sha256


class Spoiling:
    """A completer whose result is changed afterwards."""

    def __init__(self, real: Any, spoil: Any) -> None:
        self._real, self._spoil = real, spoil

    def complete(self, source: Any, target: Any, level: str, **more: Any) -> Completion:
        done: Completion = self._real.complete(source, target, level, **more)
        data = self._spoil(target.getvalue())
        target.seek(0)
        target.truncate()
        target.write(data)
        return done


def test_a_job_whose_signature_was_never_recorded_is_taken_out(queue: Queue) -> None:
    queue.worker.add("o1", "ab" * 32, "B-B")
    queue.line = True
    assert queue.worker.run_due() == 1
    assert queue.states() == [("waiting", "B-B", "")]
    queue.later(minutes=3)
    assert queue.worker.run_due() == 1
    assert queue.jobs() == []


def test_sealing_an_older_file_wins_over_its_completion(queue: Queue) -> None:
    signed = queue.sign()
    behind = queue.world.doc("o1")
    queue.line = True
    queue.worker.run_due()
    assert queue.world.doc("o1").signatures[0].level == "B-LT"
    assert signed.sha256 != main_of(queue)
    ahead, queue.world.entities[("document", "o1")] = queue.world.doc("o1"), behind
    sealed = queue.seal()
    command = c.Seal("o1", sealed, signed.sha256, "UBND (mẫu)", "B-B", "Sig_CoQuan")
    queue.world.entities[("document", "o1")] = ahead
    queue.world.run(actor("clerk"), command)
    document = queue.world.doc("o1")
    assert (document.state, main_of(queue)) == (State.SEALED, sealed.sha256)
    assert [s.level for s in document.signatures if s.purpose == "approve"] == ["B-B"]
    late = c.CompleteSignature("o1", replace(signed, sha256="cd" * 32), signed.sha256, {"x": "B-T"})
    assert queue.world.run(actor("leader"), late) == []
    other = c.Seal("o1", sealed, "ef" * 32, "UBND (mẫu)")
    with pytest.raises(Conflict):
        queue.world.run(actor("clerk"), other)
