"""Files on their arrival: judged, kept back when secret, found by their words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.documents import commands as c
from app.documents import lists, queries
from app.documents.model import Direction
from app.documents.rows import Ask, View
from app.files import checks
from app.files.model import FileRef
from app.flows.arrival import ArrivalWorker
from app.kernel.changes import Changes
from app.kernel.clock import FixedClock, SystemClock
from app.kernel.errors import Cancelled, Unavailable
from app.kernel.ports import Purpose, Verdict
from app.store.desk import DeskStore
from signing.checking.verify import PdfVerifier
from tests.app.documents.world import COMMUNE, PARTICULARS, REGISTRY, actor, world
from tests.signing.conftest import Office, typeset

CLERK = actor("clerk")


class Desk:
    """A real store with a real verifier; `line` says whether revocation may be asked."""

    def __init__(self, folder: Path, office: Office) -> None:
        folder.mkdir()
        self.clock = FixedClock(SystemClock().now())
        self.store = DeskStore.open(folder, bytes(32), REGISTRY, self.clock)
        self.line = False
        self.told: list[Changes] = []
        self.store.changes.subscribe(self.told.append)
        self.office = office
        self.world = world(server=True)
        self.worker = self.made()

    def made(self) -> ArrivalWorker:
        verifier = PdfVerifier(self.office.trust, SystemClock(), self.office.http)
        return ArrivalWorker(self.store, verifier, lambda: self.line)

    def receive(self, entity: str, *files: bytes) -> tuple[FileRef, ...]:
        """Let a document with files arrive as a sync would bring it."""
        roles = ("main", *["attachment"] * len(files))
        kept = tuple(
            FileRef(f.sha256, f.size, f.media, f"{i}.pdf", roles[i])
            for i, f in enumerate(self.store.vault.put(data) for data in files)
        )
        self.world.run(CLERK, c.Receive(entity, COMMUNE, PARTICULARS, files=kept))
        self.write(entity)
        return kept

    def write(self, entity: str) -> None:
        with self.store.transaction() as work:
            work.put("document", entity, self.world.doc(entity))

    def run(self) -> int:
        """Let the worker go on until nothing is left."""
        steps = 0
        while self.worker.step():
            steps += 1
            assert steps < 50
        return steps

    def row_of(self, entity: str) -> str:
        with self.store.reader() as connection:
            ask = Ask(Direction.INCOMING, View.ALL)
            rows = lists.page(connection, CLERK, ask).rows
        return next(row.verdict for row in rows if row.id == entity)

    def found(self, words: str) -> list[str]:
        with self.store.reader() as connection:
            return [hit.id for hit in queries.search(connection, CLERK, words)]

    def verdict(self, sha256: str) -> Verdict | None:
        with self.store.reader() as connection:
            report = queries.report(connection, CLERK, sha256)
        return None if report is None else report.verdict


@pytest.fixture
def desk(tmp_path: Path, office: Office) -> Iterator[Desk]:
    made = Desk(tmp_path / "desk", office)
    yield made
    made.store.close()


def test_unsigned_files_are_judged_and_their_words_found(desk: Desk) -> None:
    first, second = desk.receive("d1", typeset("Bản Huổi Púng"), typeset("Phụ lục Nậm Chua"))
    assert (desk.row_of("d1"), desk.found("Huổi Púng")) == ("", [])
    assert desk.verdict(first.sha256) is None
    desk.told.clear()
    assert desk.worker.step()
    desk.run()
    assert desk.row_of("d1") == "unsigned"
    assert desk.verdict(second.sha256) is Verdict.UNSIGNED
    assert desk.found("Huổi Púng") == desk.found("nam chua") == ["d1"]
    pairs = {pair for changes in desk.told for pair in changes}
    expected = {("document", "d1"), ("file_check", first.sha256), ("file_check", second.sha256)}
    assert pairs == expected
    assert desk.run() == 0


def test_a_report_is_for_those_who_may_see_the_document(desk: Desk) -> None:
    [file] = desk.receive("d1", typeset("Nội bộ (mẫu)"))
    desk.run()
    with desk.store.reader() as connection:
        assert queries.report(connection, CLERK, file.sha256) is not None
        assert queries.report(connection, actor("p-staff"), file.sha256) is None


def test_unknown_is_judged_again_when_the_line_is_back(
    desk: Desk, office: Office, letter: Path
) -> None:
    signed = office.sign(letter, Purpose.APPROVE)
    assert signed.path is not None
    [file] = desk.receive("d1", signed.path.read_bytes())
    desk.run()
    assert desk.row_of("d1") == "unknown"
    assert office.http.asked == []
    assert desk.run() == 0
    desk.line = True
    desk.run()
    assert desk.row_of("d1") == "valid"
    assert office.http.asked != []
    assert desk.verdict(file.sha256) is Verdict.VALID
    assert desk.run() == 0


def test_an_unknown_root_is_tried_once_a_day(desk: Desk, office: Office, letter: Path) -> None:
    from signing.trust.store import TrustStore

    signed = office.sign(letter, Purpose.APPROVE)
    assert signed.path is not None
    desk.receive("d1", signed.path.read_bytes())
    desk.line = True
    strange = PdfVerifier(TrustStore([]), SystemClock(), office.http)
    desk.worker = ArrivalWorker(desk.store, strange, lambda: True)
    desk.run()
    assert desk.row_of("d1") == "unknown"
    assert desk.run() == 0
    desk.clock.advance(timedelta(hours=25))
    assert desk.run() > 0


def test_a_mark_of_secrecy_keeps_a_file_back(desk: Desk) -> None:
    [secret] = desk.receive("d1", typeset("*TỐI MẬT*\n\nKế hoạch Sừng Trâu"))
    [plain] = desk.receive("d2", typeset("Quy chế bảo mật thông tin (mẫu)"))
    desk.run()
    with desk.store.reader() as connection:
        assert checks.is_secret(connection, secret.sha256)
        assert not checks.is_secret(connection, plain.sha256)
        [alarm] = checks.alarms(connection)
    assert (alarm.sha256, alarm.entities) == (secret.sha256, ("d1",))
    assert (desk.row_of("d1"), desk.row_of("d2")) == (checks.SECRET, "unsigned")
    assert desk.found("Sừng Trâu") == []
    assert desk.found("bảo mật") == ["d2"]


def test_it_goes_on_after_a_crash_and_stops_when_asked(desk: Desk) -> None:
    for number in range(3):
        desk.receive(f"d{number}", typeset(f"Văn bản mẫu Tà Tổng {number}"))
    desk.worker.step()

    class Stop:
        def raise_if_cancelled(self) -> None:
            raise Cancelled

    desk.worker = desk.made()
    with pytest.raises(Cancelled):
        desk.worker.step(Stop())
    desk.worker = desk.made()
    desk.run()
    assert sorted(desk.found("Tà Tổng")) == ["d0", "d1", "d2"]
    assert {desk.row_of(f"d{n}") for n in range(3)} == {"unsigned"}


def test_a_new_version_and_a_second_document_of_a_file_are_found(desk: Desk) -> None:
    data = typeset("Bản đồ Pa Khoang")
    desk.receive("d1", data)
    desk.run()
    desk.receive("d2", data)
    desk.run()
    assert sorted(desk.found("Pa Khoang")) == ["d1", "d2"]


def test_damaged_and_foreign_files_do_not_stop_the_others(desk: Desk, tmp_path: Path) -> None:
    [bad] = desk.receive("d1", b"%PDF-1.7\nnothing of a PDF")
    [web] = desk.receive("d2", b"<html>" * 300)
    [rotten] = desk.receive("d3", typeset("Hỏng trên đĩa (mẫu)"))
    path = tmp_path / "desk" / "vault" / rotten.sha256[:2] / rotten.sha256
    path.write_bytes(bytes(path.stat().st_size))
    desk.receive("d4", typeset("Vẫn tìm được Mường Toong"))
    desk.run()
    assert desk.found("Mường Toong") == ["d4"]
    assert desk.verdict(bad.sha256) is Verdict.UNREADABLE
    assert desk.verdict(web.sha256) is Verdict.UNREADABLE
    assert desk.verdict(rotten.sha256) is None


def test_what_is_not_here_is_asked_for_in_vain_and_orphans_are_forgotten(desk: Desk) -> None:
    with pytest.raises(Unavailable, match=r"vault\.missing"):
        desk.worker.check("ab" * 32)
    [file] = desk.receive("d1", typeset("Thu hồi (mẫu)"))
    desk.run()
    with desk.store.writing() as connection:
        connection.exec_driver_sql("DELETE FROM file_ref")
    desk.run()
    with desk.store.reader() as connection:
        assert checks.report_of(connection, file.sha256) is None
