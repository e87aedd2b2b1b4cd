"""Fuzz the verifier with mutated signed files in bounded processes: no crash, no hang, no lie."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import resource
import signal
import tempfile
import time
from collections import Counter
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

from app.kernel.clock import SystemClock
from app.kernel.ports import FileReport, Purpose, Verdict
from signing.checking.verify import PdfVerifier
from signing.trust.store import TrustStore
from sync.server.demo.authority import DemoAuthority
from tests.doubles.http import LoopbackHttp
from tests.prove.mutations import mutated
from tests.signing.attacks.document import rich_letter
from tests.signing.conftest import (
    AGENCY,
    LETTER,
    MODULE,
    NAME,
    PINS,
    Office,
    free_port,
    plugged,
    token_folder,
    typeset,
)

CRASHERS = Path(__file__).parents[1] / "signing" / "attacks" / "crashers"
SECONDS = 20
MEMORY = 2 << 30
_RANGE = re.compile(rb"/ByteRange ?\[ ?(\d+) (\d+) (\d+) (\d+) ?\]")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say how long, from which seed, and in how many processes."""
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)


def run(arguments: argparse.Namespace) -> int:
    """Fuzz and print the figures; 1 when something crashed, hung or lied."""
    with tempfile.TemporaryDirectory(prefix="fuzz_") as name:
        folder = Path(name)
        make_seeds(folder)
        until = time.monotonic() + arguments.minutes * 60
        children = [_Child(folder, arguments.seed, n, until) for n in range(arguments.processes)]
        for child in children:
            child.follow()
        sizes = {path.name: path.stat().st_size for path in sorted(folder.glob("*.pdf"))}
    verdicts: Counter[str] = sum((child.verdicts for child in children), Counter())
    bad = [line for child in children for line in child.bad]
    print(f"seeds: {sizes}; seed of chance {arguments.seed}; {arguments.minutes:g} minutes")
    print(f"executions: {verdicts.total()} in {arguments.processes} processes: {dict(verdicts)}")
    print(f"crashes, hangs, false verdicts: {len(bad)}")
    for line in bad:
        print(f"  {line}")
    return 1 if bad else 0


def make_seeds(folder: Path) -> None:
    """Sign what is to be mutated: one signature, two with proofs, and a plain letter."""
    tokens = token_folder(folder / "hsm")
    with plugged(tokens):
        authority = DemoAuthority.create(
            folder / "ca", [("mau", NAME)], [("mau", AGENCY)], port=free_port()
        )
        authority.anchors(folder / "trust")
        for holder, label in (("person-mau", "Người ký"), ("agency-mau", "Cơ quan")):
            authority.load_token(holder, label, PINS[label], module=MODULE)
        with authority.serve():
            trust = TrustStore([folder / "trust"])
            office = Office(folder, authority, LoopbackHttp(), trust, tokens)
            for number, body in enumerate((typeset(LETTER), rich_letter())):
                work = folder / f"work{number}"
                work.mkdir()
                source = work / "letter.pdf"
                source.write_bytes(body)
                tsa = authority.tsa_url
                signed = office.sign(source, Purpose.APPROVE, tsa=tsa).path
                assert signed is not None
                sealed = office.sign(signed, Purpose.ISSUE, tsa=tsa).path
                assert sealed is not None
                signed.rename(folder / f"{number}-signed.pdf")
                sealed.rename(folder / f"{number}-sealed.pdf")


class _Child:
    """One process which is followed, and started again behind what ended it."""

    def __init__(self, folder: Path, seed: int, number: int, until: float) -> None:
        self._arguments = (folder, seed, number, until)
        self._next = multiprocessing.get_context("spawn").Value("q", 0)
        self.verdicts: Counter[str] = Counter()
        self.bad: list[str] = []
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, sender = context.Pipe(duplex=False)
        self._process = context.Process(target=_work, args=(*self._arguments, self._next, sender))
        self._process.start()
        sender.close()

    def follow(self) -> None:
        """Collect what the process finds until the time is over."""
        while True:
            try:
                kind, text = self._pipe.recv()
            except EOFError:
                self._process.join()
                if not self._process.exitcode:
                    return
                self._died(f"process ended with {self._process.exitcode}")
                continue
            if kind == "verdict":
                self.verdicts[text] += 1
            else:
                self._note(text)

    def _died(self, why: str) -> None:
        self._note(f"{self._next.value}: {why}")
        self._next.value += 1
        self._start()

    def _note(self, text: str) -> None:
        folder, seed, number, _ = self._arguments
        index = int(text.split(":", 1)[0])
        CRASHERS.mkdir(exist_ok=True)
        _, data = _case(_seeds(folder), seed, number, index)
        (CRASHERS / f"fuzz-{seed}-{number}-{index}.pdf").write_bytes(data)
        self.bad.append(f"{seed}-{number}-{text}")


def _seeds(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.glob("*.pdf"))]


def _case(seeds: list[bytes], seed: int, number: int, index: int) -> tuple[bytes, bytes]:
    random = Random(f"{seed}:{number}:{index}")
    original = random.choice(seeds)
    return original, mutated(original, random)


def _work(folder: Path, seed: int, number: int, until: float, counter: Any, sender: Any) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.nice(5)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    seeds = _seeds(folder)
    verifier = PdfVerifier(TrustStore([folder / "trust"]), SystemClock())
    while time.monotonic() < until:
        original, data = _case(seeds, seed, number, counter.value)
        # A hang ends the process: its default answer to the alarm cannot be caught by a parser.
        signal.alarm(SECONDS)
        try:
            report = verifier.verify(BytesIO(data), offline=True)
        except Exception as problem:  # noqa: BLE001 : whatever escapes the verifier is the finding
            sender.send(("bad", f"{counter.value}: {type(problem).__name__}: {problem}"))
        else:
            signal.alarm(0)
            sender.send(("verdict", report.verdict.value))
            if lies(report, original, data):
                sender.send(("bad", f"{counter.value}: valid though its signed bytes changed"))
        counter.value += 1
    signal.alarm(0)


def lies(report: FileReport, original: bytes, data: bytes) -> bool:
    """Tell whether a signature is called valid though the bytes that it signed are others."""
    ranges = [tuple(map(int, match.groups())) for match in _RANGE.finditer(original)]
    for (_, length, second, rest), found in zip(ranges, report.signatures, strict=False):
        if found.verdict is not Verdict.VALID:
            continue
        if original[:length] != data[:length]:
            return True
        if original[second : second + rest] != data[second : second + rest]:
            return True
    return False
