"""Two people edit one document: what merges, what becomes a proposal, and what ends one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.documents import commands as c
from app.documents.feature import FEATURE
from app.documents.model import PARTICULARS as PARTICULARS_NAMES
from app.documents.model import Document, Recipient
from app.documents.rules import editing
from app.documents.rules.merging import MERGES
from app.kernel.errors import Conflict, NotPermitted
from app.kernel.merge import Merge, Proposal
from tests.app.documents.world import (
    COMMUNE,
    NOW,
    PARTICULARS,
    TODAY,
    World,
    actor,
    book,
    receive,
    ref,
    registered,
)
from tests.app.documents.world import world as province

CLERK, OFFICE = actor("clerk"), actor("office")
SUBJECT = PARTICULARS.subject


@pytest.fixture
def world() -> World:
    return registered(province(server=True), note="giao phòng Kinh tế")


def edit(world: World, who: str, before: dict[str, Any], **changes: Any) -> list[str]:
    return [e.name for e in world.run(actor(who), c.Edit("d1", changes, before))]


def only(world: World) -> Proposal:
    (found,) = world.doc().proposals
    return found


def test_each_field_of_the_particulars_says_how_edits_come_together() -> None:
    assert set(MERGES) == {*PARTICULARS_NAMES, "recipients", "draft"}
    assert MERGES["note"] is Merge.TEXT


def test_edits_of_two_fields_both_stand(world: World) -> None:
    edit(world, "office", {"pages": 0}, pages=4)
    assert edit(world, "clerk", {"copies": 0}, copies=2) == ["document.edited"]
    assert (world.doc().particulars.pages, world.doc().particulars.copies) == (4, 2)


def test_the_later_edit_of_a_field_becomes_a_proposal(world: World) -> None:
    edit(world, "office", {"subject": SUBJECT}, subject="Về việc A")
    assert edit(world, "clerk", {"subject": SUBJECT}, subject="Về việc B") == ["document.proposed"]
    assert world.doc().particulars.subject == "Về việc A"
    found = only(world)
    assert (found.value, found.over, found.base) == ("Về việc B", "Về việc A", SUBJECT)
    assert (found.person, found.name, found.at) == ("clerk", "Mẫu clerk", world.now)
    assert found.command == world.events[-1].command


def test_an_edit_that_says_the_same_is_no_proposal(world: World) -> None:
    edit(world, "office", {"subject": SUBJECT}, subject="Về việc A")
    assert edit(world, "clerk", {"subject": SUBJECT}, subject="Về việc A") == []


def test_an_old_desk_that_says_no_base_is_served_as_before(world: World) -> None:
    envelope_free = c.Edit("d1", {"subject": "Về việc B"})
    found = editing.edit(world.doc(), envelope_free, _Here(world))
    assert [e.name for e in found] == ["document.edited"]


class _Here:
    """The server's side of an old desk's command."""

    def __init__(self, world: World) -> None:
        self.actor, self.now, self.command_id = CLERK, NOW, "x"
        self.get = world.get


def test_notes_merge_by_words_and_propose_what_is_left(world: World) -> None:
    base = "giao phòng Kinh tế"
    edit(world, "office", {"note": base}, note="khẩn: giao phòng Kinh tế")
    edit(world, "clerk", {"note": base}, note="giao phòng Kinh tế, báo cáo tuần")
    assert world.doc().particulars.note == "khẩn: giao phòng Kinh tế, báo cáo tuần"
    assert world.doc().proposals == ()


def test_a_taken_proposal_stands_and_is_on_the_journal(world: World) -> None:
    edit(world, "office", {"subject": SUBJECT}, subject="Về việc A")
    edit(world, "clerk", {"subject": SUBJECT}, subject="Về việc B")
    world.run(OFFICE, c.TakeProposal("d1", only(world).id))
    assert world.doc().particulars.subject == "Về việc B"
    assert world.doc().proposals == ()
    event = world.events[-1]
    assert (event.name, event.person) == ("document.proposal_taken", "office")
    assert event.data["before"] == {"subject": "Về việc A"}


def test_a_left_proposal_leaves_its_words_on_the_journal(world: World) -> None:
    edit(world, "office", {"subject": SUBJECT}, subject="Về việc A")
    edit(world, "clerk", {"subject": SUBJECT}, subject="Về việc B")
    world.run(CLERK, c.LeaveProposal("d1", only(world).id))
    assert world.doc().particulars.subject == "Về việc A"
    assert world.doc().proposals == ()
    assert world.events[-1].data["changes"] == {"subject": "Về việc B"}


def test_taking_keeps_what_was_merged_into_a_long_text_since(world: World) -> None:
    base = "giao phòng Kinh tế"
    edit(world, "office", {"note": base}, note="giao phòng Văn hóa")
    edit(world, "clerk", {"note": base}, note="giao phòng Tư pháp")
    edit(world, "office", {"note": "giao phòng Văn hóa"}, note="khẩn: giao phòng Văn hóa")
    world.run(OFFICE, c.TakeProposal("d1", only(world).id))
    assert "Tư pháp" in world.doc().particulars.note
    assert world.doc().particulars.note.startswith("khẩn:")


def test_a_decision_about_another_value_is_refused(world: World) -> None:
    edit(world, "office", {"subject": SUBJECT}, subject="Về việc A")
    edit(world, "clerk", {"subject": SUBJECT}, subject="Về việc B")
    name = only(world).id
    edit(world, "office", {"subject": "Về việc A"}, subject="Về việc C")
    with pytest.raises(Conflict, match="proposal_moved"):
        world.run(CLERK, c.TakeProposal("d1", name, {"subject": "Về việc A"}))
    world.run(CLERK, c.TakeProposal("d1", name))
    with pytest.raises(Conflict, match="proposal_gone"):
        world.run(CLERK, c.LeaveProposal("d1", name))


def test_who_may_not_edit_may_not_decide(world: World) -> None:
    edit(world, "office", {"subject": SUBJECT}, subject="Về việc A")
    edit(world, "clerk", {"subject": SUBJECT}, subject="Về việc B")
    for command in (c.TakeProposal, c.LeaveProposal):
        with pytest.raises(NotPermitted):
            world.run(actor("anna"), command("d1", only(world).id))
        with pytest.raises(NotPermitted):
            world.run(actor("archivist"), command("d1", only(world).id))


def test_an_author_who_goes_on_has_one_proposal(world: World) -> None:
    """Edits made one after the other without a line all meet what came between."""
    edit(world, "office", {"subject": SUBJECT}, subject="Về việc A")
    edit(world, "clerk", {"subject": SUBJECT}, subject="Về việc B")
    edit(world, "clerk", {"subject": "Về việc B"}, subject="Về việc B và C")
    assert (only(world).value, only(world).base) == ("Về việc B và C", SUBJECT)
    edit(world, "clerk", {"subject": "Về việc B và C"}, subject=SUBJECT)
    assert world.doc().proposals == ()
    assert world.events[-1].name == "document.proposal_passed"


def test_a_proposal_whose_words_stand_by_now_is_settled(world: World) -> None:
    edit(world, "office", {"subject": SUBJECT}, subject="Về việc A")
    edit(world, "clerk", {"subject": SUBJECT}, subject="Về việc B")
    edit(world, "office", {"subject": "Về việc A"}, subject="Về việc B")
    assert world.doc().proposals == ()


def test_undoing_an_edit_that_another_went_on_from_is_a_proposal(world: World) -> None:
    handler = next(h for h in FEATURE.handlers if h.command is c.Edit)
    assert handler.undo is not None
    act = c.Edit("d1", {"subject": "Về việc A"}, {"subject": SUBJECT})
    back = handler.undo(world.doc(), act)
    assert back is not None
    world.run(CLERK, act)
    edit(world, "office", {"subject": "Về việc A"}, subject="Về việc C")
    world.run(CLERK, back)
    assert world.doc().particulars.subject == "Về việc C"
    assert only(world).value == SUBJECT


def test_registering_with_corrections_keeps_what_others_edited() -> None:
    world = receive(province(server=True))
    opened = world.doc().particulars
    edit(world, "office", {"pages": 0, "subject": SUBJECT}, pages=3, subject="Về việc A")
    typed = replace(opened, subject="Về việc B", copies=2)
    world.run(CLERK, c.Register("d1", book("incoming"), TODAY, typed, before=opened))
    p = world.doc().particulars
    assert (p.pages, p.copies, p.subject) == (3, 2, "Về việc A")
    assert only(world).value == "Về việc B"


@pytest.fixture
def drafting() -> World:
    made = province(server=True)
    draft = c.Draft("d1", COMMUNE, PARTICULARS, (ref("v1"),), form_values={"typed": {"body": "a"}})
    made.run(actor("anna"), draft)
    return made


def test_two_versions_of_one_draft_are_both_kept(drafting: World) -> None:
    world = drafting
    world.run(
        actor("anna"), c.Revise("d1", ref("v2"), form_values={"typed": {"body": "b"}}, base=1)
    )
    world.run(
        actor("head"), c.Revise("d1", ref("v3"), form_values={"typed": {"body": "c"}}, base=1)
    )
    document = world.doc()
    assert _main(document) == ref("v2").sha256
    assert [v.file.sha256 for v in document.versions] == [ref(f"v{n}").sha256 for n in (1, 2, 3)]
    assert document.proposals[0].value["n"] == 3
    world.run(actor("anna"), c.TakeProposal("d1", document.proposals[0].id))
    assert _main(world.doc()) == ref("v3").sha256
    assert world.doc().form_values == {"typed": {"body": "c"}}


def _main(document: Document) -> str:
    main = document.main_file
    assert main is not None
    return main.sha256


def test_recipients_that_two_people_add_are_all_kept(drafting: World) -> None:
    a, b, d = (Recipient(f"u{n}", f"Đơn vị {n}") for n in "abd")
    drafting.run(actor("anna"), c.SetRecipients("d1", (a,)))
    drafting.run(actor("head"), c.SetRecipients("d1", (a, b), (a,)))
    drafting.run(actor("anna"), c.SetRecipients("d1", (d,), (a,)))
    assert [x.unit for x in drafting.doc().deliveries] == ["ub", "ud"]
