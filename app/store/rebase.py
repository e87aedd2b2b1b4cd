"""Pending commands again on the server's newest state: what the desk shows is the fold.

Server states of entities that pending commands touch wait in `shadow`. A component is a set
of commands and entities joined by touches; it is restored to its shadows and replayed as a
whole. It is left as it is (frozen) while it holds a command that the server has taken and a
server state that may include it: replaying would apply the command twice. The caught-up end
of the round takes the command out and folds again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlalchemy import Connection

from app.kernel.bus import Situation, execute
from app.kernel.codec import from_json
from app.kernel.errors import HoaBanError, RuleViolation
from app.kernel.feature import Registry
from app.store import outbox
from app.store.model import EVENT
from app.store.projected import project, remove
from app.store.sql import Key, chunks, marks
from app.store.work import UnitOfWork


def component(connection: Connection, start: Iterable[Key]) -> tuple[set[str], set[Key]]:
    """Return the pending commands that lean on the entities, and all that these touch."""
    keys, commands = set(start), set[str]()
    fresh = set(keys)
    while fresh:
        found = _touching(connection, fresh) - commands
        commands |= found
        fresh = _touched(connection, found) - keys
        keys |= fresh
    return commands, keys


def _touching(connection: Connection, keys: set[Key]) -> set[str]:
    commands: set[str] = set()
    for part in chunks(sorted(keys)):
        commands |= set(
            connection.exec_driver_sql(
                f"SELECT command FROM touch WHERE (kind, id) IN (VALUES {marks(len(part), 2)})",
                tuple(value for key in part for value in key),
            ).scalars()
        )
    return commands


def _touched(connection: Connection, commands: set[str]) -> set[Key]:
    """Return the entities written by the commands; reading alone joins nothing further."""
    keys: set[Key] = set()
    for part in chunks(sorted(commands)):
        keys |= {
            (kind, entity)
            for kind, entity in connection.exec_driver_sql(
                "SELECT DISTINCT t.kind, t.id FROM touch t JOIN shadow s USING (kind, id)"
                f" WHERE t.command IN ({marks(len(part))})",
                tuple(part),
            )
        }
    return keys


def refold(connection: Connection, registry: Registry, start: Iterable[Key]) -> set[Key]:
    """Fold the entities and what hangs together with them again; answer what moved."""
    commands, keys = component(connection, start)
    if frozen(connection, commands, keys):
        return set()
    moved = restore(connection, registry, keys)
    moved |= drop_provisional(connection, registry, commands)
    return moved | _replay(connection, registry, sorted(commands))


def frozen(connection: Connection, commands: set[str], keys: set[Key]) -> bool:
    """Tell whether a replay now could apply a command twice."""
    taken = any(
        connection.exec_driver_sql(
            f"SELECT 1 FROM outbox WHERE command IN ({marks(len(part))})"
            " AND (state = 'acked' OR again = 1)",
            tuple(part),
        ).first()
        for part in chunks(sorted(commands))
    )
    return taken and any(
        connection.exec_driver_sql(
            "SELECT 1 FROM shadow WHERE fresh = 1"
            f" AND (kind, id) IN (VALUES {marks(len(part), 2)})",
            tuple(value for key in part for value in key),
        ).first()
        for part in chunks(sorted(keys))
    )


def restore(connection: Connection, registry: Registry, keys: Iterable[Key]) -> set[Key]:
    """Put the server's states in place of the folded ones and forget the shadows."""
    moved: set[Key] = set()
    absent: list[Key] = []
    for key in sorted(keys):
        row = connection.exec_driver_sql(
            "DELETE FROM shadow WHERE kind = ? AND id = ? RETURNING ver, buckets, data", key
        ).first()
        if row is None:
            continue
        moved.add(key)
        if row[2] is None:
            absent.append(key)
            continue
        connection.exec_driver_sql(
            "INSERT INTO entity (kind, id, ver, buckets, data) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (kind, id) DO UPDATE SET data = excluded.data",
            (*key, *row),
        )
        value = decoded(registry, key[0], json.loads(row[2]))
        if value is not None:
            project(connection, registry, [(key, value)])
    remove(connection, registry, absent)
    return moved


def decoded(registry: Registry, kind: str, data: dict[str, object]) -> object | None:
    """Return the entity, or None for one that only a newer program can read."""
    known = registry.kinds.get(kind)
    if known is None:
        return None
    try:
        return from_json(known.model, data)
    except RuleViolation:
        return None


def drop_provisional(
    connection: Connection, registry: Registry, commands: Iterable[str]
) -> set[Key]:
    """Delete what the commands have put in the timeline provisionally."""
    dropped: list[str] = []
    for command in commands:
        dropped += connection.exec_driver_sql(
            "DELETE FROM event WHERE command = ? AND ver IS NULL RETURNING id", (command,)
        ).scalars()
    if dropped:
        for projection in registry.projections.get(EVENT, ()):
            projection.delete(connection, dropped)
    return {(EVENT, event) for event in dropped}


def _replay(connection: Connection, registry: Registry, commands: list[str]) -> set[Key]:
    work = UnitOfWork(connection, registry)
    for envelope, actor in outbox.pending(connection, commands):
        work.forget_touches()
        situation = Situation(work, actor, envelope.at, envelope.device, envelope.id)
        try:
            with work.attempt():
                execute(registry, work, envelope, situation)
        except HoaBanError as error:
            outbox.doubt(connection, envelope.id, error.code, error.params)
            continue
        outbox.doubt(connection, envelope.id, "", {})
        work.touched(envelope.id)
    return work.flush()
