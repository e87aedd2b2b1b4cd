"""Announce an issued document to those whom the province's axis does not reach.

They get it on paper, days later: what is coming is told ahead over the channel that the province
has set up, and not at all where it has set up none. Nothing is said of any person.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.catalogues.model import item_id
from app.documents.model import KIND, Document, Urgency
from app.documents.rules.issuing import symbol_of
from app.kernel.errand import Errand
from app.kernel.event import Event
from app.kernel.feature import Context
from app.kernel.ids import derived_id
from app.settings import SETTING_LIST

CHANNEL = "announcement"
ADDRESS = item_id(SETTING_LIST, "announcement_url", None)


def on_issued(event: Event, ctx: Context) -> Sequence[Errand]:
    """Tell each recipient outside the system that a document is on its way."""
    document: Document | None = ctx.get(KIND, event.entity)
    address = ctx.get("catalogue", ADDRESS)
    if document is None or address is None or not address.label or address.valid_to:
        return []
    unit, p = ctx.get("unit", document.agency), document.particulars
    told = {
        "document": document.id,
        "symbol": symbol_of(document),
        "type": p.type,
        "subject": p.subject,
        "issuer": p.issuer or (unit.name if unit is not None else ""),
        "issued": p.issued.isoformat() if p.issued is not None else "",
        "urgency": p.urgency.value,
    }
    return [
        Errand(
            CHANNEL,
            derived_id(CHANNEL, document.id, d.unit, d.name),
            {**told, "recipient": {"unit": d.unit, "name": d.name}},
            urgent=p.urgency is Urgency.EXPRESS,
        )
        for d in document.deliveries
        if d.paper
    ]
