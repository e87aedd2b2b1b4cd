"""Check what the fuzzer makes of signed files, in this process, under a worker's own limits.

`python -m tests.prove.guided_child FOLDER OPTIONS…`: FOLDER has `trust`, `seeds` and `corpus`;
the options are libFuzzer's. What is found is written as a line of JSON each to `found.jsonl`.
"""

from __future__ import annotations

import hashlib
import json
import sys
import traceback
from collections import Counter
from io import BytesIO
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(
    include=["signing.checking", "signing.pdf", "signing.trust", "pyhanko"],
):
    from signing.checking.verify import PdfVerifier
    from signing.trust.store import TrustStore

from app.kernel.clock import SystemClock
from signing.work.limits import limit_this_process
from signing.work.worker import MEMORY
from tests.prove.inner import byte_range, contents, stream
from tests.prove.mutations import mutated
from tests.prove.truth import Signed

_EVERY = 25


class Target:
    """Check one input after another; count verdicts, note each kind of failure once."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._verifier = PdfVerifier(TrustStore([folder / "trust"]), SystemClock())
        self._signed = Signed(path.read_bytes() for path in (folder / "seeds").iterdir())
        self._seen: set[str] = set()
        self._verdicts: Counter[str] = Counter()

    def __call__(self, data: bytes) -> None:
        try:
            report = self._verifier.verify(BytesIO(data), offline=True)
        except MemoryError:
            self._verdicts["check_limits"] += 1
        except Exception as problem:  # noqa: BLE001 - whatever escapes the verifier is the finding
            last = traceback.extract_tb(problem.__traceback__)[-1]
            where = f"{Path(last.filename).name}:{last.lineno}"
            self._note(f"{type(problem).__name__} at {where}: {str(problem)[:200]}", where, data)
        else:
            self._verdicts[report.verdict.value] += 1
            if self._signed.lies(report, data):
                self._note("not called invalid though its signed bytes changed", "lie", data)
        if self._verdicts.total() % _EVERY == 0:
            text = json.dumps(self._verdicts)
            (self._folder / f"{self._name}.verdicts").write_text(text, encoding="utf-8")

    def _note(self, text: str, kind: str, data: bytes) -> None:
        self._verdicts["found"] += 1
        if kind in self._seen:
            return
        self._seen.add(kind)
        name = hashlib.sha256(data).hexdigest()[:16] + ".pdf"
        (self._folder / "found" / name).write_bytes(data)
        with (self._folder / "found.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps({"file": name, "what": text}) + "\n")


def mutate(data: bytes, most: int, seed: int) -> bytes:
    """Mutate by structure three times of four, else as libFuzzer does by itself."""
    random = Random(seed)
    for _ in range(random.choice((1, 1, 2))):
        way = random.randrange(8)
        if way == 0:
            data = contents(data, random)
        elif way == 1:
            data = stream(data, random)
        elif way == 2:
            data = byte_range(data, random)
        elif way < 6:
            data = mutated(data, random)
        else:
            data = atheris.Mutate(data, most)
    return data[:most]


def main() -> None:
    """Fuzz until the options end it."""
    folder, name, *options = sys.argv[1:]
    target = Target(Path(folder), name)
    limit_this_process(MEMORY)
    atheris.Setup([sys.argv[0], *options], target, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
