"""What the reference lists bring to the product."""

from __future__ import annotations

from app.catalogues.commands import PutItem, RetireItem
from app.catalogues.model import Item
from app.catalogues.rules import KIND, apply, decide_put, decide_retire
from app.kernel.feature import Feature, Handler, Kind

PERMISSION = "catalogue.change"
EVERY_DESK = frozenset({"province"})

FEATURE = Feature(
    name="catalogues",
    kinds=(Kind(KIND, Item, apply, buckets=lambda _: EVERY_DESK),),
    handlers=(
        Handler(PutItem, KIND, PERMISSION, decide_put),
        Handler(RetireItem, KIND, PERMISSION, decide_retire),
    ),
    grants={PERMISSION: frozenset({"administrator"})},
)
