"""Any order of acts keeps the invariants of items, on desk and server alike."""

from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.documents import commands as c
from app.documents.feature import FEATURE
from app.documents.model import Document, Item, Role, State, reading_id
from app.documents.rules import states
from app.documents.rules.fold import apply
from app.kernel.codec import from_json, to_json
from app.kernel.errors import HoaBanError
from tests.app.documents.world import World, actor, registered, to, world

PEOPLE = ("leader", "deputy", "office", "head", "anna", "binh")
people = st.sampled_from(PEOPLE)
REASON = "Không thuộc thẩm quyền (mẫu)"


class Handling(RuleBasedStateMachine):
    """People hand one document about in every way that the rules let them."""

    made: World

    @initialize(reply=st.booleans())
    def begin(self, reply: bool) -> None:
        self.made = registered(world(), requires_reply=reply)

    def attempt(self, who: str, *commands: Any) -> None:
        """Run what may be refused; a refusal is fine, a crash or a broken state is not."""
        with contextlib.suppress(HoaBanError):
            self.made.run(actor(who), *commands)

    def any_item(self, who: str, place: int) -> Item | None:
        mine = [i for i in self.made.doc().items if i.person == who]
        return mine[place % len(mine)] if mine else None

    @rule(leader=st.sampled_from(("leader", "deputy")))
    def present(self, leader: str) -> None:
        self.attempt("clerk", c.Present("d1", leader))

    @rule()
    def withdraw_present(self) -> None:
        self.attempt("clerk", c.WithdrawPresent("d1"))

    @rule(who=st.sampled_from(("leader", "deputy")), lead=people, beside=st.sets(people))
    def instruct(self, who: str, lead: str, beside: set[str]) -> None:
        roles = [to(Role.CO if p < "c" else Role.INFO, p) for p in sorted(beside - {lead, who})]
        self.attempt(who, c.Instruct("d1", "Giao (mẫu)", (to(Role.LEAD, lead), *roles)))

    @rule(who=people, place=st.integers(0, 3), other=people, role=st.sampled_from(list(Role)))
    def hand_on(self, who: str, place: int, other: str, role: Role) -> None:
        item = self.any_item(who, place)
        if item is not None:
            self.attempt(who, c.HandOn("d1", item.id, (to(role, other),)))

    @rule(who=people, place=st.integers(0, 3), act=st.integers(0, 7))
    def act(self, who: str, place: int, act: int) -> None:
        item = self.any_item(who, place)
        if item is None:
            return
        choices: list[Any] = [
            c.ReportProgress("d1", item.id, "Tiến độ (mẫu)"),
            c.ReportResult("d1", item.id, "Kết quả (mẫu)"),
            c.ReturnItem("d1", item.id, REASON),
            c.WithdrawReturn("d1", item.id),
            c.Finish("d1", item.id),
            c.Reopen("d1", item.id),
            c.WithdrawAssign("d1", item.id),
            c.TakeAsInfo("d1", item.id),
        ]
        self.attempt(who, choices[act])

    @rule(who=people)
    def read(self, who: str) -> None:
        self.attempt(who, c.MarkRead(reading_id("d1", who), "d1"))

    @rule(who=st.sampled_from(("leader", "deputy")))
    def withdraw(self, who: str) -> None:
        self.attempt(who, c.WithdrawInstruction("d1"))

    @invariant()
    def passed_items_have_a_live_lead_below(self) -> None:
        items = self.made.doc().items
        for item in items:
            leads = [
                i for i in states.children(items, item.id) if i.role is Role.LEAD and i.is_live
            ]
            assert (item.state is State.PASSED) == bool(leads), item.state

    @invariant()
    def each_giver_has_one_live_lead_at_most(self) -> None:
        items = self.made.doc().items
        for parent in {i.parent for i in items}:
            live = [i for i in states.children(items, parent) if i.is_live]
            assert sum(i.role is Role.LEAD for i in live) <= 1

    @invariant()
    def done_means_that_no_lead_is_owed(self) -> None:
        document = self.made.doc()
        if document.state is State.DONE:
            assert not any(i.is_live and i.role is not Role.INFO for i in document.items)
        if document.particulars.requires_reply:
            assert document.state is not State.DONE

    @invariant()
    def events_alone_give_the_same_document(self) -> None:
        folded: Document | None = None
        for event in self.made.events:
            if event.kind == "document":
                folded = apply(folded, from_json(type(event), to_json(event)))
        assert folded == self.made.doc()
        assert from_json(Document, to_json(self.made.doc())) == self.made.doc()


Handling.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, derandomize=True
)
TestHandling = Handling.TestCase


def test_every_act_names_its_permission() -> None:
    assert {h.permission for h in FEATURE.handlers} == set(FEATURE.grants)
