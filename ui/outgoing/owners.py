"""Which names a key may bear for a purpose: the person's own, or his agency's."""

from __future__ import annotations

from app.catalogues.model import Item, item_id
from app.desk import Desk
from app.flows.keys import KEY_HOLDER
from app.identity.model import Unit
from app.kernel.actor import Actor
from app.kernel.ports import Purpose
from app.kernel.purposes import FORMS, Owner
from ui.outgoing import model_keys


def owners_of(desk: Desk, actor: Actor, purpose: Purpose) -> tuple[str, ...]:
    """Return the names that a key for this purpose may bear; none for whoever is no clerk."""
    if FORMS[purpose].owner is Owner.PERSON:
        return (*model_keys.person_names(actor), *_alias(desk, actor.person))
    if "clerk" not in actor.roles:
        return ()
    unit: Unit | None = desk.store.get("unit", actor.agency)
    return (*model_keys.agency_names(unit), *_alias(desk, actor.agency))


def _alias(desk: Desk, owner: str) -> tuple[str, ...]:
    found: Item | None = desk.store.get("catalogue", item_id(KEY_HOLDER, owner, None))
    return (found.label,) if found is not None else ()
