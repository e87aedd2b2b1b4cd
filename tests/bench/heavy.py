"""A large PDF, and what it costs one process in memory: `python -m tests.bench.heavy WAY FOLDER`."""

from __future__ import annotations

import gc
import json
import re
import sys
from pathlib import Path

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from app.kernel.clock import SystemClock
from app.kernel.ports import Purpose, SignJob, TokenInfo, Verdict
from signing.checking.verify import PdfVerifier
from signing.pdf import pades
from signing.pdf.appearance import demo_signature
from signing.trust.certificates import describe
from signing.trust.store import TrustStore
from sync.server.demo.authority import DemoAuthority
from sync.server.demo.softkeys import SoftKey, SoftKeys
from tests.bench.tokens import TheirSigner, as_it_comes, without_shortcuts
from tests.signing.conftest import LETTER, NAME, TITLE, typeset

MEGABYTE = 1 << 20
WAYS = ("sign", "sign-theirs", "verify", "verify-theirs")


def heavy_pdf(path: Path, size: int) -> None:
    """Write a letter that carries a stream of so many bytes (ISO 32000-1, 7.5.6)."""
    base = typeset(LETTER)
    (count,) = re.findall(rb"/Size (\d+)", base)[-1:]
    (root,) = re.findall(rb"/Root (\d+ \d+ R)", base)[-1:]
    (before,) = re.findall(rb"startxref\s+(\d+)", base)[-1:]
    number = int(count)
    with path.open("wb") as sink:
        sink.write(base + b"\n")
        start = sink.tell()
        sink.write(b"%d 0 obj\n<</Length %d>>\nstream\n" % (number, size))
        for _ in range(0, size, MEGABYTE):
            sink.write(bytes(min(MEGABYTE, size)))
        sink.write(b"\nendstream\nendobj\n")
        table = sink.tell()
        sink.write(b"xref\n%d 1\n%010d 00000 n \n" % (number, start))
        sink.write(b"trailer\n<</Size %d/Root %s/Prev %s>>\n" % (number + 1, root, before))
        sink.write(b"startxref\n%d\n%%%%EOF\n" % table)


class Ways:
    """Sign and check with the key of the authority's person; no token, no line."""

    def __init__(self, folder: Path) -> None:
        self._trust = TrustStore([folder / "trust"])
        authority = DemoAuthority(folder / "ca")
        self._keys = SoftKeys(authority, self._trust, None)  # type: ignore[arg-type]
        self._der = authority.certificate("person-mau")

    def sign(self, source: Path, target: Path) -> None:
        """Sign as the product does."""
        certificate = describe(self._der, TokenInfo("", -1, "", ""), "", "")
        job = SignJob(
            source, target, Purpose.APPROVE, certificate, NAME, TITLE, image=demo_signature(NAME)
        )
        key = SoftKey(self._raw)
        pades.sign(job, lambda: key, clock=SystemClock(), trust=self._trust, http=None)

    def sign_theirs(self, source: Path, target: Path) -> None:
        """Sign as pyHanko's manual shows."""
        signer = TheirSigner(self._der, self._trust, self._raw)
        target.write_bytes(as_it_comes(signer, source.read_bytes()))

    def verify(self, source: Path, _target: Path) -> None:
        """Check as the product does."""
        report = PdfVerifier(self._trust, SystemClock()).verify(source, offline=True)
        assert report.verdict is Verdict.UNKNOWN, report
        assert report.signatures[0].reasons == ("revocation_unknown",)

    def verify_theirs(self, source: Path, _target: Path) -> None:
        """Check as pyHanko's manual shows."""
        context = ValidationContext(trust_roots=self._trust.roots, other_certs=self._trust.links)
        with source.open("rb") as stream:
            (signature,) = PdfFileReader(stream).embedded_signatures
            assert validate_pdf_signature(signature, context).intact

    def _raw(self, data: bytes) -> bytes:
        return self._keys._raw("person-mau", data)


def main(arguments: list[str]) -> int:
    """Do it with a small PDF, then with the large one; print by how many MB the peak grew."""
    way, folder = arguments[0], Path(arguments[1])
    ways = Ways(folder)
    work = getattr(ways, way.replace("-", "_"))
    small, large = folder / "small.pdf", folder / "large.pdf"
    small.write_bytes(typeset(LETTER))
    if way.startswith("verify"):
        for name in ("small", "large"):
            ways.sign(folder / f"{name}.pdf", folder / f"{name}-signed.pdf")
        small, large = folder / "small-signed.pdf", folder / "large-signed.pdf"
    done = folder / "done.pdf"
    if way.endswith("theirs"):
        with without_shortcuts():
            grown = _grown(lambda: work(small, done), lambda: work(large, done))
    else:
        grown = _grown(lambda: work(small, done), lambda: work(large, done))
    sys.stdout.write(json.dumps(grown) + "\n")
    return 0


def _grown(first: object, then: object) -> float:
    for work in (first, first):
        work()  # type: ignore[operator]
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = _peak()
    then()  # type: ignore[operator]
    return (_peak() - before) / 1024


def _peak() -> int:
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
