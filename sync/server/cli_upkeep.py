"""`python -m sync.server migrate | backup | restore | registers`: care for the whole database."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import make_url, select

from app.kernel.clock import SystemClock
from sync.server import tables, trail
from sync.server.backup import back_up, put_back
from sync.server.files import Files
from sync.server.store import Store

COMMANDS = ("migrate", "backup", "restore", "registers")


def add_parsers(commands: Any) -> None:
    """Add the grammar; a contract that scripts rely on (docs/admin-guide.md)."""
    for name in COMMANDS:
        command = commands.add_parser(name)
        command.add_argument("--database", required=True, metavar="URL")
        command.add_argument("--json", action="store_true")
        if name in ("backup", "restore"):
            command.add_argument("--files", required=True, type=Path, metavar="DIR")
        if name == "backup":
            command.add_argument("--to", required=True, type=Path, metavar="DIR")
        if name == "restore":
            command.add_argument("--from", dest="source", required=True, type=Path, metavar="DIR")


def rows(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Run one command; answer its rows, raise typed errors."""
    clock = SystemClock()
    if args.command == "restore":
        args.files.mkdir(parents=True, exist_ok=True)
        return [asdict(put_back(make_url(args.database), args.source, args.files, clock))]
    store = Store(args.database, clock, migrating=args.command == "migrate")
    try:
        if args.command == "migrate":
            taken = store.migrate()
            said = ",".join(map(str, taken))
            if taken:
                store.retrying(lambda c: trail.maintained(c, clock.now(), f"migrate:{said}"))
            return [{"schema": store.schema(), "steps": taken}]
        if args.command == "backup":
            return [asdict(back_up(store, Files(args.files, store), args.to, clock))]
        return _books(store)
    finally:
        store.close()


def _books(store: Store) -> list[dict[str, Any]]:
    """List every book: how it is numbered, which number is next, and who holds it."""
    e = tables.entity.c
    with store.read() as connection:
        found = connection.execute(
            select(e.id, e.data).where(e.kind == "register").order_by(e.id)
        ).all()
    return [_book(name, json.loads(data)) for name, data in found]


def _book(name: str, book: dict[str, Any]) -> dict[str, Any]:
    lease = book.get("lease") or {}
    return {
        "register": name,
        "agency": book.get("agency", ""),
        "year": book.get("year", 0),
        "name": book.get("name", ""),
        "mode": book.get("mode", ""),
        "next": book.get("next", 1),
        "released": len(book.get("released", ())),
        "epoch": book.get("epoch", 0),
        "holder": lease.get("device", ""),
        "blocks": [
            {"device": b["device"], "free": len(b["numbers"]), "until": b["until"]}
            for b in book.get("blocks", ())
        ],
    }
