"""Documents for those beyond the axis are announced, where the province has an address for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.catalogues.model import Item
from app.documents.feature import FEATURE
from app.documents.model import Recipient, Urgency
from app.documents.rules.announcing import ADDRESS, CHANNEL
from app.kernel.actor import SYSTEM_ACTOR
from app.kernel.bus import Situation
from app.kernel.errand import Errand
from tests.app.documents import world

NAMES = (Recipient(world.PROVINCE, "UBND tỉnh"), Recipient("", "Công ty mẫu", paper=True))


def announced(
    address: str = "https://vi-du.vn/", urgency: Urgency = Urgency.NORMAL
) -> list[Errand]:
    made = world.world()
    made.put("catalogue", ADDRESS, Item(ADDRESS, "setting", "announcement_url", address))
    world.issued(made, "o1", recipients=NAMES)
    document = made.doc("o1")
    loud = replace(document, particulars=replace(document.particulars, urgency=urgency))
    made.put("document", "o1", loud)
    [event] = [e for e in made.events if e.name == "document.issued"]
    situation = Situation(made, SYSTEM_ACTOR, event.at, "server", event.id, event.at)
    return list(FEATURE.errands["document.issued"](event, situation))


def test_only_those_beyond_the_axis_are_told() -> None:
    [errand] = announced()
    assert (errand.channel, errand.urgent) == (CHANNEL, False)
    assert errand.data["recipient"] == {"unit": "", "name": "Công ty mẫu"}
    assert errand.data["document"] == "o1"
    assert [errand] == announced()
    assert not [person for person in world.STAFF if f"Mẫu {person}" in repr(errand.data)]


def test_nothing_is_told_where_no_address_is_set() -> None:
    assert announced("") == []


@pytest.mark.parametrize(("urgency", "loud"), [(Urgency.EXPRESS, True), (Urgency.URGENT, False)])
def test_only_the_most_urgent_breaks_the_silence_of_the_night(urgency: Urgency, loud: bool) -> None:
    [errand] = announced(urgency=urgency)
    assert errand.urgent is loud
