"""Try to sign one file after the other, in a process of its own with bounds.

Reads a path per line and answers one line of JSON: `outcome`, `detail` and `warnings`.
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium

from app.kernel.clock import FixedClock, SystemClock
from app.kernel.errors import HoaBanError
from app.kernel.ports import Box, Purpose, Verdict
from signing.checking.verify import PdfVerifier
from signing.pdf.appearance import demo_signature
from signing.trust.store import TrustStore
from sync.server.demo.authority import DemoAuthority
from sync.server.demo.softkeys import SoftKeys
from tests.doubles.http import LoopbackHttp

MEMORY = 3 << 30
PDFSIG_SECONDS = 60
RIGHT = {
    "pdf_empty",
    "pdf_not_pdf",
    "pdf_encrypted",
    "pdf_password",
    "pdf_locked",
    "pdf_not_permitted",
    "pdf_form_closed",
    "pdf_cut_short",
    "pdf_damaged_signed",
}
BLOCK = re.compile(r"Signature #\d+:\n(?:  .*\n)+")


class Child:
    """One key, one verifier, file after file."""

    def __init__(self, folder: Path) -> None:
        clock = SystemClock()
        self._trust = TrustStore([folder / "trust"])
        authority = DemoAuthority(folder / "ca")
        self._keys = SoftKeys(authority, self._trust, FixedClock(clock.now()))
        self._verifier = PdfVerifier(self._trust, clock, LoopbackHttp())
        self._image = demo_signature("prove")

    def attempt(self, path: Path) -> dict[str, Any]:
        """Return what came of one file."""
        data = path.read_bytes()
        box = Box(0, 40, 40, 120, 60)
        try:
            made, signed = self._keys.sign(
                data, "person-prove", Purpose.COMMENT, box=box, image=self._image
            )
        except HoaBanError as problem:
            return refusal(problem.code, data)
        why = self._doubts(made, signed.field)
        warnings = list(signed.warnings)
        return {"outcome": "failed" if why else "signed", "detail": why, "warnings": warnings}

    def _doubts(self, made: bytes, field: str) -> str:
        with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
            file.write(made)
            file.flush()
            report = self._verifier.verify(Path(file.name))
            own = [found for found in report.signatures if found.field == field]
            if not own or own[-1].verdict is not Verdict.VALID:
                return f"ours: {[(o.verdict.value, o.reasons) for o in own] or report.reasons}"
            return pdfsig(Path(file.name), field)


def refusal(code: str, data: bytes) -> dict[str, Any]:
    """Tell a right refusal from a failure: what nobody can show nobody has to sign."""
    shown = showable(data)
    right = code in RIGHT or not shown
    detail = code if shown or code in RIGHT else f"unshowable ({code})"
    return {"outcome": "refused" if right else "failed", "detail": detail, "warnings": []}


def showable(data: bytes) -> bool:
    """Tell whether a common viewer's engine opens the file and its first page."""
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError:
        return False
    try:
        document[0].close()
    except pdfium.PdfiumError:
        return False
    finally:
        document.close()
    return True


def pdfsig(path: Path, field: str) -> str:
    """Return "" when poppler finds the signature of a field valid, else what it says."""
    words = ["pdfsig", "-nocert", str(path)]
    try:
        done = subprocess.run(
            words, capture_output=True, check=False, timeout=PDFSIG_SECONDS, text=True,
            errors="replace",
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "pdfsig: time"
    blocks = [b for b in BLOCK.findall(done.stdout) if f"Field Name: {field}\n" in b]
    if blocks and "Signature Validation: Signature is Valid." in blocks[-1]:
        return ""
    said = re.findall(r"Signature Validation: (.*)", "".join(blocks))
    return f"pdfsig: {said or done.stderr[-120:] or 'does not see it'}"


def main() -> int:
    """Answer until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    child = Child(Path(sys.argv[1]))
    for line in sys.stdin:
        answer = child.attempt(Path(json.loads(line)))
        print(json.dumps(answer), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
