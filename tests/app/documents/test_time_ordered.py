"""The province's order on time stamps: what it stops from being issued, and what it does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from app.catalogues.model import Item, item_id
from app.documents import commands as c
from app.documents.model import State
from app.kernel.errors import RuleViolation
from tests.app.documents.world import TODAY, World, actor, numbered, ref, world

ORDER = item_id("setting", "require_timestamp", None)
FIELDS = {"approve": "Sig_NguoiKy", "issue": "Sig_CoQuan"}


def sealed() -> World:
    """Return a document that both have signed without a time stamp."""
    made = numbered(world())
    signed = ref("signed", "signed")
    draft = main_of(made)
    made.run(
        actor("leader"),
        c.AttachSignature("o1", signed, draft, "approve", "Mẫu", "B-B", FIELDS["approve"]),
    )
    seal = c.Seal("o1", ref("sealed", "signed"), signed.sha256, "UBND", "B-B", FIELDS["issue"])
    made.run(actor("clerk"), seal)
    return made


def main_of(made: World) -> str:
    main = made.doc("o1").main_file
    assert main is not None
    return main.sha256


def under_order(label: str = "yes", **days: date) -> World:
    """Return a sealed document under the province's order."""
    made = sealed()
    made.put("catalogue", ORDER, Item(ORDER, "setting", "require_timestamp", label, **days))
    return made


def completed(made: World, file: str, **levels: str) -> World:
    """Let the queue put a completed file in the place of the document's."""
    by_field = {FIELDS[purpose]: level for purpose, level in levels.items()}
    new = ref(file, "signed")
    made.run(actor("clerk"), c.CompleteSignature("o1", new, main_of(made), by_field, made.now))
    return made


def issue(made: World) -> State:
    made.run(actor("clerk"), c.Issue("o1"))
    return made.doc("o1").state


def test_without_a_time_stamp_it_is_not_issued_where_one_is_ordered() -> None:
    made = under_order()
    with pytest.raises(RuleViolation, match=r"document\.timestamp_required"):
        issue(made)
    assert made.doc("o1").state is State.SEALED


def test_every_signature_needs_its_own() -> None:
    made = completed(under_order(), "half", approve="B-T", issue="B-B")
    with pytest.raises(RuleViolation, match=r"document\.timestamp_required"):
        issue(made)
    assert issue(completed(made, "whole", approve="B-T", issue="B-LT")) is State.ISSUED


@pytest.mark.parametrize(
    "made",
    [
        sealed,
        lambda: under_order("no"),
        lambda: under_order(valid_from=TODAY + timedelta(days=1)),
        lambda: under_order(valid_to=TODAY - timedelta(days=1)),
    ],
    ids=["no order", "order lifted", "not yet", "no more"],
)
def test_where_none_is_ordered_now_it_is_issued_without(made: Callable[[], World]) -> None:
    assert issue(made()) is State.ISSUED
