"""Every command, kind and row field, as rows: what `schema` prints."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

from app.features import registry
from app.kernel.codec import fields_of, named_types
from app.kernel.event import Event
from app.kernel.feature import Registry


def rows() -> Iterator[dict[str, Any]]:
    """Yield one row per kind, per command and per list, then per type that their fields name."""
    known = registry()
    for name, kind in sorted(known.kinds.items()):
        yield {"kind": name, "fields": fields_of(kind.model)}
    yield {"kind": "event", "fields": fields_of(Event)}
    for name, handler in sorted(known.handlers.items()):
        yield {
            "command": name,
            "version": handler.command.VERSION,
            "kind": handler.kind,
            "permission": handler.permission,
            "roles": sorted(known.grants.get(handler.permission, ())),
            "undo": handler.undo is not None,
            "fields": fields_of(handler.command),
        }
    for name in sorted(known.lists):
        fields = [fields_of(made) for made in known.rows[name]]
        yield {"list": name, "fields": {k: v for made in fields for k, v in made.items()}}
    yield from _types(known)


def _types(known: Registry) -> Iterator[dict[str, Any]]:
    tops: list[type] = [kind.model for kind in known.kinds.values()]
    tops += [handler.command for handler in known.handlers.values()]
    tops += [made for rows in known.rows.values() for made in rows]
    found = {part.__name__: part for top in tops for part in named_types(top)}
    for name, part in sorted(found.items()):
        if issubclass(part, Enum):
            yield {"type": name, "values": [member.value for member in part]}
        else:
            yield {"type": name, "fields": fields_of(part)}
