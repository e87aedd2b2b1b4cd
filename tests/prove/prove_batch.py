"""Sign 1,000 files by one command through three SIGKILLs and one pulled token; count everything.

The command is the product's own (`python -m app sign-batch`), the token a real SoftHSM2 behind the
library of `tests/shim`, which counts every C_Sign and pulls the token.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from signing.batch.folder import JOURNAL
from sync.server.demo.authority import DemoAuthority
from tests.shim.shim import SOFTHSM, Shim, build
from tests.signing.batch.batches import (
    PIN,
    TOKEN,
    Run,
    documents,
    finish,
    signatures_in,
    signed_files,
    start,
)
from tests.signing.conftest import NAME, free_port, use_tokens

KILLS = 3
# A kill meets at most one document before the key and one that is being finished
LOST = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the number of files and the token's time."""
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--token-ms", type=int, default=0)
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Prove, and say the counts; 0 when every one is exact."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        found = prove(Path(folder), patch, arguments.files, arguments.token_ms)
    if arguments.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name}: {value}")
    return 0 if found["exact"] else 1


def prove(folder: Path, patch: pytest.MonkeyPatch, count: int, token_ms: int) -> dict[str, Any]:
    """Return what was counted."""
    shim = _token(folder, patch)
    if token_ms:
        shim.slow("C_Sign", token_ms)
    source, out = folder / "in", folder / "out"
    documents(source, count)
    begun = time.monotonic()
    torn = [_killed(source, out, shim, count * (kill + 1) // (KILLS + 2)) for kill in range(KILLS)]
    shim.remove("C_Sign", count // 10)
    pulled = finish(start(source, out, shim.module))
    shim.insert()
    last = finish(start(source, out, shim.module))
    seconds = time.monotonic() - begun
    again = finish(start(source, out, shim.module, pin="wrong"))
    return _counted(out, shim, count, torn, (pulled, last, again)) | {
        "seconds": round(seconds, 1),
        "token_ms": token_ms,
    }


def _counted(
    out: Path, shim: Shim, count: int, torn: list[int], runs: tuple[Run, Run, Run]
) -> dict[str, Any]:
    pulled, last, again = runs
    results = signed_files(out)
    once = sum(signatures_in(path) == 1 for path in results)
    signed, logins = shim.count("signed"), shim.count("login_user")
    left = [p.name for p in out.rglob("*") if p.is_file() and p not in results]
    exact = (
        (len(results), once) == (count, count)
        and count <= signed <= count + KILLS * LOST
        and sum(torn) == 0
        and pulled.rows[-1]["error"]["code"] == "token_gone"
        and (last.code, sum(last.counts.values())) == (0, count)
        and again.counts == {"already": count}
        and logins == KILLS + 2
        and left == [JOURNAL]
    )
    return {
        "files": count,
        "kills": KILLS,
        "pulled": 1,
        "results": len(results),
        "with_one_signature": once,
        "half_files": sum(torn),
        "left_over": [name for name in left if name != JOURNAL],
        "signatures_made": signed,
        "pins": logins,
        "after_the_pull": pulled.counts,
        "last_run": last.counts,
        "once_more": again.counts,
        "exact": exact,
    }


def _token(folder: Path, patch: pytest.MonkeyPatch) -> Shim:
    use_tokens(folder / "tokens", patch)
    people = [("mau", NAME)]
    authority = DemoAuthority.create(folder / "ca", people, [], port=free_port())
    authority.load_token("person-mau", TOKEN, PIN, module=SOFTHSM)
    return Shim.install(build(folder), folder / "library")


def _killed(source: Path, out: Path, shim: Shim, files: int) -> int:
    """Kill the command once so many results are there; count results that are no whole PDF."""
    process = start(source, out, shim.module)
    while len(signed_files(out)) < files:
        if process.poll() is not None:
            raise RuntimeError("the batch ended before it was killed")
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    return sum(signatures_in(path) != 1 for path in signed_files(out))
