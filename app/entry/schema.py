"""Every command, kind and row field, as rows: what `schema` prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.features import registry
from app.kernel.codec import fields_of
from app.kernel.event import Event


def rows() -> Iterator[dict[str, Any]]:
    """Yield one row per kind, per command and per list."""
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
        yield {"list": name}
