"""What the records of a desk say: who acts, which days are worked."""

from __future__ import annotations

from typing import Any

from app.catalogues.calendars import calendar_from
from app.catalogues.load import load_items
from app.identity.actors import resolve
from app.kernel.actor import Actor
from app.kernel.calendar import WorkingCalendar
from app.kernel.command import Envelope
from app.store.desk import DeskStore


def actor_of(get: Any, envelope: Envelope) -> Actor:
    """Return who acts by an envelope, as the records say today."""
    return resolve(
        get,
        envelope.person,
        envelope.post,
        envelope.at,
        envelope.acting_for,
        envelope.authority,
    )


def calendar_of(store: DeskStore) -> WorkingCalendar:
    """Return the province's calendar, or the product's own before the first sync."""
    held = [item for _, item in store.entities("catalogue")]
    return calendar_from(held or load_items())
