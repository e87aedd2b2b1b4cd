"""Fuzz the verifier guided by coverage (atheris): no crash, no hang, no lie.

The parser and the checks run inside the fuzzing process, under the limits of a worker. atheris is
no part of the locked environment; the proof says how to get it.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from asn1crypto import pem
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import SigSeedSubFilter

from sync.server.demo.authority import DemoAuthority
from tests.prove.prove_corpus import distinct
from tests.prove.prove_fuzz import make_seeds

SECONDS = 20
LARGEST = 256 << 10
_SMALL = (
    b"<</Type/Catalog/Pages 2 0 R>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>",
)
_STATE = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)")
_UNITS = re.compile(r"^#(\d+)", re.MULTILINE)


@dataclass
class Counted:
    """What one process did, over all its starts."""

    executions: int = 0
    coverage: int = 0
    features: int = 0
    corpus: int = 0
    ends: list[str] = field(default_factory=list)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say how long, from which seed, with which files of others."""
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--files", type=Path, metavar="DIR", help="signed PDFs of others")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where finds and corpus stay")


def run(arguments: argparse.Namespace) -> int:
    """Fuzz and print the figures; 1 when something crashed, hung or lied."""
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed: .venv/bin/python -m pip install atheris==3.0.0")
        return 2
    with tempfile.TemporaryDirectory(prefix="guided_") as name:
        folder = arguments.keep or Path(name)
        own, others = prepare(folder, arguments.files)
        before = os.getloadavg()[0]
        found = fuzz(folder, arguments.minutes * 60, arguments.seed, arguments.processes)
        bad = _bad(folder)
        print(f"seeds: {own} signed here, {others} of others; load {before:.1f} at the start")
        for counted in found:
            print(
                f"executions {counted.executions}, edges {counted.coverage}, features "
                f"{counted.features}, corpus {counted.corpus}, ended early {counted.ends}"
            )
        print(f"verdicts: {dict(_verdicts(folder))}")
        print(f"crashes, hangs, false verdicts: {len(bad)}")
        for line in bad:
            print(f"  {line}")
    return 1 if bad else 0


def prepare(folder: Path, others: Path | None) -> tuple[int, int]:
    """Lay out the seeds; returns how many are ours and how many of others."""
    for name in ("seeds", "corpus", "found"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    make_seeds(folder)
    for path in folder.glob("*.pdf"):
        path.rename(folder / "seeds" / path.name)
    for count, data in enumerate(_small(folder), 1):
        (folder / "seeds" / f"small-{count}.pdf").write_bytes(data)
    own = len(list((folder / "seeds").iterdir()))
    taken = 0
    for path in distinct(others) if others is not None else ():
        if path.stat().st_size <= LARGEST and b"/ByteRange" in path.read_bytes():
            taken += 1
            shutil.copyfile(path, folder / "seeds" / f"other-{taken}.pdf")
    return own, taken


def _small(folder: Path) -> list[bytes]:
    """Sign the least PDF once, twice and three times: small files make many executions."""
    authority, made = DemoAuthority(folder / "ca"), [_least()]
    holder = folder / "holder.pem"
    holder.write_bytes(pem.armor("CERTIFICATE", authority.certificate("agency-mau")))
    chain = tuple(str(path) for path in sorted((folder / "trust").glob("*.pem")))
    key = str(folder / "ca" / "agency-mau.key.pem")
    signer = SimpleSigner.load(key, str(holder), ca_chain_files=chain)
    assert signer is not None
    for number in range(3):
        writer, out = IncrementalPdfFileWriter(BytesIO(made[-1]), strict=False), BytesIO()
        meta = PdfSignatureMetadata(f"S{number}", subfilter=SigSeedSubFilter.PADES)
        PdfSigner(meta, signer).sign_pdf(writer, output=out)
        made.append(out.getvalue())
    return made[1:]


def _least() -> bytes:
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(_SMALL, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    table = b"xref\n0 4\n0000000000 65535 f \n" + table + b"trailer\n<</Size 4/Root 1 0 R>>\n"
    return out + table + b"startxref\n%d\n%%%%EOF\n" % len(out)


def fuzz(folder: Path, seconds: float, seed: int, processes: int) -> list[Counted]:
    """Run the processes until the time is over, each started again behind what ended it."""
    until = time.monotonic() + seconds
    found = [Counted() for _ in range(processes)]
    running: dict[int, subprocess.Popen[bytes]] = {}
    logs: dict[int, Path] = {}
    starts = 0
    while True:
        for number, counted in enumerate(found):
            process = running.get(number)
            if process is not None and process.poll() is None:
                continue
            if process is not None:
                _count(counted, logs[number], folder, process.returncode)
            left = int(until - time.monotonic())
            if left > 0:
                starts += 1
                log = logs[number] = folder / f"log-{number}-{starts}.txt"
                running[number] = _start(folder, log, number, seed + 100 * starts, left)
            elif process is not None:
                del running[number]
        if not running:
            return found
        time.sleep(0.5)


def _start(folder: Path, log: Path, number: int, seed: int, left: int) -> subprocess.Popen[bytes]:
    options = [
        f"-seed={seed}", f"-max_total_time={left}", f"-timeout={SECONDS}", f"-max_len={LARGEST}",
        "-rss_limit_mb=2048", "-reload=10", "-print_final_stats=1", "-len_control=0",
        f"-artifact_prefix={folder / 'found'}/", str(folder / "corpus"), str(folder / "seeds"),
    ]  # fmt: skip
    words = [sys.executable, "-W", "ignore", "-m", "tests.prove.guided_child"]
    with log.open("wb") as sink:
        return subprocess.Popen(
            [*words, str(folder), str(number), *options], stdout=sink, stderr=sink
        )


def _count(counted: Counted, log: Path, folder: Path, code: int) -> None:
    text = log.read_text(encoding="utf-8", errors="replace")
    states, units = _STATE.findall(text), _UNITS.findall(text)
    if states:
        counted.coverage, counted.features, counted.corpus = map(int, states[-1])
    counted.executions += max(map(int, units), default=0)
    number = log.stem.split("-")[1]
    verdicts = folder / f"{number}.verdicts"
    if verdicts.exists():
        verdicts.rename(folder / f"{number}-{time.monotonic_ns()}.verdicts")
    if code:
        lines = [line for line in text.splitlines() if "ERROR" in line or "Error" in line]
        counted.ends.append(f"{code}: {(lines or text.splitlines() or ['nothing said'])[-1][:200]}")


def _verdicts(folder: Path) -> Counter[str]:
    told = (json.loads(path.read_text("utf-8")) for path in folder.glob("*.verdicts"))
    return sum((Counter(one) for one in told), Counter())


def _bad(folder: Path) -> list[str]:
    log = folder / "found.jsonl"
    lines = (
        [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []
    )
    named = {line["file"] for line in lines}
    more = [p.name for p in sorted((folder / "found").iterdir()) if p.name not in named]
    return [*(f"{line['file']}: {line['what']}" for line in lines), *more]
