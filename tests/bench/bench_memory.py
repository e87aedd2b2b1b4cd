"""Signing and checking a PDF of 500 MB: how much more memory than for a small one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.bench.__main__ import Plan
from tests.bench.figures import Figure
from tests.bench.heavy import MEGABYTE, heavy_pdf
from tests.bench.tokens import desk

MEGABYTES = 500
BUDGET = 4


def measure(plan: Plan) -> list[Figure]:
    """Measure each way in a process of its own that has signed and checked a small PDF before."""
    size = plan.rows(MEGABYTES)
    desk(plan.folder)
    heavy_pdf(plan.folder / "large.pdf", size * MEGABYTE)
    sign, theirs = _grown("sign", plan.folder), _grown("sign-theirs", plan.folder)
    check, others = _grown("verify", plan.folder), _grown("verify-theirs", plan.folder)
    of = f"a PDF of {size} MB, more memory"
    return [
        Figure(f"sign {of}", sign, "MB", BUDGET, f"pyHanko as it comes {theirs:.0f} MB"),
        Figure(f"verify {of}", check, "MB", None, f"pyHanko as it comes {others:.0f} MB"),
    ]


def _grown(way: str, folder: Path) -> float:
    run = subprocess.run(
        [sys.executable, "-m", "tests.bench.heavy", way, str(folder)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
        timeout=900,
    )
    grown: float = json.loads(run.stdout)
    return max(grown, 0.01)
