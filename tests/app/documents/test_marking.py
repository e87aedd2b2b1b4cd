"""Opinions, marks of arrival and copies: who may sign them, when, and what they leave alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.documents import commands as c
from app.documents.model import Channel, CopyForm, State
from app.documents.rules.completing import marks_in
from app.documents.rules.marking import arrival_mark, as_received
from app.documents.rules.outlook import files
from app.kernel.codec import from_json, to_json
from app.kernel.command import Command
from tests.app.documents.test_outgoing import main_of, refused
from tests.app.documents.world import (
    COMMUNE,
    PARTICULARS,
    TODAY,
    World,
    actor,
    book,
    drafted,
    issued,
    numbered,
    receive,
    ref,
    registered,
    sealed,
    sign,
    submitted,
    world,
)

TEXT = "Đồng ý trình ký (mẫu)"
Build = Callable[[World], World]


def opinion(made: World, name: str = "opinion", text: str = TEXT, source: str = "") -> Command:
    return c.SignOpinion("o1", ref(name), source or main_of(made), "Mẫu", text, "B-B", "Sig_YKien")


def arrival(made: World, name: str = "mark", **changes: Any) -> Command:
    plain = c.SignArrival(
        "d1", ref(name), main_of(made, "d1"), "UBND xã (mẫu)", 1, TODAY, "B-B", "Sig_CoQuan_Den"
    )
    return replace(plain, **changes)


def copy(form: CopyForm, entity: str = "d1", source: str = "", name: str = "copy") -> Command:
    return c.SignCopy(entity, ref(name, "copy"), form, "UBND xã (mẫu)", source, "B-B", "Sig_CoQuan")


def electronic(made: World) -> World:
    """Let a document be registered that came as a file, without paper."""
    scan = c.Receive("d1", COMMUNE, PARTICULARS, Channel.SCAN, (ref("scan-d1"),))
    made.run(actor("clerk"), scan, c.Register("d1", book("incoming"), TODAY))
    return made


# --- opinions ----------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["anna", "leader", "deputy", "office", "clerk"])
def test_whoever_has_the_draft_in_review_signs_his_opinion(who: str) -> None:
    made = submitted(world())
    before = main_of(made)
    made.run(actor(who), opinion(made))
    document = made.doc("o1")
    assert (document.state, main_of(made)) == (State.SUBMITTED, ref("opinion").sha256)
    assert [(m.purpose, m.person, m.source) for m in document.signatures] == [
        ("comment", who, before)
    ]
    assert (document.versions[-1].file.sha256, document.versions[-1].note) == (main_of(made), TEXT)
    assert before in files(document) and not document.is_signed
    assert made.names("o1")[-1] == "opinion_signed"


NO_OPINION: list[tuple[Build, str, dict[str, Any], str]] = [
    (submitted, "binh", {}, "document.agency"),  # a colleague whom it does not concern
    (submitted, "p-leader", {}, "document.agency"),
    (submitted, "archivist", {}, "permission"),
    (submitted, "office", {"acting_for": "leader"}, "document.own_key"),
    (drafted, "anna", {}, "document.state"),
    (numbered, "leader", {}, "document.state"),
    (lambda made: sign(numbered(made)), "leader", {}, "document.state"),
    (sealed, "leader", {}, "document.state"),
    (issued, "leader", {}, "document.state"),
]


@pytest.mark.parametrize(("build", "who", "how", "code"), NO_OPINION)
def test_no_opinion_on_what_is_not_in_review_or_not_his(
    build: Build, who: str, how: dict[str, Any], code: str
) -> None:
    made = build(world())
    before = dict(made.entities)
    with pytest.raises(Exception, match=code.replace(".", r"\.")):
        made.run(actor(who, **how), opinion(made))
    assert made.entities == before


def test_an_opinion_needs_words_and_the_page_that_is_current() -> None:
    made = submitted(world())
    assert refused(made, "leader", opinion(made, text=" ")) == "document.text_missing"
    late = opinion(made, "late")
    made.run(actor("deputy"), opinion(made))
    assert refused(made, "leader", late) == "document.wrong_source"
    assert refused(made, "leader", c.SignOpinion(
        "o1", ref("opinion"), main_of(made), "Mẫu", TEXT)) == "document.unchanged_file"  # fmt: skip
    received = registered(world())
    other = c.SignOpinion("d1", ref("x"), main_of(received, "d1"), "Mẫu", TEXT)
    assert refused(received, "leader", other) == "document.direction"


def test_signature_and_seal_follow_opinions_as_they_would_without() -> None:
    made = submitted(world())
    made.run(actor("deputy"), opinion(made))
    made.run(actor("leader"), c.ReserveNumber("o1", book("outgoing"), TODAY))
    seal = c.Seal("o1", ref("s", "signed"), main_of(made), "UBND xã (mẫu)")
    assert refused(made, "clerk", seal) == "document.not_signed"
    sign(made)
    made.run(actor("clerk"), c.Seal("o1", ref("s", "signed"), main_of(made), "UBND xã (mẫu)"))
    made.run(actor("clerk"), c.Issue("o1"))
    document = made.doc("o1")
    assert document.state is State.ISSUED
    assert [m.purpose for m in marks_in(document, main_of(made))] == ["comment", "approve", "issue"]


def test_a_revoked_opinion_is_left_behind_and_one_of_the_leader_is_not() -> None:
    made = submitted(world())
    page = main_of(made)
    made.run(actor("deputy"), opinion(made))
    made.run(actor("leader"), c.ReserveNumber("o1", book("outgoing"), TODAY))
    sign(made)
    again = World(made.server, made.now, dict(made.entities), list(made.events), made.count)
    for one, fields, back in (
        (made, ("Sig_YKien",), page),
        (again, ("Sig_NguoiKy",), ref("opinion").sha256),
    ):
        one.entities[("document", "o1")] = replace(
            one.doc("o1"),
            signatures=tuple(
                replace(m, field=m.field or "Sig_NguoiKy") for m in one.doc("o1").signatures
            ),
        )
        one.run(actor("clerk"), c.ReportRevoked("o1", main_of(one), fields))
        assert refused(one, "clerk", c.Issue("o1")) == "document.not_sealed"
        one.run(actor("leader"), c.WithdrawSignatures("o1", "Chứng thư đã thu hồi"))
        assert (one.doc("o1").state, main_of(one)) == (State.NUMBERED, back)


def test_a_new_page_ends_the_alarm_over_the_one_before() -> None:
    made = submitted(world())
    made.run(actor("deputy"), opinion(made))
    made.run(actor("clerk"), c.ReportRevoked("o1", main_of(made), ("Sig_YKien",)))
    assert made.doc("o1").alarm is not None
    made.run(actor("leader"), c.Decline("o1", "Sửa lại căn cứ (mẫu)"))
    made.run(actor("anna"), c.Revise("o1", ref("second")))
    assert made.doc("o1").alarm is None


# --- the mark of arrival -----------------------------------------------------------------


def test_the_clerk_marks_what_was_registered_once() -> None:
    made = registered(world())
    before = made.doc("d1")
    made.run(actor("clerk"), arrival(made))
    after = made.doc("d1")
    assert (after.state, after.items) == (before.state, before.items)
    assert arrival_mark(after) is not None
    assert main_of(made, "d1") == ref("mark").sha256
    assert as_received(after) == ref("scan-d1").sha256 and as_received(after) in files(after)
    assert after.main_file is not None and after.main_file.role == "main"
    assert refused(made, "clerk", arrival(made, "again")) == "document.marked"


NO_ARRIVAL: list[tuple[Build, str, dict[str, Any], str]] = [
    (receive, "clerk", {}, "document.not_registered"),
    (registered, "leader", {}, "permission"),
    (registered, "p-clerk", {}, "document.agency"),
    (registered, "clerk", {"number": 2}, "document.mark_differs"),
    (registered, "clerk", {"arrival_date": TODAY - timedelta(1)}, "document.mark_differs"),
    (registered, "clerk", {"source": ref("other").sha256}, "document.wrong_source"),
]


@pytest.mark.parametrize(("build", "who", "changes", "code"), NO_ARRIVAL)
def test_no_mark_before_the_book_or_by_others_or_with_other_words(
    build: Build, who: str, changes: dict[str, Any], code: str
) -> None:
    made = build(world())
    assert refused(made, who, arrival(made, **changes)) == code


def test_no_mark_while_the_number_is_on_its_way() -> None:
    made = registered(world())
    made.entities[("document", "d1")] = replace(made.doc("d1"), arrival_number=None)
    assert refused(made, "clerk", arrival(made)) == "document.number_waiting"


# --- copies ------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [CopyForm.TRUE, CopyForm.AGAIN])
def test_a_copy_of_paper_is_a_file_beside_the_original(form: CopyForm) -> None:
    made = registered(world())
    made.run(actor("clerk"), arrival(made))
    marked = made.doc("d1").files
    made.run(actor("clerk"), copy(form, source=ref("scan-d1").sha256))
    document = made.doc("d1")
    assert document.files == (*marked, ref("copy", "copy"))
    assert document.main_file == marked[0]
    assert (document.signatures[-1].purpose, document.signatures[-1].form) == ("copy", form.value)
    assert made.events[-1].data["form"] == form.value
    twice = copy(form, source=ref("scan-d1").sha256)
    assert refused(made, "clerk", twice) == "document.file_twice"


def test_an_extract_is_a_file_of_its_own_in_both_directions() -> None:
    for made, entity in ((issued(world()), "o1"), (electronic(world()), "d1")):
        main = made.doc(entity).main_file
        made.run(actor("clerk"), copy(CopyForm.EXTRACT, entity))
        assert made.doc(entity).main_file == main
        assert made.doc(entity).files[-1].role == "copy"
        assert made.doc(entity).signatures[-1].source == ""
        assert "" not in files(made.doc(entity))


NO_COPY: list[tuple[Build, str, Command, str]] = [
    (sealed, "clerk", copy(CopyForm.EXTRACT, "o1"), "document.state"),
    (receive, "clerk", copy(CopyForm.EXTRACT), "document.not_registered"),
    (receive, "clerk", copy(CopyForm.TRUE, source=ref("scan-d1").sha256), "document.not_registered"),
    (registered, "leader", copy(CopyForm.EXTRACT), "permission"),
    (registered, "p-clerk", copy(CopyForm.EXTRACT), "document.agency"),
    (registered, "clerk", copy(CopyForm.TRUE), "document.wrong_source"),
    (registered, "clerk", copy(CopyForm.EXTRACT, source="0" * 64), "document.wrong_source"),
    (electronic, "clerk", copy(CopyForm.TRUE, source=ref("scan-d1").sha256), "document.copy_electronic"),
    (issued, "clerk", copy(CopyForm.TRUE, "o1", ref("sealed-o1").sha256), "document.copy_electronic"),
]  # fmt: skip


@pytest.mark.parametrize(("build", "who", "command", "code"), NO_COPY)
def test_no_copy_of_what_is_not_in_the_book_or_by_others(
    build: Build, who: str, command: Command, code: str
) -> None:
    assert refused(build(world()), who, command) == code


def test_a_signed_copy_is_not_taken_away() -> None:
    made = registered(world())
    made.run(actor("clerk"), copy(CopyForm.TRUE, source=ref("scan-d1").sha256))
    assert refused(made, "clerk", c.Detach("d1", ref("copy").sha256)) == "document.file_in_use"


@pytest.mark.parametrize(
    "command",
    [
        c.SignOpinion("o1", ref("a"), "0" * 64, "Mẫu", TEXT, "B-T", "Sig_YKien"),
        c.SignArrival("d1", ref("a"), "0" * 64, "Mẫu", 7, TODAY),
        c.SignCopy("d1", ref("a"), CopyForm.AGAIN, "Mẫu", "0" * 64),
    ],
)
def test_the_wire_brings_them_back_as_they_were(command: Command) -> None:
    assert from_json(type(command), to_json(command)) == command


def test_the_server_decides_as_the_desk_did() -> None:
    desk, server = world(), world(server=True)
    for made in (desk, server):
        submitted(made)
        registered(made)
        made.run(actor("deputy"), opinion(made))
        made.run(actor("clerk"), arrival(made))
        made.run(actor("clerk"), copy(CopyForm.TRUE, source=ref("scan-d1").sha256))
        assert refused(made, "binh", opinion(made, "x")) == "document.agency"
        assert refused(made, "leader", arrival(made, "x")) == "permission"
    for entity in ("o1", "d1"):
        assert to_json(server.doc(entity)) == to_json(desk.doc(entity))
