"""An opened profile without a window: what the screens and the command line stand on.

It holds the parts that the composition root built and offers the few ways in: ask, act, sign.
The layer lies between the features and the screens, so that both skins share one desk.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO, Protocol, TypeVar

from app.catalogues.model import Item, item_id
from app.files import checks
from app.flows.arrival import ArrivalWorker
from app.flows.completion import CompletionPorts, CompletionWorker
from app.flows.keys import KEY_HOLDER, same_holder
from app.identity.actions import Action
from app.identity.actors import resolve
from app.identity.audit import Note
from app.identity.model import CLERK, Person, Post, Unit, valid
from app.identity.trail import DeskTrail
from app.kernel.actor import Actor
from app.kernel.batch import DeskSigner
from app.kernel.bus import Bus
from app.kernel.calendar import WorkingCalendar
from app.kernel.changes import Broadcast, Changes
from app.kernel.clock import Clock
from app.kernel.codec import to_json
from app.kernel.command import Command
from app.kernel.errors import NotPermitted, RuleViolation
from app.kernel.event import Event
from app.kernel.feature import Registry
from app.kernel.network import NetworkCheck
from app.kernel.packages import Packages
from app.kernel.ports import CertificateInfo, Completer, Diagnosis, Http, Verifier
from app.kernel.second import SignIn
from app.settings import Settings
from app.store import holdings
from app.store.desk import DeskStore
from app.store.replica import Replica

T = TypeVar("T")
EXCHANGE_SECONDS = 20.0
_STEP = 0.05
# States of the line in which other servers, such as a CA's, are worth asking
ON_LINE = frozenset({"ok", "syncing"})


class FilesStatus(Protocol):
    """What moves and what waits of the files."""

    @property
    def to_send(self) -> int:
        """Return how many files the server lacks."""

    @property
    def to_fetch(self) -> int:
        """Return how many files are to come."""

    @property
    def waiting(self) -> Mapping[Any, int]:
        """Return how many files wait for which reason."""

    @property
    def metered(self) -> bool:
        """Tell whether each byte of this line is paid for."""


class SyncStatus(Protocol):
    """What the status bar says of the line."""

    @property
    def state(self) -> str:
        """Return ok, offline, portal, proxy_auth, tls_intercepted, server_down, …"""

    @property
    def busy(self) -> bool:
        """Tell whether an exchange is under way."""

    @property
    def since(self) -> datetime | None:
        """Return when the state began."""

    @property
    def last_sync(self) -> datetime | None:
        """Return when the last exchange was complete."""

    @property
    def retry_at(self) -> datetime | None:
        """Return when the next try is due, None when none failed."""

    @property
    def files(self) -> FilesStatus:
        """Return what moves and what waits of the files."""


class Synchroniser(Protocol):
    """The sync service as the screens see it."""

    @property
    def status(self) -> SyncStatus:
        """Return where the line stands."""

    def start(self) -> None:
        """Begin; returns at once."""

    def poke(self) -> None:
        """Sync now."""

    def line_changed(self) -> None:
        """Try again at once where the last try failed: the network is another now."""

    def line_is_metered(self, *, metered: bool) -> None:
        """Hear whether each byte of this line is paid for."""

    def cancel_file(self, sha256: str) -> None:
        """Fetch a file no longer."""

    def stop(self) -> None:
        """End the work and its threads."""


@dataclass
class Desk:
    """One person's opened profile and everything that serves it."""

    store: DeskStore
    registry: Registry
    bus: Bus
    clock: Clock
    person: str
    settings: Settings
    calendar: WorkingCalendar
    signer: DeskSigner
    verifier: Verifier
    http: Http
    sync: Synchroniser | None = None
    diagnosis: Diagnosis | None = None
    completer: Completer | None = None
    network: NetworkCheck | None = None
    packages: Packages | None = None
    sign_in: SignIn | None = None
    arrivals: ArrivalWorker = field(init=False)
    completions: CompletionWorker = field(init=False)
    trail: DeskTrail = field(init=False)

    def __post_init__(self) -> None:
        """Build the workers for arrived files and for signatures, and the audit log's writer."""
        self.trail = DeskTrail(self.store)
        self.arrivals = ArrivalWorker(self.store, self.verifier, self._on_line)
        self.completions = CompletionWorker(
            CompletionPorts(
                store=self.store,
                completer=lambda: self.completer,
                verifier=self.verifier,
                act=lambda command: self.run(self.actor(), command),
                note=self.note,
                on_line=self._on_line,
                wanted=lambda: self.settings.text("signature_level"),
            )
        )

    def _on_line(self) -> bool:
        return self.sync is not None and self.sync.status.state in ON_LINE

    @property
    def changes(self) -> Broadcast:
        """Return the one way to hear of changes."""
        return self.store.changes

    def posts(self) -> tuple[Post, ...]:
        """Return the person's posts that are valid today; empty before the first sync."""
        who: Person | None = self.store.get("person", self.person)
        held = (self.store.get("post", post) for post in (who.posts if who is not None else ()))
        now = self.clock.now()
        return tuple(p for p in held if p is not None and valid(p.valid_from, p.valid_to, now))

    def actor(self, post: str = "", acting_for: str | None = None, authority: str = "") -> Actor:
        """Return the person as an actor at a post, the first valid one by default.

        Raises `NotPermitted("identity.post")` where there is none.
        """
        chosen = post or next((p.id for p in self.posts()), "")
        if not chosen:
            raise NotPermitted("identity.post")
        now = self.clock.now()
        return resolve(self.store.get, self.person, chosen, now, acting_for, authority)

    def exchange_now(self) -> None:
        """Send what waits and take what came before returning; call it off the GUI thread.

        Returns without an error where there is no line; gives up after `EXCHANGE_SECONDS`.
        """
        if self.sync is None:
            return
        asked = self.clock.now()
        self.sync.poke()
        end = self.clock.monotonic() + EXCHANGE_SECONDS
        while self.clock.monotonic() < end:
            status = self.sync.status
            fresh = status.last_sync is not None and status.last_sync > asked
            lost = status.state != "ok" and not status.busy
            if lost or (fresh and not self.outbox_counts()[0]):
                return
            time.sleep(_STEP)

    def outbox_counts(self) -> tuple[int, int]:
        """Return how many commands wait to be sent, and how many were refused."""
        states = [item.state for item in Replica(self.store).items()]
        refused = sum(state == "refused" for state in states)
        return len(states) - refused, refused

    def may_use(self, certificate: CertificateInfo) -> bool:
        """Tell whether a certificate is the person's own, or the seal in the hands of a clerk.

        A personal key is offered to its owner alone (NĐ 30/2020 Art 32).
        """
        return self.owner_of(certificate) != ""

    def owner_of(self, certificate: CertificateInfo) -> str:
        """Return the id of the person or of the agency whose key this is here, "" for others."""
        clerk_at = {p.agency for p in self.posts() if CLERK in p.roles}
        for kind, owner in (("person", self.person), *(("unit", a) for a in sorted(clerk_at))):
            found: Person | Unit | None = self.store.get(kind, owner)
            alias: Item | None = self.store.get("catalogue", item_id(KEY_HOLDER, owner, None))
            names = [n.name for n in (found,) if n is not None]
            names += [alias.label] if alias is not None else []
            if any(same_holder(certificate.holder, name) for name in names):
                return owner
        return ""

    def open_file(self, sha256: str) -> BinaryIO:
        """Return a seekable reader of a file of the vault, for showing it.

        Raises `Unavailable("vault.missing")`, and `RuleViolation("document.secret")` for one
        that bears a mark of secrecy: it is kept back.
        """
        with self.store.reader() as connection:
            if checks.is_secret(connection, sha256):
                raise RuleViolation("document.secret", field="file")
        return self.store.vault.open(sha256)

    def keep_offline(self, kind: str, entity: str, *, keep: bool) -> None:
        """Fetch the files of a record and keep them here, or let them go when room is needed."""
        change = holdings.pin if keep else holdings.unpin
        with self.store.writing() as connection:
            change(connection, (kind, entity))
        self.store.changes(Changes.of([(kind, entity)]))

    def is_kept_offline(self, kind: str, entity: str) -> bool:
        """Tell whether the files of a record are kept here."""
        with self.store.reader() as connection:
            return holdings.is_pinned(connection, (kind, entity))

    def query(self, ask: Callable[..., T], actor: Actor, *args: Any) -> T:
        """Run `ask(connection, actor, *args)` on a read-only connection."""
        with self.store.reader() as connection:
            return ask(connection, actor, *args)

    def list_rows(
        self, name: str, actor: Actor, text: str, limit: int
    ) -> Sequence[Mapping[str, Any]]:
        """Return the plain rows of a named list, or of a kind's entities as JSON."""
        ask = self.registry.lists.get(name)
        if ask is not None:
            with self.store.reader() as connection:
                return ask(connection, actor, text, limit)
        kind = self.registry.kind(name)
        found = self.store.entities(name, limit)
        return [
            {"id": entity_id, **to_json(entity)}
            for entity_id, entity in found
            if kind.readable(entity, actor)
        ]

    def run(self, actor: Actor, *commands: Command) -> Changes:
        """Run commands in one local transaction."""
        return self.bus.run(actor, *commands)

    def run_undoable(self, actor: Actor, *commands: Command) -> tuple[Changes, tuple[Command, ...]]:
        """Run commands and return with the changes what would undo them, last first.

        The undo is empty unless every command has an inverse.
        """
        inverse: list[Command] = []
        for command in commands:
            handler = self.registry.handler(command.NAME)
            before = self.store.get(handler.kind, command.id)
            undo = handler.undo(before, command) if handler.undo is not None else None
            if undo is not None:
                inverse.insert(0, undo)
        changes = self.bus.run(actor, *commands)
        return changes, tuple(inverse) if len(inverse) == len(commands) else ()

    def note(
        self, action: Action, objects: tuple[str, ...] = (), detail: str = "", post: str = ""
    ) -> None:
        """Write into the audit log what the person did that is no command; ids and codes only."""
        self.trail.note(
            Note(
                action,
                person=self.person,
                post=post,
                device=self.store.device,
                objects=objects,
                detail=detail,
            )
        )

    def timeline(self, kind: str, entity: str) -> Sequence[Event]:
        """Return what happened to an entity, oldest first."""
        return self.store.events(kind, entity)

    def close(self) -> None:
        """Close the store and everything that holds it."""
        self.store.close()
