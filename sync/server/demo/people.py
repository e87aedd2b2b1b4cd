"""Units, lists, people and posts of the demonstration; people are invented."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from app.catalogues.commands import PutItem
from app.catalogues.model import item_id
from app.catalogues.units import load_units
from app.flows.keys import KEY_HOLDER
from app.identity.commands import PutPerson, PutPost
from app.kernel.command import Command
from app.kernel.ids import derived_id
from app.kernel.texts import resource
from sync.server.administration import units_and_lists

PASSWORD = "hoaban-mau-2026"  # noqa: S105 - the known password of a demonstration
PIN = "123456"
SAMPLE = "MẪU"
POSTS_SINCE = date(2025, 7, 1)
# agencies with a seal of their own in the demonstration: unit -> code in the authority
AGENCIES = {
    "11@-/UBND": "tinh",
    "STC25@2025-03-01": "stc",
    "SKHCN25@2025-03-01": "skhcn",
    "03325@2025-07-01/UBND": "muongphang",
    "03160@2025-07-01/UBND": "muongnhe",
    "03127@2025-07-01/UBND": "dienbienphu",
    "03325@2025-07-01/HDND": "hdnd-muongphang",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One invented person with his posts as the plan has them."""

    login: str
    name: str
    posts: tuple[dict[str, Any], ...]

    @property
    def id(self) -> str:
        """Return the person's id, the same in every seed."""
        return derived_id("demo", "person", self.login)

    def post(self, agency: str = "") -> str:
        """Return the id of his post at an agency, the first by default."""
        place = next((i for i, p in enumerate(self.posts) if agency in ("", p["agency"])), 0)
        return derived_id("demo", "post", self.login, str(place))


@cache
def samples() -> dict[str, Sample]:
    """Return the invented people by login."""
    plan = json.loads(resource("demo", "province.json").read_text(encoding="utf-8"))
    found = (Sample(p["login"], p["name"], tuple(p["posts"])) for p in plan["people"])
    return {sample.login: sample for sample in found}


@cache
def unit_names() -> dict[str, str]:
    """Return the names of all units by id."""
    return {unit.id: unit.name for unit in load_units()}


def holder(name: str) -> str:
    """Return the name that the demonstration authority writes in a certificate."""
    return name if SAMPLE in name.upper() else f"{name} ({SAMPLE})"


def directory() -> Iterator[Command]:
    """Yield what makes units, lists, people, posts and the names in their certificates."""
    yield from units_and_lists()
    for sample in samples().values():
        yield PutPerson(sample.id, sample.name, sample.login)
        for post in sample.posts:
            yield PutPost(
                sample.post(post["agency"]), sample.id, post["unit"], post["agency"],
                post["title"], tuple(post["roles"]), POSTS_SINCE,
            )  # fmt: skip
        yield _alias(sample.id, sample.name)
    for unit_id in AGENCIES:
        yield _alias(unit_id, unit_names()[unit_id])


def _alias(owner: str, name: str) -> PutItem:
    return PutItem(item_id(KEY_HOLDER, owner, None), KEY_HOLDER, owner, holder(name))
