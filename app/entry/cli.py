"""The command line of the desk, for administrators and scripts.

With `--json` standard output carries one JSON object per line and nothing else. Exit code 0
means done, 1 refused or invalid, 2 wrong use. Each command loads what it needs itself, so that
the window is not kept waiting for what only the others use.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TextIO

from app.entry.arguments import WrongUse, parser
from app.identity.actions import Action
from app.kernel.codec import from_json
from app.kernel.errors import HoaBanError, RuleViolation
from app.kernel.ids import new_id
from app.kernel.texts import Texts

DONE, REFUSED, WRONG_USE = 0, 1, 2
MAX_INPUT = 1 << 20
LONG = 20


class Console:
    """Write results as JSON lines, or as plain text for people."""

    def __init__(self, out: TextIO, err: TextIO, texts: Texts, *, json_lines: bool) -> None:
        self._out = out
        self._err = err
        self._json = json_lines
        self.texts = texts

    def row(self, row: Mapping[str, Any]) -> None:
        """Write one result."""
        if self._json:
            self._out.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
            return
        flat = (f"{k}: {_plain(v)}" for k, v in row.items() if v not in (None, "", (), []))
        self._out.write("  ".join(flat) + "\n")

    def failure(self, error: HoaBanError) -> None:
        """Write why something was refused."""
        text = self.texts.error(error)
        if self._json:
            self.row({"error": {"code": error.code, "text": text}})
        else:
            self._err.write(text + "\n")

    def progress(self, done: int, total: int) -> None:
        """Say how far long work is, to people only."""
        if not self._json and total >= LONG:
            self._err.write(f"\r{done}/{total}" + ("\n" if done == total else ""))

    def note(self, text: str) -> None:
        """Write a line that is no result."""
        self._err.write(text + "\n")


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; return its exit code."""
    _speak_utf8()
    try:
        args = parser().parse_args(arguments)
    except WrongUse as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_USE
    console = Console(sys.stdout, sys.stderr, Texts(), json_lines=getattr(args, "json", False))
    try:
        return _COMMANDS[args.command](args, console)
    except HoaBanError as error:
        console.failure(error)
        return REFUSED
    except BrokenPipeError:
        # The reader went away with what it wanted; nothing is left to tell it.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
        return DONE


def _speak_utf8() -> None:
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")


def _rows(console: Console, rows: Iterable[Mapping[str, Any]]) -> int:
    for row in rows:
        console.row(row)
    return DONE


def _desk(args: argparse.Namespace, console: Console) -> int:
    from app.entry.first import launcher
    from ui.shell.application import run_desk

    return run_desk(launcher(args.profiles), args.profile, console.texts.language)


def _demo(args: argparse.Namespace, console: Console) -> int:
    from app.entry.demo import run_demo

    return run_demo(args.folder, console.note, seed_only=args.seed_only)


def _profile(args: argparse.Namespace, console: Console) -> int:
    from app.entry import desks

    password = desks.read_password(args, confirm=True)
    made = desks.new_profile(args.profile, args.server, args.user, password)
    console.row({"profile": str(made), "user": args.user, "server": args.server})
    return DONE


def _schema(_: argparse.Namespace, console: Console) -> int:
    from app.entry import schema

    return _rows(console, schema.rows())


def _sync(args: argparse.Namespace, console: Console) -> int:
    from app.entry import desks

    with desks.opened(args) as desk:
        row = desks.sync_once(desk, args.server)
    console.row(row)
    return DONE if row["state"] == "ok" else REFUSED


def _package(args: argparse.Namespace, console: Console) -> int:
    from app.entry import desks

    with desks.opened(args) as desk:
        console.row(desks.carry(desk, args, console.progress))
    return DONE


def _do(args: argparse.Namespace, console: Console) -> int:
    from app.entry import desks

    with desks.opened(args) as desk:
        handler = desk.registry.handler(args.name)
        given = _read_object(sys.stdin)
        given.setdefault("id", new_id(desk.clock.now()))
        command = from_json(handler.command, given)
        changes = desk.run(desk.actor(args.post), command)
    console.row({"changes": [[kind, entity] for kind, entity in changes]})
    return DONE


def _read_object(stream: TextIO) -> dict[str, Any]:
    text = stream.read(MAX_INPUT + 1)
    if len(text) > MAX_INPUT:
        raise RuleViolation("input.too_large", field="stdin")
    try:
        value = json.loads(text or "{}")
    except ValueError as error:
        raise RuleViolation("input.not_json", field="stdin") from error
    if not isinstance(value, dict):
        raise RuleViolation("input.not_json", field="stdin")
    return value


def _list(args: argparse.Namespace, console: Console) -> int:
    from app.entry import desks

    with desks.opened(args) as desk:
        rows = desk.list_rows(args.kind, desk.actor(args.post), args.query, args.limit)
        desk.note(Action.EXPORT, detail=args.kind, post=args.post)
    return _rows(console, rows)


def _line() -> str:
    """Return the next line of standard input: a PIN, a password."""
    return sys.stdin.readline().rstrip("\r\n")


def _sign(args: argparse.Namespace, console: Console) -> int:
    from app.entry import signatures

    pin, password = _line(), _line() if args.password_stdin else ""
    done = signatures.sign(args, pin, password)
    warnings = done.pop("warnings")
    console.row(done)
    for warning in warnings:
        console.note(console.texts(f"signing.warning.{warning}"))
    return DONE


def _sign_batch(args: argparse.Namespace, console: Console) -> int:
    from app.entry import batches

    pin, password = _line(), _line() if args.password_stdin else ""
    whole = True
    for row in batches.sign_batch(args, pin, console.texts, console.progress, password):
        console.row(row)
        whole = whole and row.get("state") not in ("failed", "waiting")
    return DONE if whole else REFUSED


def _verify(args: argparse.Namespace, console: Console) -> int:
    from app.entry import signatures

    valid = True
    password = _line() if args.password_stdin else ""
    for row in signatures.verify(args, console.progress, password):
        console.row(row)
        valid = valid and row["verdict"] == "valid"
    return DONE if valid else REFUSED


def _doctor(args: argparse.Namespace, console: Console) -> int:
    from app.entry import doctor

    if args.test_signature is not args.pin_stdin:
        console.note("doctor: --test-signature and --pin-stdin go together")
        return WRONG_USE
    rows = doctor.checks(args, console.texts)
    _rows(console, rows)
    return REFUSED if any(row["state"] == "fail" for row in rows) else DONE


def _repair(args: argparse.Namespace, console: Console) -> int:
    from app.entry import desks

    asked = args.password_stdin or sys.stdin.isatty()
    launch = desks.launcher(args.profile.parent)
    done = launch.mend(args.profile, desks.read_password(args) if asked else None)
    row = asdict(done)
    console.row({"state": "repaired" if row.pop("repaired") else "sound", **row})
    return DONE


def _trust(args: argparse.Namespace, console: Console) -> int:
    from app.entry import trust

    return _rows(console, trust.rows() if args.action == "list" else trust.change(args))


_COMMANDS: dict[str, Callable[[argparse.Namespace, Console], int]] = {
    "desk": _desk,
    "demo": _demo,
    "profile": _profile,
    "schema": _schema,
    "sync": _sync,
    "package": _package,
    "do": _do,
    "list": _list,
    "sign": _sign,
    "sign-batch": _sign_batch,
    "verify": _verify,
    "trust": _trust,
    "doctor": _doctor,
    "repair": _repair,
}
