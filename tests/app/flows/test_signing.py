"""Sign and seal from the vault into the vault: no plain byte touches the disk."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.documents.model import State
from app.files.model import FileRef
from app.flows import signing as shared
from app.flows.ports import SigningPorts
from app.flows.seal_document import SealRequest, seal_document
from app.flows.sign_document import SignRequest, sign_document
from app.flows.signing import Appearance
from app.identity import audit
from app.identity.actions import Action
from app.identity.audit import AuditEntry, Note
from app.identity.trail import DeskTrail
from app.kernel.clock import FixedClock, SystemClock
from app.kernel.errors import Damaged, HoaBanError, NotPermitted, RuleViolation
from app.kernel.ports import Box, CertificateInfo, FileReport, Verdict
from app.store.desk import DeskStore
from app.store.spool import SealedFile
from signing.pdf.appearance import demo_seal, demo_signature
from signing.work.signer import WorkerSigner
from tests.app.documents.world import DEVICE, NOW, REGISTRY, World, actor, submitted, world
from tests.signing.conftest import AGENCY, NAME, PINS, TITLE, Office, Pins, typeset

SECRET_WORDS = b"Thang luong rieng (mau)"
PAGE = f"""#set page(paper: "a4")
#set document(keywords: ("{SECRET_WORDS.decode()}",))
Số: 01/UBND-VX #h(20pt) ngày 23 tháng 11 năm 2026
#v(460pt)
#align(right)[*{TITLE}* #v(80pt) *{NAME}*]
"""


class Bench:
    """A document that waits for its signature, with real tokens, verifier and vault."""

    def __init__(self, folder: Path, office: Office, signer: WorkerSigner) -> None:
        folder.mkdir()
        self.folder = folder
        self.store = DeskStore.open(folder, bytes(32), REGISTRY, FixedClock(SystemClock().now()))
        self.signer = signer
        self.data = typeset(PAGE)
        annex = self.store.vault.put(typeset('#set page(paper: "a4")\nPhụ lục (mẫu)'))
        main = self.store.vault.put(self.data)
        files = (with_role(main, "cv.pdf", "main"), with_role(annex, "pl.pdf", "attachment"))
        self.world: World = submitted(world(), files=files)
        self.ports = SigningPorts(
            get=self.world.get,
            run=self.world.run,  # type: ignore[arg-type]
            vault=self.store.vault,
            signer=signer,
            verifier=office.verifier(),
            prompts=Pins(),
            device=DEVICE,
            clock=FixedClock(NOW),
            note=self.note,
        )

    def note(self, action: Action, objects: tuple[str, ...] = (), detail: str = "") -> None:
        DeskTrail(self.store).note(Note(action, objects=objects, detail=detail))

    def noted(self) -> list[AuditEntry]:
        with self.store.reader() as connection:
            return audit.entries(connection)

    def key(self, label: str) -> CertificateInfo:
        return next(c for c in self.signer.certificates() if c.token.label == label)

    def sign(self, **more: Any) -> FileRef:
        look = Appearance(demo_signature(NAME), title=TITLE)
        request = SignRequest("o1", self.key("Người ký"), look, "Chưa ký (mẫu)", (NAME,))
        return sign_document(more.pop("ports", self.ports), actor("leader"), request, **more)

    def seal(self) -> FileRef:
        look = Appearance(demo_seal(AGENCY))
        request = SealRequest("o1", self.key("Cơ quan"), look, (AGENCY,))
        return seal_document(self.ports, actor("clerk"), request)

    def report(self, file: FileRef) -> FileReport:
        with self.store.vault.open(file.sha256) as stream:
            return self.ports.verifier.verify(stream)


def with_role(file: FileRef, name: str, role: str) -> FileRef:
    return shared.with_role(file, name, role)


@pytest.fixture
def bench(tmp_path: Path, office: Office) -> Iterator[Bench]:
    with office.signer() as signer:
        made = Bench(tmp_path / "desk", office, signer)
        yield made
        made.store.close()


def test_signed_sealed_and_attached_through_the_vault(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    bench.sign()
    assert bench.world.doc("o1").state is State.SIGNED
    sealed = bench.seal()
    document = bench.world.doc("o1")
    assert document.state is State.SEALED
    report = bench.report(sealed)
    assert report.verdict is Verdict.VALID
    assert [s.field for s in report.signatures] == ["Sig_NguoiKy", "Sig_CoQuan"]
    [annex] = [f for f in document.files if f.role == "attachment"]
    person, agency = (bench.key(label).serial for label in ("Người ký", "Cơ quan"))
    assert [(e.action, *e.objects[:2], e.detail) for e in bench.noted()] == [
        ("sign", "o1", f"certificate:{person}", "approve:done"),
        ("sign", "o1", f"certificate:{agency}", "issue:done"),
        ("sign", "o1", f"certificate:{agency}", "attachment:done"),
    ]
    assert bench.noted()[1].objects[2] == sealed.sha256
    assert not any(tells(pin, e) for e in bench.noted() for pin in PINS.values())
    assert [s.field for s in bench.report(annex).signatures] == ["Sig_CoQuan"]
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or not {b"%PDF", SECRET_WORDS} & found_in(path)


def tells(pin: str, entry: object) -> bool:
    """Say whether a PIN stands in an entry; four digits in the middle of a digest are chance."""
    return re.search(rf"(?<![0-9a-f]){pin}(?![0-9a-f])", str(entry)) is not None


def found_in(path: Path) -> set[bytes]:
    data = path.read_bytes()
    return {words for words in (b"%PDF", SECRET_WORDS) if words in data}


def test_a_large_file_is_sealed_on_its_way(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[SealedFile] = []

    def large(_: int) -> io.BufferedRandom:
        made.append(SealedFile())
        return io.BufferedRandom(made[-1])

    monkeypatch.setattr(shared, "spool", large)
    signed = bench.sign()
    assert bench.report(signed).verdict is Verdict.VALID
    assert all(file.closed for file in made)
    assert len(made) == 1


def test_what_goes_wrong_gives_the_number_back(bench: Bench) -> None:
    before = set((bench.folder / "vault").rglob("*"))

    class Broken:
        def verify(self, *_: object, **__: object) -> FileReport:
            return FileReport(Verdict.INVALID)

    from dataclasses import replace

    with pytest.raises(Damaged, match=r"flow\.bad_signature"):
        bench.sign(ports=replace(bench.ports, verifier=Broken()))
    assert [e.detail for e in bench.noted()] == ["approve:flow.bad_signature"]
    assert bench.world.doc("o1").state is State.SUBMITTED
    assert set((bench.folder / "vault").rglob("*")) == before
    with pytest.raises(HoaBanError) as caught:
        bench.sign(ports=replace(bench.ports, prompts=Pins("0000")))
    assert caught.value.code.startswith("pin_incorrect")
    assert bench.world.doc("o1").state is State.SUBMITTED


def test_the_seal_follows_the_person_and_his_own_key(bench: Bench) -> None:
    with pytest.raises(RuleViolation, match=r"document\.not_signed"):
        bench.seal()
    request = SignRequest("o1", bench.key("Cơ quan"), Appearance(), "x", (NAME,))
    with pytest.raises(NotPermitted, match=r"flow\.not_your_key"):
        sign_document(bench.ports, actor("leader"), request)


def test_streams_need_no_path_and_are_emptied_when_it_fails(
    bench: Bench, office: Office, letter: Path
) -> None:
    from app.kernel.ports import Purpose, SignJob

    key = bench.key("Người ký")
    source, target = io.BytesIO(letter.read_bytes()), io.BytesIO(b"old")
    job = SignJob(
        source, target, Purpose.APPROVE, key, box=Box(0, 100, 100, 90, 40),
        image=demo_signature(NAME),
    )  # fmt: skip
    signed = bench.signer.sign(job, Pins())
    assert (signed.path, target.tell()) == (None, 0)
    assert target.getvalue().startswith(b"%PDF")
    assert office.verifier().verify(target).sha256 == signed.sha256
    assert source.getvalue() == letter.read_bytes()
    with pytest.raises(HoaBanError):
        bench.signer.sign(job, Pins("0000"))
    assert target.getvalue() == b""


def test_a_signer_that_signs_another_page_is_found_out(bench: Bench) -> None:
    from dataclasses import replace

    other = io.BytesIO(typeset(PAGE.replace("Số: 01", "Số: 01 ")))

    class Swapping:
        def sign(self, job: Any, *more: Any) -> Any:
            return bench.signer.sign(replace(job, source=other, expected_sha256=""), *more)

    with pytest.raises(Damaged, match=r"flow\.not_as_shown"):
        bench.sign(ports=replace(bench.ports, signer=Swapping()))
    assert bench.world.doc("o1").state is State.SUBMITTED
