"""Who may say that a file belongs to a record.

A hash is no secret: it stands in every record that names the file. So naming a file gives
sight of it only where the person who names it has shown that he holds the content, or sees
it by another record. Until then the naming is a claim, and everyone but him is answered as
if the file did not exist.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable

from sqlalchemy import Connection, delete, select

from sync.server import tables
from sync.server.store import Store

Ref = tuple[str, str, str]
"""Hash, kind and id of the record that names it."""

Scope = Callable[[str], Collection[str]]
_f, _e, _p, _c = (
    tables.file_ref.c,
    tables.entity.c,
    tables.possession.c,
    tables.claim.c,
)


def visible(connection: Connection, sha256: str, person: str, buckets: Iterable[str]) -> bool:
    """Tell whether a person has proved a file, or holds a record that names it for good."""
    own = select(_p.person).where(_p.sha256 == sha256, _p.person == person)
    proved = connection.scalar(own) is not None
    held = frozenset(buckets)
    naming = connection.execute(
        select(_e.buckets, _c.person, _p.person)
        .select_from(
            tables.file_ref.join(tables.entity, (_e.kind == _f.kind) & (_e.id == _f.entity))
            .outerjoin(
                tables.claim,
                (_c.sha256 == _f.sha256) & (_c.kind == _f.kind) & (_c.entity == _f.entity),
            )
            .outerjoin(tables.possession, (_p.sha256 == _f.sha256) & (_p.person == _c.person))
        )
        .where(_f.sha256 == sha256)
    )
    seen = any(
        held & set(json.loads(text))
        for text, claims, shown in naming
        if claims is None or shown is not None
    )
    return proved or seen


def note(
    store: Store, connection: Connection, named: Iterable[Ref], person: str, scope: Scope
) -> None:
    """Take what a person's commands have newly named as claims, where nothing speaks for him."""
    refs = list(named)
    if not refs:
        return
    held: Collection[str] | None = None
    claims: list[tuple[str, str, str, str]] = []
    for ref in refs:
        _settle(connection, ref)
        if held is None:
            held = scope(person)
        claims.append((*ref, person))
    # A claim is no reason for another one, so all are laid down before any is looked at.
    store.put(connection, tables.claim, claims)
    for sha256 in sorted({sha256 for sha256, _, _ in refs}):
        if visible(connection, sha256, person, held or ()):
            for ref in refs:
                if ref[0] == sha256:
                    _settle(connection, ref)


def shown(connection: Connection, sha256: str, scope: Scope) -> None:
    """Settle the claims that a proof of possession makes good, and those that follow of them."""
    query = select(_c.kind, _c.entity, _c.person).where(_c.sha256 == sha256)
    open_ = [tuple(row) for row in connection.execute(query)]
    moved = True
    while moved:
        moved = False
        for kind, entity, person in tuple(open_):
            if visible(connection, sha256, person, scope(person)):
                _settle(connection, (sha256, kind, entity))
                open_.remove((kind, entity, person))
                moved = True


def _settle(connection: Connection, ref: Ref) -> None:
    sha256, kind, entity = ref
    connection.execute(
        delete(tables.claim).where(_c.sha256 == sha256, _c.kind == kind, _c.entity == entity)
    )
