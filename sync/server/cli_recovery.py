"""`python -m sync.server recovery …`: make the recovery key, answer a desk's request.

Passwords come from standard input, a line each: the first person's, then the second's.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from app.kernel.errors import Conflict, RuleViolation
from app.store.profile_file import KdfParams
from sync.server import recovery
from sync.server.recovery import Keeper
from sync.server.service import Service


def add_parsers(commands: Any) -> None:
    """Add the grammar; a contract that scripts rely on (docs/admin-guide.md)."""
    actions = commands.add_parser("recovery").add_subparsers(dest="action", required=True)
    for name in ("make", "open"):
        action = actions.add_parser(name)
        action.add_argument("--database", required=True, metavar="URL")
        action.add_argument("--json", action="store_true")
        for which in ("first", "second"):
            if name == "make":
                action.add_argument(f"--{which}", required=True, metavar="LOGIN")
            action.add_argument(f"--{which}-share", required=True, type=Path, metavar="FILE")
        action.add_argument("--passwords-stdin", action="store_true", required=True)
        if name == "open":
            action.add_argument("--request", required=True, type=Path, metavar="FILE")
            action.add_argument("--code", required=True, help="as the person at the desk reads it")
            action.add_argument("--reason", required=True, metavar="TEXT")
            action.add_argument("--out", required=True, type=Path, metavar="FILE")


def rows(service: Service, args: argparse.Namespace) -> list[dict[str, Any]]:
    """Run one command; answer its rows, raise the errors of the rules."""
    first, second = (
        Keeper(getattr(args, which, ""), getattr(args, f"{which}_share"), _password())
        for which in ("first", "second")
    )
    if args.action == "make":
        return [{"key": recovery.make(service, first, second, KdfParams())}]
    if args.out.exists():
        raise Conflict("recovery.exists")
    try:
        request = args.request.read_bytes()
    except OSError as error:
        raise RuleViolation("recovery.file") from error
    args.out.write_bytes(recovery.answer(service, request, args.code, first, second, args.reason))
    return [{"answer": str(args.out), "code": args.code}]


def _password() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise RuleViolation("input.password", field="password")
    return password
