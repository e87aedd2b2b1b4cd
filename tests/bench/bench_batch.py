"""A batch on a token that takes its time: documents a second, and how much the rest costs."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from app.kernel.batch import BatchControl, PieceState
from app.kernel.clock import SystemClock
from app.kernel.errors import HoaBanError
from app.kernel.ports import CertificateInfo, Purpose, SignedFile, SignJob
from signing.batch.signer import TokenBatchSigner
from signing.pdf.appearance import demo_signature
from signing.work.worker import Workers
from tests.bench.__main__ import Plan
from tests.bench.figures import Figure
from tests.bench.tokens import PIN, Desk, OnePin, desk
from tests.shim.probe import probe
from tests.shim.shim import Shim, build
from tests.signing.conftest import LETTER, NAME, TITLE, typeset

DOCUMENTS = 40
BUDGET = 1.05
_LATENCIES = (0, 50, 300)


@dataclass(frozen=True, slots=True)
class Letter:
    """One document of the batch."""

    source: Path
    certificate: CertificateInfo
    kept: list[float]

    @property
    def id(self) -> str:
        """Return its name."""
        return self.source.stem

    def open(self) -> SignJob:
        """Return the job."""
        target = self.source.with_name(f"{self.source.stem}-signed.pdf")
        return SignJob(
            self.source,
            target,
            Purpose.APPROVE,
            self.certificate,
            NAME,
            TITLE,
            image=demo_signature(NAME),
        )

    def keep(self, signed: SignedFile) -> None:
        """Note when; it lies where it belongs already."""
        self.kept.append(time.perf_counter())

    def drop(self, error: HoaBanError | None) -> None:
        """Nothing was taken."""


def measure(plan: Plan) -> list[Figure]:
    """Sign the same documents on a token of each latency, and tell its start from its pace."""
    made, count = desk(plan.folder), max(4, plan.rows(DOCUMENTS))
    if plan.size:
        count = max(4, count // 10)
    shim = Shim.install(build(plan.folder), plan.folder / "shim")
    figures = []
    for latency in _LATENCIES:
        shim.well()
        shim.slow("C_Sign", latency)
        _, (_, token) = probe(shim.module, "open", f"login:{PIN}", "floor:4")[-1]
        each, start = _batch(plan.folder / str(latency), made, shim, count)
        said = (
            f"{1 / each:.1f} documents/s after the first, the token alone {1000 / token:.1f}/s; "
            f"{start:.1f} s from the click to the first"
        )
        budget = BUDGET if latency == max(_LATENCIES) else None
        what = f"batch of {count}, token of {latency} ms more: a document, in times of the token"
        figures.append(Figure(what, each * 1000 / token, "", budget, said))
    return figures


def _batch(folder: Path, made: Desk, shim: Shim, count: int) -> tuple[float, float]:
    """Return the seconds for each document after the first, and those until the first."""
    folder.mkdir()
    data, signed = typeset(LETTER), shim.count("signed")
    for number in range(count):
        (folder / f"{number:04d}.pdf").write_bytes(data)
    keys, workers = made.signer(shim.module), Workers([made.authority.folder.parent / "trust"])
    with TokenBatchSigner(keys, workers, SystemClock(), None) as signer:
        (certificate,) = signer.certificates()
        control = BatchControl()
        kept: list[float] = []
        pieces = [Letter(path, certificate, kept) for path in sorted(folder.iterdir())]
        began = time.perf_counter()
        signer.sign_batch(pieces, certificate, OnePin(), Purpose.APPROVE, control)
    assert all(o.state is PieceState.DONE for o in control.outcomes())
    assert len(kept) == len(control.outcomes()) == count
    assert shim.count("signed") - signed == count
    shutil.rmtree(folder)
    return (max(kept) - min(kept)) / (count - 1), min(kept) - began
