"""A folder of small documents and the command that signs it, as tests and the proof use them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyhanko.pdf_utils.reader import PdfFileReader

from tests.signing.conftest import typeset

ROOT = Path(__file__).parents[3]
PIN, TOKEN = "4711", "Người ký"


def documents(folder: Path, count: int) -> list[Path]:
    """Make different small PDFs: one page, told apart by a comment behind its end."""
    folder.mkdir(parents=True)
    page = typeset('#set page(paper: "a4")\nVăn bản mẫu')
    made = []
    for number in range(count):
        path = folder / f"vb-{number:04d}.pdf"
        path.write_bytes(page + f"% {number}\n".encode())
        made.append(path)
    return made


@dataclass(frozen=True)
class Run:
    """How a command ended: its code, the rows of files, and the summary."""

    code: int
    rows: Sequence[dict[str, Any]]

    @property
    def counts(self) -> dict[str, int]:
        """Return what the summary counted, without zeros."""
        return {k: v for k, v in self.rows[-1]["summary"].items() if v}


def command(source: Path, out: Path, module: str) -> list[str]:
    """Return the command line."""
    words = ["sign-batch", str(source), "--out", str(out), "--module", module]
    words += ["--token", TOKEN, "--purpose", "approve", "--pin-stdin", "--json"]
    return [sys.executable, "-m", "app", *words]


def start(source: Path, out: Path, module: str, pin: str = PIN) -> subprocess.Popen[bytes]:
    """Start a batch in a process of its own, with its PIN typed."""
    process = subprocess.Popen(
        command(source, out, module), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(f"{pin}\n".encode())
    process.stdin.flush()
    return process


def finish(process: subprocess.Popen[bytes]) -> Run:
    """Wait for a batch and read what it said."""
    text, _ = process.communicate()
    return Run(process.returncode, [json.loads(line) for line in text.splitlines()])


def signed_files(out: Path) -> list[Path]:
    """Return what bears a final name."""
    return sorted(out.glob("*.pdf"))


def signatures_in(path: Path) -> int:
    """Count the signatures of a file by pyHanko's own reader."""
    with path.open("rb") as stream:
        return len(PdfFileReader(stream).embedded_signatures)
