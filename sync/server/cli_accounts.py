"""`python -m sync.server users …`, `units` and `seed --province`: what administrators type."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from app.identity.model import ROLES
from app.kernel.errors import HoaBanError, RuleViolation
from app.kernel.texts import Texts
from sync.server import cli_second
from sync.server.administration import Administration, NewPost
from sync.server.second import SecondFactor

OK, REFUSED = 0, 1


def add_parsers(commands: Any) -> None:
    """Add the grammar; a contract that scripts rely on (docs/admin-guide.md)."""
    users = commands.add_parser("users")
    actions = users.add_subparsers(dest="action", required=True)
    for name in ("add", "password", "lock", "unlock", "roles", "list"):
        action = actions.add_parser(name)
        _common(action)
        if name != "list":
            action.add_argument("login", metavar="LOGIN")
        if name in ("add", "password"):
            action.add_argument("--password-stdin", action="store_true", required=True)
        if name == "add":
            _person(action)
        if name == "roles":
            action.add_argument("--post", default="", metavar="ID")
            _role(action)
    cli_second.add_parsers(actions, _common)
    units = commands.add_parser("units")
    _common(units)
    units.add_argument("--query", default="", metavar="TEXT")


def _common(action: argparse.ArgumentParser) -> None:
    action.add_argument("--database", required=True, metavar="URL")
    action.add_argument("--json", action="store_true")


def _person(add: argparse.ArgumentParser) -> None:
    who = add.add_mutually_exclusive_group(required=True)
    who.add_argument("--person", default="", metavar="ID", help="who is in the directory")
    who.add_argument("--name", default="", metavar="NAME", help="a new person")
    add.add_argument("--agency", default="", metavar="UNIT")
    add.add_argument("--unit", default="", metavar="UNIT")
    add.add_argument("--title", default="", metavar="TITLE")
    _role(add)
    add.add_argument("--since", type=date.fromisoformat, metavar="DAY")


def _role(action: argparse.ArgumentParser) -> None:
    action.add_argument("--role", action="append", default=[], choices=sorted(ROLES))


def run(rows: Callable[[], list[dict[str, Any]]], args: argparse.Namespace) -> int:
    """Say the rows of one command; answer the exit code."""
    say = _json if args.json else _plain
    try:
        for row in rows():
            say(row)
    except HoaBanError as error:
        text = Texts().error(error)
        if args.json:
            _json({"error": {"code": error.code, "text": text}})
        else:
            print(text, file=sys.stderr)
        return REFUSED
    return OK


def rows(
    admin: Administration, second: SecondFactor, args: argparse.Namespace
) -> list[dict[str, Any]]:
    """Run one command; answer its rows, raise the errors of the rules."""
    if args.command == "units":
        return admin.units(args.query)
    if args.action in cli_second.ACTIONS:
        return cli_second.rows(second, args)
    match args.action:
        case "list":
            return cli_second.with_second(second, admin.accounts())
        case "add":
            person = admin.add(args.login, _password(), args.person, _new(args))
            return [{"login": args.login, "person": person}]
        case "password":
            admin.password(args.login, _password())
        case "roles":
            post = admin.set_roles(args.login, tuple(args.role), args.post)
            return [{"login": args.login, "post": post, "roles": args.role}]
        case action:
            admin.set_active(args.login, active=action == "unlock")
    return [{"login": args.login, "done": args.action}]


def _new(args: argparse.Namespace) -> NewPost | None:
    if args.person:
        return None
    return NewPost(args.name, args.agency, args.title, tuple(args.role), args.unit, args.since)


def _password() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise RuleViolation("input.password", field="password")
    return password


def _json(row: Mapping[str, Any]) -> None:
    print(json.dumps(row, ensure_ascii=False))


def _plain(row: Mapping[str, Any]) -> None:
    values = (v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in row.values())
    print("  ".join(values))
