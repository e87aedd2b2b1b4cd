"""The manifest by which a feature joins the product, and the registry of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from app.kernel.actor import Actor
from app.kernel.command import Command
from app.kernel.errand import Errand
from app.kernel.errors import RuleViolation
from app.kernel.event import Event, NewEvent
from app.kernel.merge import Merge


class Context(Protocol):
    """What a rule may know besides the entity: who, when, where, and other entities."""

    @property
    def actor(self) -> Actor:
        """Return who acts."""

    @property
    def now(self) -> datetime:
        """Return the time of the act: the device's on both sides, so both decide alike."""

    @property
    def device(self) -> str:
        """Return the id of the device that the command was made on."""

    @property
    def command_id(self) -> str:
        """Return the id of the command, from which derived ids grow."""

    @property
    def authoritative(self) -> bool:
        """Tell whether this is the server; True there only."""

    @property
    def clock_off(self) -> timedelta:
        """Return how far the server's clock is ahead of `now`; zero where nobody knows."""

    def get(self, kind: str, entity: str) -> Any:
        """Return another entity as of now, or None."""


Decide = Callable[[Any, Any, Context], Sequence[NewEvent]]
Prepare = Callable[[Any, Any, Context], Command]
Apply = Callable[[Any, Event], Any]
React = Callable[[Event, Context], Sequence[Command]]
Tell = Callable[[Event, Context], Sequence[Errand]]


def _no_names(_: Any) -> frozenset[str]:
    return frozenset()


@dataclass(frozen=True)
class Kind:
    """One kind of entity.

    `buckets(entity)` says which desks hold it, `files(entity)` the SHA-256 of the files it
    refers to, `readable(entity, actor)` who among those who hold it may see it. A `derived` one is
    computed by the server, and nobody else writes it.
    `following(id, count)` names those that are likely to be asked for after one, so that a
    batch can read ahead; None where nothing follows from an id. `pressing(text)` tells from the
    JSON text of an entity whether it waits for somebody: such ones come first to a new desk.
    `merges` says for each field that people edit how two edits of it come together; proposals
    name the field by it.
    """

    name: str
    model: type
    apply: Apply
    buckets: Callable[[Any], frozenset[str]]
    files: Callable[[Any], frozenset[str]] = _no_names
    readable: Callable[[Any, Actor], bool] = lambda _entity, _actor: True
    derived: bool = False
    following: Callable[[str, int], Sequence[str]] | None = None
    pressing: Callable[[str], bool] | None = None
    merges: Mapping[str, Merge] = field(default_factory=dict)


Shares = Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Derivation:
    """How the server computes a derived kind: a share of records, as of a day.

    `parts(record, day)` is what one record of the kind `of` adds to figures by their ids, as
    (numerator, denominator); `turns(record, day)` the next day on which that becomes another by
    itself, or None. `command(id, numerator, denominator, day)` writes a figure; a `current` one is
    written anew each day, so that it says for which day it holds.
    """

    kind: str
    of: str
    parts: Callable[[Any, date], Shares]
    turns: Callable[[Any, date], date | None]
    command: Callable[[str, int, int, date], Command]
    current: Callable[[str, date], bool]


@dataclass(frozen=True)
class Handler:
    """One command: the permission it needs, and the pure rule that decides it.

    `prepare` runs on the device of origin only and fills in what that device decides, such
    as the number it draws from a register that it holds. `undo(entity, command)` names the
    inverse command, or is None for an act that cannot be undone.
    """

    command: type[Command]
    kind: str
    permission: str
    decide: Decide
    prepare: Prepare | None = None
    undo: Callable[[Any, Any], Command | None] | None = None


class Projection(Protocol):
    """Keep a feature's private tables (lists, search) in step with its entities."""

    kind: str

    def create(self, connection: Any) -> None:
        """Create the tables and indexes."""

    def write(self, connection: Any, rows: Sequence[tuple[str, Any]]) -> None:
        """Insert or replace the rows of these (id, entity) pairs."""

    def delete(self, connection: Any, ids: Sequence[str]) -> None:
        """Remove the rows of these ids, from search too."""


@dataclass(frozen=True)
class Feature:
    """All that a feature brings.

    `reactions` run on the server only, as the `system` actor, in the transaction of the event
    that they answer; `errands` name, likewise and by rules as pure, what is sent outside once that
    transaction is committed; `derivations` compute there what no desk could. `grants` maps a permission to the roles that have it. `lists` maps a list
    name to a function `(connection, actor, text, limit) -> sequence of plain row dicts`, `rows`
    the same name to the dataclasses that such a row is made of.
    """

    name: str
    kinds: tuple[Kind, ...] = ()
    handlers: tuple[Handler, ...] = ()
    reactions: Mapping[str, React] = field(default_factory=dict)
    errands: Mapping[str, Tell] = field(default_factory=dict)
    derivations: tuple[Derivation, ...] = ()
    projections: tuple[Projection, ...] = ()
    grants: Mapping[str, frozenset[str]] = field(default_factory=dict)
    lists: Mapping[str, Callable[..., Sequence[Mapping[str, Any]]]] = field(default_factory=dict)
    rows: Mapping[str, tuple[type, ...]] = field(default_factory=dict)


class Registry:
    """Look up what the features bring; built once by the composition root."""

    def __init__(self, features: Iterable[Feature]) -> None:
        self.features = tuple(features)
        self.kinds = {k.name: k for f in self.features for k in f.kinds}
        self.handlers = {h.command.NAME: h for f in self.features for h in f.handlers}
        self.derivations = tuple(d for f in self.features for d in f.derivations)
        self.reactions: dict[str, tuple[React, ...]] = {}
        self.errands: dict[str, tuple[Tell, ...]] = {}
        self.grants: dict[str, frozenset[str]] = {}
        self.projections: dict[str, tuple[Projection, ...]] = {}
        self.lists = {name: q for f in self.features for name, q in f.lists.items()}
        self.rows = {name: made for f in self.features for name, made in f.rows.items()}
        for feature in self.features:
            for name, react in feature.reactions.items():
                self.reactions[name] = (*self.reactions.get(name, ()), react)
            for name, tell in feature.errands.items():
                self.errands[name] = (*self.errands.get(name, ()), tell)
            for permission, roles in feature.grants.items():
                self.grants[permission] = self.grants.get(permission, frozenset()) | roles
            for projection in feature.projections:
                held = self.projections.get(projection.kind, ())
                self.projections[projection.kind] = (*held, projection)

    def handler(self, name: str) -> Handler:
        """Return the handler of a command's name; `RuleViolation("command.unknown")` else."""
        found = self.handlers.get(name)
        if found is None:
            raise RuleViolation("command.unknown", field="name", name=name[:80])
        return found

    def kind(self, name: str) -> Kind:
        """Return a kind by name; `RuleViolation("kind.unknown")` else."""
        found = self.kinds.get(name)
        if found is None:
            raise RuleViolation("kind.unknown", field="kind", name=name[:80])
        return found
