"""`python -m sync.server serve | seed | check | snapshot | migrate | backup | restore | …`."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path

from app.features import FEATURES
from app.kernel.clock import SystemClock
from app.kernel.errors import HoaBanError
from app.kernel.feature import Registry
from app.kernel.ids import new_id
from app.kernel.texts import Texts
from sync.http import is_loopback
from sync.server import (
    cli_accounts,
    cli_devices,
    cli_outside,
    cli_package,
    cli_recovery,
    cli_serve,
    cli_snapshot,
    cli_upkeep,
)
from sync.server.accounts import Accounts
from sync.server.administration import Administration
from sync.server.check import check
from sync.server.devices import Devices
from sync.server.directory import People
from sync.server.http import Server
from sync.server.openapi import describe
from sync.server.second import SecondFactor
from sync.server.seed import Seed, build
from sync.server.service import Service
from sync.server.store import Store

OK, REFUSED, WRONG_USE = 0, 1, 2


def main(argv: list[str] | None = None) -> int:
    """Run one of the commands; answer the exit code."""
    parser = _parser()
    args = parser.parse_args(argv)
    if args.command == "openapi":
        print(json.dumps(describe(), indent=1))
        return OK
    if args.command == "tls":
        return cli_accounts.run(lambda: cli_serve.tls_rows(args), args)
    if args.command in cli_upkeep.COMMANDS:
        return cli_accounts.run(lambda: cli_upkeep.rows(args), args)
    if args.command in ("users", "units", "devices", "outside", "recovery"):
        return _administer(args)
    bare = args.command == "serve" and not (args.tls_cert and args.tls_key)
    if bare and not is_loopback(args.host):
        parser.error("--tls-cert and --tls-key are required off loopback")
    args.files.mkdir(parents=True, exist_ok=True)
    # A seed that the power cuts short is begun again; what is served must be on the disk.
    fast = args.command == "seed"
    server = build(
        args.database,
        args.files,
        Registry(FEATURES),
        SystemClock(),
        fast=fast,
        pool=getattr(args, "pool", cli_serve.POOL),
        patience=getattr(args, "statement_seconds", 0),
    )
    try:
        return _RUN[args.command](server, args)
    except HoaBanError as error:
        print(Texts().error(error), file=sys.stderr)
        return REFUSED
    finally:
        server.service.store.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sync.server")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("serve", "seed", "check", "restored", "snapshot"):
        command = commands.add_parser(name)
        command.add_argument("--database", required=True, metavar="URL")
        command.add_argument("--files", required=True, type=Path, metavar="DIR")
        if name == "serve":
            command.add_argument("--port", required=True, type=int)
            command.add_argument("--host", default="127.0.0.1")
            command.add_argument("--tls-cert", type=Path)
            command.add_argument("--tls-key", type=Path)
            command.add_argument("--end-with-stdin", action="store_true")
            cli_serve.add_options(command)
        if name == "seed":
            what = command.add_mutually_exclusive_group(required=True)
            what.add_argument("--demo", action="store_true")
            what.add_argument("--province", action="store_true")
        if name == "snapshot":
            cli_snapshot.add_options(command)
    cli_accounts.add_parsers(commands)
    cli_devices.add_parsers(commands)
    cli_outside.add_parsers(commands)
    cli_recovery.add_parsers(commands)
    cli_upkeep.add_parsers(commands)
    cli_package.add_parsers(commands)
    cli_serve.add_tls_parser(commands)
    commands.add_parser("openapi")
    return parser


def _administer(args: argparse.Namespace) -> int:
    clock = SystemClock()
    store = Store(args.database, clock)
    service = Service(store, Registry(FEATURES), People(), clock)
    try:
        if args.command == "recovery":
            return cli_accounts.run(lambda: cli_recovery.rows(service, args), args)
        if args.command == "devices":
            return cli_accounts.run(lambda: cli_devices.rows(Devices(store, clock), args), args)
        if args.command == "outside":
            return cli_accounts.run(lambda: cli_outside.rows(store, clock, args), args)
        accounts = Accounts(store, clock)
        admin, second = Administration(service, accounts), SecondFactor(store, clock, accounts)
        return cli_accounts.run(lambda: cli_accounts.rows(admin, second, args), args)
    finally:
        store.close()


def _seed(server: Server, args: argparse.Namespace) -> int:
    if args.province:
        done = Administration(server.service, server.accounts).begin()
        print(json.dumps({"commands": done}))
        return OK
    # The demonstration lies beside the product and may be left out of it.
    importlib.import_module("sync.server.demo").seed(Seed(server, args.files.parent))
    return OK


def _check(server: Server, _: argparse.Namespace) -> int:
    findings = check(server.service.store, server.service.registry, server.files)
    for found in findings:
        print(json.dumps({"check": found.check, "kind": found.kind, "id": found.id}))
    print(json.dumps({"findings": len(findings)}))
    return REFUSED if findings else OK


def _restored(server: Server, _: argparse.Namespace) -> int:
    """Begin a new history after a backup was put back, so that desks offer what it lost."""
    history = new_id(server.clock.now())
    with server.service.store.write() as connection:
        server.service.store.set_meta(connection, "history", history)
    print(json.dumps({"history": history}))
    return OK


_RUN = {
    "serve": cli_serve.run,
    "seed": _seed,
    "check": _check,
    "restored": _restored,
    "snapshot": cli_snapshot.run,
    "package": cli_package.run,
}

if __name__ == "__main__":
    sys.exit(main())
