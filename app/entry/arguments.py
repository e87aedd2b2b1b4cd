"""The command line's grammar: a contract that scripts rely on (docs/admin-guide.md)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

from app.kernel.levels import LEVELS
from app.kernel.ports import Purpose


class WrongUse(Exception):
    """Say that the command line itself is wrong; exit code 2."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise WrongUse(f"{self.prog}: {message}")


def parser() -> argparse.ArgumentParser:
    """Return the parser of `python -m app`."""
    root = _Parser(prog="python -m app", description="Hoa Ban")
    commands = root.add_subparsers(dest="command", required=True, parser_class=_Parser)
    _desk_commands(commands)
    _data_commands(commands)
    _signature_commands(commands)
    _trust_commands(commands)
    _with_profile(_add(commands, "repair", "make a damaged database anew"))
    doctor = _add(commands, "doctor", "check this machine and a profile")
    doctor.add_argument("--profile", type=Path, metavar="DIR")
    doctor.add_argument("--password-stdin", action="store_true", help="look into the profile")
    doctor.add_argument("--test-signature", action="store_true", help="sign a scrap with a token")
    doctor.add_argument("--pin-stdin", action="store_true", help="the PIN for --test-signature")
    return root


def _add(commands: argparse._SubParsersAction[_Parser], name: str, text: str) -> _Parser:
    made = commands.add_parser(name, help=text)
    made.add_argument("--json", action="store_true", help="one JSON object per line")
    return made


def _with_profile(made: _Parser) -> _Parser:
    made.add_argument("--profile", type=Path, required=True, metavar="DIR")
    made.add_argument("--password-stdin", action="store_true")
    return made


def _desk_commands(commands: argparse._SubParsersAction[_Parser]) -> None:
    desk = _add(commands, "desk", "open the window")
    desk.add_argument("--profile", type=Path, metavar="DIR")
    desk.add_argument("--profiles", type=Path, metavar="DIR", help="folder of all profiles")
    demo = _add(commands, "demo", "seed the demonstration province, serve it, open a desk")
    demo.add_argument("--folder", type=Path, required=True, metavar="DIR")
    demo.add_argument("--seed-only", action="store_true")
    profile = commands.add_parser("profile", help="manage profiles")
    actions = profile.add_subparsers(dest="action", required=True, parser_class=_Parser)
    new = _with_profile(_add(actions, "new", "make a profile"))
    new.add_argument("--server", required=True, metavar="URL")
    new.add_argument("--user", required=True, metavar="NAME")


def _data_commands(commands: argparse._SubParsersAction[_Parser]) -> None:
    _add(commands, "schema", "every command, kind and row field")
    sync = _with_profile(_add(commands, "sync", "exchange with the server"))
    sync.add_argument("--server", metavar="URL")
    sync.add_argument("--once", action="store_true")
    sticks = commands.add_parser("package", help="packages on a stick, without a line")
    ways = sticks.add_subparsers(dest="action", required=True, parser_class=_Parser)
    out = _with_profile(_add(ways, "write", "write what waits for the server"))
    out.add_argument("--to", type=Path, required=True, metavar="DIR")
    back = _with_profile(_add(ways, "read", "take what the server wrote"))
    back.add_argument("--from", dest="source", type=Path, required=True, metavar="FILE")
    act = _with_profile(_add(commands, "do", "run a command of the bus; arguments on stdin"))
    act.add_argument("name", metavar="COMMAND")
    act.add_argument("--post", default="", help="the post to act at")
    rows = _with_profile(_add(commands, "list", "rows of a kind"))
    rows.add_argument("kind", metavar="KIND")
    rows.add_argument("--query", default="", metavar="TEXT")
    rows.add_argument("--limit", type=_positive, default=50, metavar="N")
    rows.add_argument("--post", default="", help="the post to look from")


def _signature_commands(commands: argparse._SubParsersAction[_Parser]) -> None:
    sign = _add(commands, "sign", "sign a PDF, an XML or any file with a token")
    sign.add_argument("source", type=Path, metavar="IN")
    sign.add_argument("target", type=Path, metavar="OUT")
    sign.add_argument("--line", action="append", default=[], help="a line of the text block")
    _with_key(sign)
    batch = _add(commands, "sign-batch", "sign many PDFs with one PIN; once more goes on")
    batch.add_argument("files", type=Path, nargs="+", metavar="FILE")
    batch.add_argument("--out", type=Path, required=True, metavar="DIR")
    _with_key(batch)
    verify = _add(commands, "verify", "check the signatures of files, and of those in folders")
    verify.add_argument("files", type=Path, nargs="+", metavar="FILE")
    verify.add_argument("--trust", type=Path, metavar="DIR")
    verify.add_argument("--offline", action="store_true")
    verify.add_argument("--at", default="", metavar="TIME")
    verify.add_argument("--password-stdin", action="store_true", help="of protected files")
    verify.add_argument("--record", type=Path, metavar="OUT", help="a record as PDF, of one file")


def _trust_commands(commands: argparse._SubParsersAction[_Parser]) -> None:
    trust = commands.add_parser("trust", help="the machine's list of trusted authorities")
    actions = trust.add_subparsers(dest="action", required=True, parser_class=_Parser)
    _add(actions, "list", "every trusted authority")
    add = _add(actions, "add", "trust the certificates of files")
    add.add_argument("files", type=Path, nargs="+", metavar="FILE")
    add.add_argument("--purpose", choices=("signing", "stamping", "any"), default="any")
    add.add_argument("--name", default="", help="instead of the certificate's own")
    add.add_argument("--since", default="", metavar="TIME")
    add.add_argument("--until", default="", metavar="TIME")
    remove = _add(actions, "remove", "trust a certificate no more")
    remove.add_argument("sha256", metavar="SHA256")
    for made in (add, remove):
        made.add_argument("--key", type=Path, metavar="FILE", help="the list's private key")


def _with_key(made: _Parser) -> None:
    made.add_argument("--module", type=Path, required=True, metavar="SO")
    made.add_argument("--token", required=True, metavar="LABEL")
    made.add_argument("--cert-id", default="", metavar="HEX")
    made.add_argument("--purpose", choices=[p.value for p in Purpose], required=True)
    made.add_argument("--box", type=_box, metavar="PAGE,X,Y,W,H")
    made.add_argument("--tsa", default="", metavar="URL")
    made.add_argument("--level", choices=LEVELS, default="", help="what to reach")
    made.add_argument("--require-time", action="store_true", help="refuse without a time stamp")
    made.add_argument("--trust", type=Path, metavar="DIR", help="anchors besides those shipped")
    made.add_argument(
        "--password-stdin", action="store_true", help="of a protected PDF, after the PIN"
    )
    made.add_argument("--pin-stdin", action="store_true", required=True)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("a whole number above 0 belongs here")
    return value


def _box(text: str) -> tuple[int, float, float, float, float]:
    parts = text.split(",")
    if len(parts) != 5:
        raise argparse.ArgumentTypeError("PAGE,X,Y,W,H belongs here")
    page, x, y, width, height = parts
    return int(page), float(x), float(y), float(width), float(height)
