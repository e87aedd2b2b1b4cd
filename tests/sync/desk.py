"""The simplest desk there can be: what it was told, and a list of what it asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from app.kernel.clock import Clock
from app.kernel.codec import to_json
from app.kernel.command import Command, Envelope
from app.kernel.ids import new_id
from sync.protocol.messages import (
    PROTO,
    RULES,
    SCHEMA,
    End,
    Frame,
    GoneFrame,
    Hello,
    Mark,
    ReceiptFrame,
    Request,
    RowFrame,
    ScopeFrame,
)
from sync.server.service import Account, Service
from tests.doubles.toy import registry


class Desk:
    """Hold rows by (kind, id) and talk to a service without a wire."""

    def __init__(self, service: Service, account: Account, device: str, clock: Clock) -> None:
        self.service, self.account, self.device, self.clock = service, account, device, clock
        self.rows: dict[tuple[str, str], RowFrame] = {}
        self.receipts: dict[int, ReceiptFrame] = {}
        self.scope: list[str] = []
        self.lag: dict[str, int] = {}
        self.cursor = 0
        self.history = ""
        self.n = 0
        self.registry = registry()

    def envelope(self, command: Command, **changes: Any) -> Envelope:
        self.n += 1
        made = Envelope(
            id=new_id(self.clock.now()),
            name=command.NAME,
            version=command.VERSION,
            kind=self.registry.handler(command.NAME).kind,
            entity=command.id,
            args=to_json(command),
            person=self.account.person,
            post="",
            device=self.device,
            at=self.clock.now(),
            n=self.n,
        )
        return replace(made, **changes)

    def request(self, *commands: Envelope, **changes: Any) -> Request:
        made = Request(
            proto=PROTO,
            schema=SCHEMA,
            rules=RULES,
            device=self.device,
            history=self.history,
            cursor=self.cursor,
            receipts_seen=max(self.receipts, default=0),
            scope=tuple(self.scope),
            lag=dict(self.lag),
            commands=tuple(commands),
        )
        return replace(made, **changes)

    def ask(self, *commands: Envelope, **changes: Any) -> list[Frame]:
        return list(self.service.handle(self.request(*commands, **changes), self.account))

    def take(self, frames: Iterable[Frame]) -> End | None:
        """Keep what stands before the last mark or end, as a desk must."""
        page: list[Frame] = []
        for frame in frames:
            page.append(frame)
            if isinstance(frame, Mark | End):
                for one in page:
                    self._keep(one)
                page = []
            if isinstance(frame, End):
                return frame
        return None

    def _keep(self, frame: Frame) -> None:
        if isinstance(frame, Hello):
            self.history = frame.history
        elif isinstance(frame, RowFrame):
            self.rows[frame.kind, frame.id] = frame
        elif isinstance(frame, GoneFrame):
            self.rows.pop((frame.kind, frame.id), None)
        elif isinstance(frame, ReceiptFrame):
            self.receipts[frame.n] = frame
        elif isinstance(frame, ScopeFrame):
            self._rescope(frame)
        elif isinstance(frame, Mark):
            self.cursor, self.lag = frame.cursor, dict(frame.lag)

    def _rescope(self, frame: ScopeFrame) -> None:
        if frame.op == "grant":
            self.scope.append(frame.bucket)
            return
        self.scope.remove(frame.bucket)
        for key, row in list(self.rows.items()):
            if not set(self.scope) & set(row.buckets):
                del self.rows[key]

    def sync(self, *commands: Command) -> list[ReceiptFrame]:
        """Push and pull until caught up; answer the receipts of these commands."""
        envelopes = [self.envelope(c) for c in commands]
        end = self.take(self.ask(*envelopes))
        while end is None or not end.caught_up:
            end = self.take(self.ask())
        return [self.receipts[e.n] for e in envelopes if e.n in self.receipts]

    def ids(self, kind: str) -> set[str]:
        return {name for k, name in self.rows if k == kind}
