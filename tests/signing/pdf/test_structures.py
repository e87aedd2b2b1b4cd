"""Files as programs write them: hybrid tables, objects and tables in streams, damage, large ones."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pyhanko.pdf_utils.generic import Reference
from pyhanko.pdf_utils.reader import PdfFileReader

from app.kernel.clock import SystemClock
from app.kernel.errors import HoaBanError
from app.kernel.ports import Box, Purpose, Verdict
from signing.work.signer import WorkerSigner
from signing.work.verifier import WorkerVerifier
from signing.work.worker import Workers
from tests.signing.attacks.raw import last_table
from tests.signing.conftest import LETTER, Office, Pins, typeset
from tests.signing.pdf.small import PAGE, assembled, small
from tests.signing.pdf.test_opening import pdfsig
from tests.signing.test_forms import picture

BOX = Box(0, 20, 20, 100, 50)
LARGE = 60 << 20


def hybrid() -> bytes:
    """Return a file whose content hides in an object stream from readers of PDF 1.4 (7.5.8.4)."""
    body = b"4 0 5 9 <</A 1>> <</B 2>>"
    held = b"<</Type/ObjStm/N 2/First 8/Length %d>>\nstream\n%s\nendstream" % (len(body), body)
    objects = PAGE | {3: PAGE[3].replace(b"4 0 R", b"6 0 R"), 6: PAGE[4], 7: held}
    objects.pop(4)
    base = assembled(objects)
    front = base[: last_table(base)]
    table = b"".join(bytes([2]) + (7).to_bytes(4, "big") + bytes([place]) for place in range(2))
    place = len(front)
    stream = b"8 0 obj\n<</Type/XRef/Size 9/W[1 4 1]/Index[4 2]/Length %d>>\nstream\n%s\nendstream\nendobj\n"
    front += stream % (len(table), table)
    rest = base[last_table(base) :].replace(b"/Size 900", b"/Size 9/XRefStm %d" % place)
    return front + re.sub(rb"startxref\n\d+", b"startxref\n%d" % len(front), rest)


def _shifted(data: bytes) -> bytes:
    """Let every offset of the table be wrong, as after a change of line ends."""
    start = last_table(data)
    moved = re.sub(rb"(\d{10}) 00000 n", lambda m: b"%010d 00000 n" % (int(m[1]) + 3), data[start:])
    return data[:start] + moved


SOUND: dict[str, Callable[[], bytes]] = {
    "hybrid": hybrid,
    "object and table streams": lambda: small(stream=True),
    "a classic table": small,
}
DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "a wrong startxref": lambda data: re.sub(rb"startxref\n\d+", b"startxref\n7", data),
    "shifted offsets": _shifted,
    "no table at all": lambda data: data.replace(b"\nxref\n", b"\nfrex\n"),
}


def signed_twice(office: Office, path: Path) -> list[Path]:
    """Sign as the person and as the agency; each time the signatures must hold for all."""
    made = []
    for purpose in (Purpose.APPROVE, Purpose.ISSUE):
        signed = office.sign(path, purpose, box=BOX)
        assert signed.path is not None
        path = signed.path
        made.append(path)
        report = office.verifier().verify(path)
        assert report.verdict is Verdict.VALID, [s.reasons for s in report.signatures]
        assert pdfsig(path) == len(made)
    return made


@pytest.mark.parametrize("kind", SOUND)
def test_every_kind_of_table_is_added_to(office: Office, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file.pdf"
    data = SOUND[kind]()
    path.write_bytes(data)
    before = PdfFileReader(BytesIO(data))
    assert before.xrefs.total_revisions >= 1
    last = signed_twice(office, path)[-1]
    made = last.read_bytes()
    assert made.startswith(data), "what was there stays byte for byte"
    after = PdfFileReader(BytesIO(made), strict=True)
    pages = [reader.get_object(Reference(2, 0, reader)) for reader in (before, after)]
    assert pages[0] == pages[1]
    if kind == "hybrid":
        assert after.get_object(Reference(5, 0, after))["/B"] == 2, (
            "hidden objects stay to be found"
        )


@pytest.mark.parametrize("damage", DAMAGED)
def test_damaged_tables_are_repaired_before_and_refused_after_a_signature(
    office: Office, tmp_path: Path, damage: str
) -> None:
    path = tmp_path / "damaged.pdf"
    path.write_bytes(DAMAGED[damage](assembled(PAGE)))
    shown = picture(path)
    signed = office.sign(path, Purpose.APPROVE, box=None, lines=(), image=b"")
    assert signed.path is not None
    assert picture(signed.path).tobytes() == shown.tobytes()
    assert office.verifier().verify(signed.path).verdict is Verdict.VALID
    assert pdfsig(signed.path) == 1
    path.write_bytes(DAMAGED[damage](signed.path.read_bytes()))
    with pytest.raises(HoaBanError) as refused:
        office.sign(path, Purpose.APPROVE, box=BOX)
    assert refused.value.code in {"pdf_damaged_signed", "pdf_cut_short", "pdf_damaged"}
    assert office.verifier().verify(path).verdict in {Verdict.UNREADABLE, Verdict.INVALID}


# --- large files ---------------------------------------------------------------------------


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A letter with a large attachment behind it, most of it a hole in the disk."""
    path, data = tmp_path / "large.pdf", typeset(LETTER)
    with path.open("wb") as stream:
        stream.write(data + b"\n900 0 obj\n<</Length %d>>\nstream\n" % LARGE)
        place = stream.tell() - len(b"900 0 obj\n<</Length %d>>\nstream\n" % LARGE)
        stream.seek(LARGE, os.SEEK_CUR)
        start = stream.tell() + len(b"\nendstream\nendobj\n")
        said = b"/Root %d 0 R" % int(re.findall(rb"/Root (\d+) 0 R", data)[-1])
        stream.write(
            b"\nendstream\nendobj\nxref\n0 1\n0000000000 65535 f \n900 1\n%010d 00000 n \n"
            b"trailer\n<</Size 901/Prev %d %s>>\nstartxref\n%d\n%%%%EOF\n"
            % (place, last_table(data), said, start)
        )
    return path


@pytest.fixture
def workers(office: Office) -> Iterator[Workers]:
    made = Workers([office.folder / "trust"])
    yield made
    made.close()


def peak(workers: Workers) -> int:
    """Return how much memory the worker ever held, in bytes."""
    with workers.one() as worker:
        worker.warm()
        status = Path(f"/proc/{worker.pid}/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) << 10


def test_a_large_file_is_signed_and_checked_in_little_memory(
    office: Office, workers: Workers, letter: Path, large: Path
) -> None:
    with WorkerSigner(office.keys(), workers, SystemClock()) as signer:
        job = office.job(signer, letter, Purpose.APPROVE)
        signer.sign(job, Pins())
        usual = peak(workers)
        signed = signer.sign(replace(job, source=large, target=large.with_name("s.pdf")), Pins())
        assert signed.path is not None
        assert signed.path.stat().st_size > LARGE
        assert peak(workers) - usual < LARGE // 3, "signing never holds the file"
        report = WorkerVerifier(workers, SystemClock()).verify(signed.path, offline=True)
        assert report.signatures[0].reasons == ("revocation_unknown",)
        assert report.signatures[0].covers_whole_file
        assert peak(workers) - usual < LARGE * 3 // 2, "checking holds no more than one copy"
