"""`python -m sync.server package answer | write`: sticks for desks without a line."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sync.server.http import Server
from sync.server.packages import Packages


def add_parsers(commands: Any) -> None:
    """Add the grammar; a contract that scripts rely on (docs/admin-guide.md)."""
    made = commands.add_parser("package")
    actions = made.add_subparsers(dest="action", required=True)
    for name in ("answer", "write"):
        action = actions.add_parser(name)
        action.add_argument("--database", required=True, metavar="URL")
        action.add_argument("--files", required=True, type=Path, metavar="DIR")
        action.add_argument("--to", required=True, type=Path, metavar="DIR")
        if name == "answer":
            action.add_argument("--from", dest="source", required=True, type=Path, metavar="FILE")
        else:
            action.add_argument("--device", required=True, metavar="ID")


def run(server: Server, args: argparse.Namespace) -> int:
    """Take or write a package; print what came of it."""
    packages = Packages(server)
    if args.action == "answer":
        done = packages.answer(args.source, args.to)
    else:
        done = packages.write(args.device, args.to)
    print(json.dumps(asdict(done), default=str))
    return 0
