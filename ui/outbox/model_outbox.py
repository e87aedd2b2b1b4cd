"""What the outbox shows, in words: acts, how far they are, why one was refused, the line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.desk import Desk
from app.kernel.actor import SYSTEM, Actor
from app.kernel.changes import Changes
from app.kernel.clock import VIETNAM
from app.kernel.codec import from_json
from app.kernel.event import Event
from app.kernel.texts import Texts
from app.store.model import OutboxItem, OutboxState
from app.store.replica import Replica

# What names an entity to a person, in the order in which it is asked for
_TITLES = ("subject", "title", "name", "label")
_DOCUMENT = "document"
_TONES = {
    OutboxState.HELD: "accent",
    OutboxState.QUEUED: "warn",
    OutboxState.SENT: "info",
    OutboxState.ACKED: "ok",
    OutboxState.REFUSED: "bad",
}
# Which link of the chain a state of the line speaks of: this PC, the line, the server
_FAULTS = {
    "offline": "line",
    "portal": "line",
    "proxy_auth": "proxy",
    "tls_intercepted": "line",
    "server_down": "server",
    "sign_in": "account",
    "wiped": "account",
}


# What a person typed into an act, by the names of its fields
_TYPED = ("text", "reason", "result", "proposal", "note", "title", "body")
# Steps that tell nothing of why an act was refused
_SILENT = frozenset({"document.opened", "document.delivery_reported", "document.twinned"})


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What somebody did to the same record since the author of an act last saw it."""

    who: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One act of the outbox; `until` ends its hold, `page` shows its entity ("" for none).

    `since` holds, for a refused act, what others did meanwhile.
    """

    id: str
    at: datetime
    until: datetime
    name: str
    kind: str
    entity: str
    title: str
    page: str
    state: OutboxState
    code: str
    params: dict[str, str | int]
    args: dict[str, Any]
    since: tuple[Meanwhile, ...] = ()

    @property
    def refused(self) -> bool:
        """Tell whether the server, or a rule since, refused it."""
        return self.state is OutboxState.REFUSED


def outbox_rows(desk: Desk) -> list[OutboxRow]:
    """Return the refused acts first, then what waits, each in the order of the acts."""
    hold = timedelta(seconds=desk.store.hold_seconds)
    found = []
    for item in Replica(desk.store).items():
        at = datetime.fromisoformat(item.at)
        held = desk.store.raw(item.kind, item.entity) or {}
        found.append(
            OutboxRow(
                id=item.command,
                at=at,
                until=at + hold,
                name=item.name,
                kind=item.kind,
                entity=item.entity,
                title=_title(desk, held, item.args),
                page=str(held.get("direction", "")) if item.kind == _DOCUMENT else "",
                state=item.state,
                code=item.code,
                params=item.params,
                args=item.args,
                since=_since(desk, item) if item.state is OutboxState.REFUSED else (),
            )
        )
    return sorted(found, key=lambda row: not row.refused)


def _since(desk: Desk, item: OutboxItem) -> tuple[Meanwhile, ...]:
    found = [e for e in Replica(desk.store).meanwhile(item.command) if e.name not in _SILENT]
    return tuple(Meanwhile(_who(desk, e), e.name, e.server_at or e.at) for e in found)


def _who(desk: Desk, event: Event) -> str:
    person = desk.store.raw("person", event.person) or {}
    return str(event.data.get("by") or person.get("name") or event.person)


def _title(desk: Desk, held: Mapping[str, Any], args: Mapping[str, Any]) -> str:
    """Return what names the entity of an act, or the document that the entity is about."""
    about = str(held.get("document") or args.get("document") or "")
    document = (desk.store.raw(_DOCUMENT, about) or {}) if about else held
    sources = (document.get("particulars") or {}, held, args)
    names = (str(source.get(name) or "") for source in sources for name in _TITLES)
    return next((name for name in names if name), "")


def withdraw(desk: Desk, command: str) -> Changes:
    """Take an act back that has not been sent."""
    return Replica(desk.store).withdraw(command)


def dismiss(desk: Desk, commands: Sequence[str]) -> None:
    """Forget refused acts."""
    replica = Replica(desk.store)
    for command in commands:
        replica.dismiss(command)


def do_again(desk: Desk, actor: Actor, row: OutboxRow) -> Changes:
    """Do a refused act once more on the state of now; then the refused one is forgotten.

    Raises what the rules raise; then nothing has changed.
    """
    command = from_json(desk.registry.handler(row.name).command, row.args)
    changes = desk.run(actor, command)
    Replica(desk.store).dismiss(row.id)
    return changes


class OutboxWords:
    """Say rows and the line in the language of the window."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def act(self, row: OutboxRow) -> str:
        """Return the name of the act."""
        if not self._texts.has(f"outbox.command.{row.name}"):
            return row.name
        return self._texts(f"outbox.command.{row.name}")

    def time(self, row: OutboxRow) -> str:
        """Return day and hour of the act in Vietnam."""
        return row.at.astimezone(VIETNAM).strftime("%d/%m %H:%M")

    def state(self, row: OutboxRow, now: datetime) -> str:
        """Return how far the act is; a held one with the seconds left to take it back."""
        if row.state is OutboxState.HELD:
            left = seconds_left(row, now)
            if left:
                return self._texts("outbox.state.held", seconds=left)
            return self._texts("outbox.state.queued")
        return self._texts(f"outbox.state.{row.state.value}")

    def tone(self, row: OutboxRow) -> str:
        """Return the tone of the state's badge."""
        return "warn" if row.code and not row.refused else _TONES[row.state]

    def reason(self, row: OutboxRow) -> str:
        """Return why an act was refused or is in doubt, and what to do; "" if it is not."""
        if not row.code:
            return ""
        what, remedy = f"error.{row.code}", f"error.{row.code}.do"
        if not self._texts.has(what):
            return self._texts("outbox.unknown_reason", code=row.code)
        told = (self._texts(key, **row.params) for key in (what, remedy))
        said = " ".join(told).strip()
        return said if row.refused else self._texts("outbox.doubt", reason=said)

    def happened(self, row: OutboxRow) -> list[str]:
        """Say who did what and when to the record since this act was given."""
        return [self._happened(one) for one in row.since]

    def _happened(self, one: Meanwhile) -> str:
        kind, name = one.name.split(".", 1)
        key = f"{kind}s.event.{name}"
        what = self._texts(key) if self._texts.has(key) else name
        at = one.at.astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y")
        who = self._texts("outbox.system") if one.who == SYSTEM else one.who
        return self._texts("outbox.happened", who=who, what=what, at=at)

    def typed(self, row: OutboxRow) -> list[str]:
        """Return what the person typed into an act, so that none of it is lost with it."""
        found = [str(row.args[n]) for n in _TYPED if isinstance(row.args.get(n), str)]
        given = row.args.get("changes") or row.args.get("particulars") or {}
        for name, value in given.items() if isinstance(given, Mapping) else ():
            key = f"pages.field.{name}"
            if self._texts.has(key) and value not in ("", None):
                found.append(f"{self._texts(key)}: {value}")
        return [text for text in found if text]

    def line(self, state: str, since: str) -> tuple[str, str, str]:
        """Return tone, headline and what it means: this PC, the line, or the server."""
        fault = _FAULTS.get(state, "none" if state == "none" else "fine")
        tone = {"fine": "ok", "none": "info"}.get(fault, "warn")
        headline = self._texts(f"outbox.line.{state}", since=since)
        return tone, headline, self._texts(f"outbox.fault.{fault}")


def seconds_left(row: OutboxRow, now: datetime) -> int:
    """Return the seconds in which a held act can still be taken back without being asked."""
    left = (row.until - now).total_seconds()
    hold = (row.until - row.at).total_seconds()
    return max(0, min(round(left), round(hold)))
