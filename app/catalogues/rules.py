"""The rules of the reference lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from app.catalogues.commands import PutItem, RetireItem
from app.catalogues.model import Item, item_id
from app.kernel.codec import from_json, to_json
from app.kernel.errors import NotPermitted, RuleViolation
from app.kernel.event import Event, NewEvent
from app.kernel.feature import Context
from app.kernel.text import normal
from app.settings import SETTING_LIST

KIND = "catalogue"
PUT = "catalogue.put"
RETIRED = "catalogue.retired"
RECOVERY = (SETTING_LIST, "recovery_key")


def decide_put(entity: Item | None, command: PutItem, context: Context) -> Sequence[NewEvent]:
    """Refuse an id that does not follow from list, code and first day, and an empty label.

    The recovery key comes from the server alone: whoever could exchange it from a desk would
    open profiles without the second person.
    """
    if (command.list, command.code) == RECOVERY and not context.actor.is_system:
        raise NotPermitted("catalogue.recovery")
    if command.id != item_id(command.list, command.code, command.valid_from):
        raise RuleViolation("catalogue.id", field="id")
    label = normal(command.label)
    if not (command.list and command.code and label):
        raise RuleViolation("catalogue.empty", field="label")
    data: Mapping[str, Any] = to_json(command) | {"label": label}
    return (NewEvent(KIND, command.id, PUT, dict(data)),)


def decide_retire(entity: Item | None, command: RetireItem, context: Context) -> Sequence[NewEvent]:
    """Refuse an end before the beginning, and a successor that is unknown or the entry itself."""
    if entity is None:
        raise RuleViolation("catalogue.unknown", field="id")
    if entity.valid_from is not None and command.valid_to < entity.valid_from:
        raise RuleViolation("catalogue.period", field="valid_to")
    if command.successor is not None:
        successor = context.get(KIND, command.successor)
        if successor is None or successor.list != entity.list or successor.id == entity.id:
            raise RuleViolation("catalogue.successor", field="successor")
    return (NewEvent(KIND, command.id, RETIRED, to_json(command)),)


def apply(entity: Item | None, event: Event) -> Item | None:
    """Fold an event into an entry."""
    if event.name == PUT:
        item = from_json(Item, event.data)
        if entity is None:
            return item
        return replace(item, valid_to=entity.valid_to, successor=entity.successor)
    if event.name == RETIRED and entity is not None:
        valid_to = date.fromisoformat(event.data["valid_to"])
        return replace(entity, valid_to=valid_to, successor=event.data.get("successor"))
    return entity
