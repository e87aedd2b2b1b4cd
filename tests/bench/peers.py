"""Sync programs of others, run beside ours where a folder with them is given.

The folder holds one folder per peer's environment and its measuring script, as its own
README says; what is not there is not measured.
"""

from __future__ import annotations

from tests.bench.__main__ import Plan
from tests.bench.figures import Figure


def pull(plan: Plan) -> list[Figure]:
    """Return what the peers need for the same pull; none without `--peers`."""
    if plan.peers is None:
        return []
    return []
