"""`python -m sync.server outside …`: what is to be sent outside, and a worker that sends it."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path
from typing import Any

from app.kernel.clock import Clock
from sync.server import errand_worker, logs
from sync.server.errands import STATES, Errands
from sync.server.store import Store


def add_parsers(commands: Any) -> None:
    """Add the grammar; a contract that scripts rely on (docs/admin-guide.md)."""
    outside = commands.add_parser("outside")
    actions = outside.add_subparsers(dest="action", required=True)
    for name in ("list", "retry", "drop", "run"):
        action = actions.add_parser(name)
        action.add_argument("--database", required=True, metavar="URL")
        action.add_argument("--json", action="store_true")
        if name == "list":
            action.add_argument("--state", choices=STATES, default="")
        elif name == "run":
            action.add_argument("--secrets", required=True, type=Path, metavar="DIR")
            action.add_argument("--log-level", choices=logs.LEVELS, default="warning")
        else:
            action.add_argument("errand", nargs="+", metavar="ID")


def rows(store: Store, clock: Clock, args: argparse.Namespace) -> list[dict[str, Any]]:
    """Run one command; answer its rows, raise the errors of the rules."""
    errands = Errands(store, clock)
    match args.action:
        case "list":
            return errands.rows(args.state)
        case "run":
            logs.configure(args.log_level)
            errand_worker.work(store, args.secrets, clock, _until_signal())
            return []
        case action:
            for name in args.errand:
                (errands.retry if action == "retry" else errands.drop)(name)
    return [{"errand": name, "done": args.action} for name in args.errand]


def _until_signal() -> threading.Event:
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    return ending
