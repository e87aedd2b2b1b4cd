"""What bulletins bring to the product."""

from __future__ import annotations

from app.bulletins import commands, rules
from app.bulletins.model import Bulletin, BulletinRead
from app.bulletins.queries import BulletinRow, list_bulletins
from app.bulletins.tables import PROJECTIONS
from app.kernel.feature import Feature, Handler, Kind

_PUBLISHERS = frozenset({"clerk", "office_head", "administrator"})
_EVERYONE = _PUBLISHERS | {
    "leader",
    "department_head",
    "specialist",
    "one_stop",
    "archivist",
}


def _read_buckets(read: BulletinRead) -> frozenset[str]:
    return frozenset({f"person:{read.person}", f"agency:{read.agency}"})


FEATURE = Feature(
    name="bulletins",
    kinds=(
        Kind("bulletin", Bulletin, rules.apply, lambda _: frozenset({"province"})),
        Kind("bulletin_read", BulletinRead, rules.apply_read, _read_buckets),
    ),
    handlers=(
        Handler(commands.Publish, "bulletin", "bulletin.publish", rules.publish),
        Handler(commands.Withdraw, "bulletin", "bulletin.withdraw", rules.withdraw),
        Handler(commands.Read, "bulletin_read", "bulletin.read", rules.read),
    ),
    projections=PROJECTIONS,
    grants={
        "bulletin.publish": _PUBLISHERS,
        "bulletin.withdraw": _PUBLISHERS,
        "bulletin.read": _EVERYONE,
    },
    lists={"bulletin": list_bulletins},
    rows={"bulletin": (BulletinRow,)},
)
