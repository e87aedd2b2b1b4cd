"""`python -m app …`: see docs/admin-guide.md."""

from __future__ import annotations

import multiprocessing
import sys

from app.entry.cli import main

TOKEN_HELPER = "--token-helper"
PDF_WORKER = "--pdf-worker"


def run() -> int:
    """Run the command line, or a helper that the frozen program starts of itself."""
    multiprocessing.freeze_support()
    if sys.argv[1:2] == [TOKEN_HELPER]:
        from signing.tokens.helper import main as helper

        return helper(sys.argv[2:])
    if sys.argv[1:2] == [PDF_WORKER]:
        from signing.work.child import main as worker

        return worker(sys.argv[2:])
    return main()


if __name__ == "__main__":
    sys.exit(run())
