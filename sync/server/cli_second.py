"""`users second …`, `second-roles` and `second-acts`: the second factor, at the server itself."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.identity.model import ROLES as KNOWN_ROLES
from app.kernel.errors import RuleViolation
from signing.trust.store import read_certificates
from sync.server.push import ACTS
from sync.server.second import ROLES, SecondFactor

ACTIONS = frozenset({"second", "second-roles", "second-acts"})


def add_parsers(actions: Any, common: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add the grammar; a contract that scripts rely on (docs/admin-guide.md)."""
    second = actions.add_parser("second")
    common(second)
    second.add_argument("login", metavar="LOGIN")
    what = second.add_mutually_exclusive_group(required=True)
    for flag in ("--require", "--release", "--approve", "--forget", "--code"):
        what.add_argument(flag, action="store_true")
    what.add_argument("--certificate", type=Path, metavar="FILE")
    roles = actions.add_parser("second-roles")
    common(roles)
    roles.add_argument("roles", nargs="*", metavar="ROLE")
    acts = actions.add_parser("second-acts")
    common(acts)
    acts.add_argument("acts", nargs="*", metavar="COMMAND")


def rows(second: SecondFactor, args: argparse.Namespace) -> list[dict[str, Any]]:
    """Run one command; answer its rows, raise the errors of the rules."""
    if args.action == "second-roles":
        if unknown := set(args.roles) - set(KNOWN_ROLES):
            raise RuleViolation("account.role", field="roles", role=min(unknown))
        second.demand(ROLES, tuple(args.roles))
        return [{"roles": sorted(set(args.roles))}]
    if args.action == "second-acts":
        second.demand(ACTS, tuple(args.acts))
        return [{"acts": sorted(set(args.acts))}]
    return [{"login": args.login, **_one(second, args)}]


def with_second(second: SecondFactor, accounts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return accounts with what an administrator may know of their second factor."""
    return [row | second.told(str(row["login"])) for row in accounts]


def _one(second: SecondFactor, args: argparse.Namespace) -> dict[str, Any]:
    if args.code:
        return {"code": second.code(args.login)}
    if args.approve:
        return {"certificate": second.approve(args.login)}
    if args.certificate is not None:
        return {"certificate": second.bind(args.login, _certificate(args.certificate))}
    if args.forget:
        second.forget(args.login)
    else:
        second.require(args.login, required=args.require)
    return {"done": "forget" if args.forget else "require" if args.require else "release"}


def _certificate(path: Path) -> bytes:
    try:
        found = read_certificates(path)
    except (OSError, ValueError, TypeError) as error:
        raise RuleViolation("account.certificate", field="certificate") from error
    if len(found) != 1:
        raise RuleViolation("account.certificate", field="certificate")
    der: bytes = found[0].dump()
    return der
