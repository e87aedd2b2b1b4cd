"""Measure against the budgets: `./bench NAME [--json] [--peers DIR] [--size N] [--data DIR]`."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import table

NAMES = (
    "startup", "list", "search", "act", "pull", "push", "delta", "link", "server",
    "blob", "verify", "sign", "batch", "memory",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure with: `size` 0 means the size of the budget; `folder` is for scratch.

    `peers` is the folder of the peers' programs, where they are to run beside ours.
    """

    folder: Path
    size: int = 0
    peers: Path | None = None

    def rows(self, budgeted: int) -> int:
        """Return how many rows to work with."""
        return self.size or budgeted

    def times(self, wanted: int) -> int:
        """Return how often to repeat; a trial with few rows repeats little."""
        return wanted if not self.size or self.size >= 10_000 else max(2, wanted // 20)


def main(arguments: list[str] | None = None) -> int:
    """Run one benchmark and print its figures; 2 means wrong use."""
    parser = argparse.ArgumentParser(prog="./bench")
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--peers", type=Path, metavar="DIR", help="peers to run beside ours")
    parser.add_argument("--size", type=int, default=0, metavar="N", help="fewer or more rows")
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep the data here for reuse")
    args = parser.parse_args(arguments)
    bench = importlib.import_module(f"tests.bench.bench_{args.name}")
    if args.data is not None:
        args.data.mkdir(parents=True, exist_ok=True)
        figures = bench.measure(Plan(args.data, args.size, args.peers))
    else:
        with tempfile.TemporaryDirectory(prefix="bench_", ignore_cleanup_errors=True) as folder:
            figures = bench.measure(Plan(Path(folder), args.size, args.peers))
    if args.json:
        answer = {"name": args.name, "figures": [figure.row() for figure in figures]}
        print(json.dumps(answer, ensure_ascii=False))
    else:
        print(table(args.name, figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
