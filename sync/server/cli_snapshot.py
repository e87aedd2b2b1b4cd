"""`python -m sync.server snapshot`: build what desks take on their first day, at night say."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from sync.server.http import Server
from sync.server.snapshots import LEAST, LEVEL

_MOST_LEVEL = 22


def add_options(command: argparse.ArgumentParser) -> None:
    """Add what may be chosen."""
    command.add_argument("--least", type=int, default=LEAST, metavar="ROWS")
    command.add_argument("--level", type=int, default=LEVEL, choices=range(1, _MOST_LEVEL + 1))
    command.add_argument("--bucket", action="append", default=[], metavar="NAME")


def run(server: Server, args: argparse.Namespace) -> int:
    """Build what has moved since the last time; print a line for each bucket."""
    for built in server.snapshots.build(args.least, args.level, args.bucket):
        print(json.dumps(asdict(built)), flush=True)
    return 0
