"""`python -m sync.server devices …`: which desks there are, signing them out, erasing them."""

from __future__ import annotations

import argparse
from typing import Any

from sync.server.devices import Devices

ACTIONS = ("list", "sign-out", "wipe", "spare", "waiting")


def add_parsers(commands: Any) -> None:
    """Add the grammar; a contract that scripts rely on (docs/admin-guide.md)."""
    devices = commands.add_parser("devices")
    actions = devices.add_subparsers(dest="action", required=True)
    for name in ACTIONS:
        action = actions.add_parser(name)
        action.add_argument("--database", required=True, metavar="URL")
        action.add_argument("--json", action="store_true")
        if name == "list":
            action.add_argument("--stale", action="store_true")
        else:
            action.add_argument("device", metavar="DEVICE")


def rows(devices: Devices, args: argparse.Namespace) -> list[dict[str, Any]]:
    """Run one command; answer its rows, raise the errors of the rules."""
    match args.action:
        case "list":
            return devices.rows(stale=args.stale)
        case "waiting":
            return [dict(row) for row in devices.waiting(args.device)]
        case "sign-out":
            devices.sign_out(args.device)
        case "wipe":
            devices.wipe(args.device)
        case _:
            devices.spare(args.device)
    return [{"device": args.device, "done": args.action}]
