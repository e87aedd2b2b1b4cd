"""Classify every signed PDF of a folder: verdict, changes by structure and by picture.

pdfsig says, independently, which signatures hold and which cover the whole file: a file all of
whose signatures hold, the last of them over the whole file, is intact. Of the rest, the names of
what is known to be attacked or changed are data in `known_attacks.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from pathlib import Path

from app.kernel.clock import SystemClock
from app.kernel.ports import FileReport, Verdict
from signing.checking.verify import PdfVerifier
from signing.trust.store import TrustStore
from tests.prove.prove_corpus import distinct

SECONDS = 60
MEMORY = 3 << 30
GOAL = 1.0
KNOWN = Path(__file__).with_name("known_attacks.json")
BROKEN = {"altered", "signature_false", "coverage", "unreadable_signature"}


@dataclass(frozen=True, slots=True)
class Found:
    """What we and pdfsig say of a file; `kind` is intact, attack, changed or unsure."""

    name: str
    kind: str
    verdict: str
    flagged: bool
    reasons: tuple[str, ...]
    shown: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the folder of files, and how to answer."""
    parser.add_argument("--files", type=Path, required=True, metavar="DIR", help="PDFs of others")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes at once")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Classify them; 1 when an attack is missed or more than 1 % of intact files are accused."""
    known = json.loads(KNOWN.read_text(encoding="utf-8"))
    files = [path for path in distinct(arguments.files) if b"/ByteRange" in path.read_bytes()]
    found = [
        _found(path, report, known, arguments.files)
        for path, report in _judged(files, arguments.jobs)
    ]
    intact = [f for f in found if f.kind == "intact"]
    accused = [f for f in intact if f.flagged]
    missed = [f for f in found if f.kind in ("attack", "changed") and not f.flagged]
    lost = [f for f in found if f.verdict == "none"]
    if arguments.json:
        print(json.dumps({"name": "attacks", "files": [asdict(f) for f in found]}))
    else:
        for kind in ("intact", "attack", "changed", "unsure"):
            of_kind = [f for f in found if f.kind == kind]
            print(f"{kind}: {len(of_kind)}, flagged {sum(f.flagged for f in of_kind)}")
        for title, those in (
            ("accused", accused),
            ("missed", missed),
            ("without a verdict", lost),
            ("unsure", [f for f in found if f.kind == "unsure"]),
        ):
            for f in those:
                print(f"{title}: {f.name} {f.verdict} {','.join(f.reasons)} shown {f.shown}")
    share = 100 * len(accused) / max(1, len(intact))
    return 1 if missed or lost or share > GOAL else 0


def _judged(files: list[Path], jobs: int) -> Iterator[tuple[Path, FileReport | None]]:
    """Verify each file in a bounded process; one that ends it has no verdict."""
    waiting = list(files)
    while waiting:
        done = 0
        with ProcessPoolExecutor(jobs, initializer=_bound) as pool:
            answers = [pool.submit(_verify, path) for path in waiting]
            try:
                for path, answer in zip(waiting, answers, strict=True):
                    yield path, answer.result()
                    done += 1
            except BrokenProcessPool:
                yield waiting[done], None
                done += 1
        waiting = waiting[done:]


def _bound() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.nice(5)


def _verify(path: Path) -> FileReport:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(SECONDS)
    report = PdfVerifier(TrustStore([]), SystemClock()).verify(path, offline=True)
    signal.alarm(0)
    return report


def _found(
    path: Path, report: FileReport | None, known: dict[str, list[str]], folder: Path
) -> Found:
    name = str(path.relative_to(folder))
    kind = next(
        (kind for kind, names in known.items() if any(fnmatch(path.name, n) for n in names)),
        "intact" if _is_whole(path) else "unsure",
    )
    if report is None:
        return Found(name, kind, "none", flagged=False, reasons=(), shown=0)
    reasons = dict.fromkeys(r for s in report.signatures for r in s.reasons)
    accused = any(
        s.changes == "forbidden" or BROKEN & set(s.reasons) for s in report.signatures
    ) or (report.verdict in (Verdict.UNREADABLE, Verdict.UNSIGNED) and kind != "intact")
    return Found(
        name,
        kind,
        report.verdict.value,
        accused,
        (*report.reasons, *reasons),
        sum(len(s.shown) for s in report.signatures),
    )


def _is_whole(path: Path) -> bool:
    """Tell whether pdfsig finds every signature good and the last over the whole file."""
    text = subprocess.run(
        ["pdfsig", "-nocert", str(path)],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=SECONDS,
        check=False,
    ).stdout
    signatures = len(re.findall(r"^Signature #", text, re.MULTILINE))
    good = text.count("Signature is Valid")
    return 0 < signatures == good and "Total document signed" in text
