"""Packages on sticks at the server: take what a desk has sent, write what it is to get.

A package of a desk is one request like any other, decided by the same `handle`, so a second
reading is answered from memory. The answer holds whole replies, up to the one that catches up.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection, select

from app.kernel.codec import from_json, to_json
from app.kernel.errors import Damaged, RuleViolation
from app.store.model import EVENT
from app.store.spool import spool
from sync.protocol import codec, package
from sync.protocol.messages import (
    PROTO,
    RULES,
    SCHEMA,
    WANT,
    End,
    Forked,
    Frame,
    Hello,
    Mark,
    ReceiptFrame,
    Request,
    RowFrame,
    ScopeFrame,
)
from sync.protocol.package import DOWN, UP, Entry, Label
from sync.server import tables, trail
from sync.server.http import Server
from sync.server.parts import LEAF, Plan
from sync.server.service import MAX_COMMANDS, Account

_SECRET = "document.secret"  # noqa: S105 - an error's code
# Of the files that rows name; what is left waits for the next package, or for a line.
FILES = 1 << 30


@dataclass(slots=True)
class Told:
    """What came of a package: decided commands, those refused, files, rows and bytes."""

    device: str
    path: Path = Path()
    seq: int = 0
    commands: int = 0
    refused: int = 0
    took: int = 0
    rows: int = 0
    files: int = 0
    size: int = 0


@dataclass(slots=True)
class _Position:
    """Where a desk will stand after the replies so far."""

    request: Request
    caught_up: bool = False
    shas: dict[str, None] = field(default_factory=dict)

    def follow(self, frames: Sequence[Frame]) -> None:
        """Go on from a reply as a desk does."""
        scope = dict.fromkeys(self.request.scope)
        seen, cursor, lag = self.request.receipts_seen, self.request.cursor, self.request.lag
        for frame in frames:
            if isinstance(frame, ScopeFrame) and frame.op == "grant":
                scope[frame.bucket] = None
            elif isinstance(frame, ScopeFrame):
                scope.pop(frame.bucket, None)
            elif isinstance(frame, ReceiptFrame):
                seen = max(seen, frame.n)
            elif isinstance(frame, Mark):
                cursor, lag = frame.cursor, frame.lag
            elif isinstance(frame, End):
                cursor, self.caught_up = frame.cursor, frame.caught_up
        self.request = replace(
            self.request, scope=tuple(scope), receipts_seen=seen, cursor=cursor, lag=lag
        )


class Packages:
    """Read and write the packages of one server."""

    def __init__(self, server: Server, limit: int = FILES) -> None:
        self._server = server
        self._store = server.service.store
        self._limit = limit

    def answer(self, source: Path, folder: Path) -> Told:
        """Take a desk's package and write the answer into a folder.

        Raises as `package.opened`, `NotPermitted("package.unknown_desk")` and
        `NotPermitted("sync.wipe")`, `Damaged("package.way" | "package.other_server")`.
        """
        label = package.look(source)
        if label.way != UP:
            raise Damaged("package.way")
        if label.server != self._name():
            raise Damaged("package.other_server")
        account, public = self._server.keys.account(label.device)
        self._server.devices.refuse(label.device)
        told = Told(label.device)
        with package.opened(source, public, self._server.keys.own()) as entries:
            request, held = self._read(entries, account, told)
        if request.device != label.device:
            raise Damaged("package.damaged")
        self._note(request)
        begin = {"base": _base(request), "whole": False, "held": held}
        return self._write(folder, label.device, account, request, begin, (), told)

    def write(self, device: str, folder: Path) -> Told:
        """Write for a desk what is new since it last told where it stands, or everything.

        Raises `NotPermitted("package.unknown_desk" | "sync.wipe")`.
        """
        account, _ = self._server.keys.account(device)
        self._server.devices.refuse(device)
        stood = self._stood(device)
        offers: list[dict[str, Any]] = []
        if stood is None:
            request, offers = self._from_nothing(device, account)
        else:
            request = codec.decode_request(codec.dumps(stood).encode())
        base = _base(request)
        for offer in offers:
            lag = dict(request.lag)
            lag[offer["bucket"]] = offer["cursor"]
            request = replace(request, lag=lag)
        begin = {"base": base, "whole": stood is None, "held": [], "snapshots": offers}
        told = Told(device)
        return self._write(folder, device, account, request, begin, self._parts(offers), told)

    def _name(self) -> str:
        with self._store.read() as connection:
            return self._store.meta(connection, "server") or ""

    def _read(
        self, entries: Iterator[Entry], account: Account, told: Told
    ) -> tuple[Request, list[str]]:
        request: Request | None = None
        held: list[str] = []
        for entry in entries:
            if entry.name.startswith("request/") and entry.size <= codec.MAX_REQUEST:
                media = entry.name.removeprefix("request/")
                request = codec.decode_request(b"".join(entry.pieces), media)
            elif entry.name.startswith("file/"):
                held += self._take(entry, account.person)
        if request is None:
            raise Damaged("package.damaged")
        told.took = len(held)
        return request, held

    def _scope(self, person: str) -> tuple[str, ...]:
        service = self._server.service
        return service.pull.scope_of(person, service.clock.now())

    def _take(self, entry: Entry, person: str) -> list[str]:
        """Bring a file in by the door of all uploads; a marked page is not taken."""
        sha256, files = entry.name.removeprefix("file/"), self._server.files
        with spool(entry.size) as held:
            for piece in entry.pieces:
                held.write(piece)
            plan = Plan(entry.size, tuple(_leaves(held)))
            offset = files.begin(sha256, person, plan)
            held.seek(offset)
            files.append(sha256, person, offset, iter(lambda: held.read(LEAF), b""))
        try:
            files.finish(sha256, person, self._scope)
        except RuleViolation as error:
            if error.code != _SECRET:
                raise
            return []
        return [sha256]

    def _from_nothing(self, device: str, account: Account) -> tuple[Request, list[dict[str, Any]]]:
        scope = self._scope(account.person)
        lag = dict.fromkeys(scope, 0)
        offers = self._server.snapshots.offers(scope, lag)
        with self._store.read() as connection:
            head = self._store.head(connection)
            history = self._store.meta(connection, "history") or ""
        return Request(
            PROTO, SCHEMA, RULES, device, history, head, 0, scope, lag, compared=-1, want=WANT
        ), offers

    def _parts(self, offers: Sequence[Mapping[str, Any]]) -> Iterator[Entry]:
        for offer in offers:
            for part in offer["parts"]:
                pieces = self._server.snapshots.read(part["sha256"], 0, part["size"])
                yield Entry(f"part/{part['sha256']}", part["size"], pieces)

    def _write(
        self,
        folder: Path,
        device: str,
        account: Account,
        request: Request,
        begin: Mapping[str, Any],
        parts: Iterable[Entry],
        told: Told,
    ) -> Told:
        _, public = self._server.keys.account(device)
        told.seq = self._next(device)
        made = self._server.clock.now().isoformat()
        label = Label(DOWN, device, self._name(), told.seq, made)
        position = _Position(request)
        entries = self._entries(begin, parts, position, account, told)
        told.path = folder / f"hoaban-nhan-{device[-8:]}-{told.seq}{package.SUFFIX}"
        told.size = package.write(told.path, label, self._server.keys.own(), public, entries)
        self._store.retrying(
            lambda c: trail.ordered(
                c, self._server.clock.now(), device, account.person, f"package:{told.seq}"
            )
        )
        return told

    def _entries(
        self,
        begin: Mapping[str, Any],
        parts: Iterable[Entry],
        position: _Position,
        account: Account,
        told: Told,
    ) -> Iterator[Entry]:
        yield _plain("begin", codec.dumps(begin).encode())
        yield from parts
        for frames in self._replies(position, account, told):
            yield _plain("reply", b"".join(codec.pack(frames)))
        yield from self._files(position, account, told)

    def _files(self, position: _Position, account: Account, told: Told) -> Iterator[Entry]:
        """Yield the files that rows name and this person may see, as many as there is room for."""
        files, left = self._server.files, self._limit
        scope = self._scope(account.person)
        for sha256 in position.shas:
            plan = files.plan(sha256)
            if plan is None or plan.size > left:
                continue
            if files.visible(sha256, account.person, scope):
                left -= plan.size
                told.files += 1
                yield Entry(f"file/{sha256}", plan.size, files.read(sha256, 0, plan.size))

    def _replies(self, position: _Position, account: Account, told: Told) -> Iterator[list[Frame]]:
        """Yield whole replies until the desk would have caught up, commands in bounded lots."""
        commands = position.request.commands
        while True:
            lot, commands = commands[:MAX_COMMANDS], commands[MAX_COMMANDS:]
            asked = replace(position.request, commands=lot, fold=False)
            frames = list(self._server.service.handle(asked, account))
            self._count(frames, lot, position, told)
            yield frames
            position.follow(frames)
            stopped = any(isinstance(f, Forked) for f in frames) or _foreign(frames, asked)
            if stopped or (position.caught_up and not commands):
                return

    def _count(
        self, frames: Sequence[Frame], lot: Sequence[Any], position: _Position, told: Told
    ) -> None:
        told.commands += len(lot)
        kinds = self._server.service.registry.kinds
        for frame in frames:
            if isinstance(frame, ReceiptFrame):
                told.refused += frame.code not in ("accepted", "duplicate")
            elif isinstance(frame, RowFrame):
                told.rows += 1
                if frame.kind != EVENT and frame.kind in kinds:
                    position.shas.update(dict.fromkeys(self._named(frame)))

    def _named(self, frame: RowFrame) -> Iterable[str]:
        kind = self._server.service.registry.kind(frame.kind)
        return sorted(kind.files(from_json(kind.model, json.loads(frame.raw))))

    def _next(self, device: str) -> int:
        def work(connection: Connection) -> int:
            p = tables.package.c
            row = connection.execute(
                select(p.seq, p.stood).where(p.device == device).with_for_update()
            ).first()
            seq = (row.seq if row is not None else 0) + 1
            self._keep(connection, device, seq, row.stood if row is not None else "")
            return seq

        return self._store.retrying(work)

    def _note(self, request: Request) -> None:
        """Keep where a desk has said that it stands."""

        def work(connection: Connection) -> None:
            p = tables.package.c
            seq = connection.scalar(select(p.seq).where(p.device == request.device)) or 0
            stood = codec.dumps(to_json(replace(request, commands=())))
            self._keep(connection, request.device, int(seq), stood)

        self._store.retrying(work)

    def _keep(self, connection: Connection, device: str, seq: int, stood: str) -> None:
        now = int(self._server.clock.now().timestamp())
        self._store.put(connection, tables.package, [(device, seq, stood, now)])

    def _stood(self, device: str) -> dict[str, Any] | None:
        p = tables.package.c
        with self._store.read() as connection:
            text = connection.scalar(select(p.stood).where(p.device == device))
        return dict(json.loads(text)) if text else None


def _plain(name: str, data: bytes) -> Entry:
    return Entry(name, len(data), (data,))


def _base(request: Request) -> dict[str, Any]:
    return {
        "history": request.history,
        "cursor": request.cursor,
        "scope": sorted(request.scope),
        "lag": dict(request.lag),
    }


def _foreign(frames: Sequence[Frame], asked: Request) -> bool:
    """Tell whether a reply says nothing but that the server lives in another history."""
    hello = frames[0]
    return isinstance(hello, Hello) and (
        asked.history not in ("", hello.history) or asked.cursor > hello.head
    )


def _leaves(held: BinaryIO) -> Iterator[str]:
    held.seek(0)
    while leaf := held.read(LEAF):
        yield hashlib.sha256(leaf).hexdigest()
