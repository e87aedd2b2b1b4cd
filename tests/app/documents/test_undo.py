"""Every reversible act has an inverse that puts the document back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.documents import commands as c
from app.documents.model import Document, Recipient, Role, State
from app.kernel.codec import to_json
from tests.app.documents.world import (
    COMMUNE,
    PARTICULARS,
    REGISTRY,
    World,
    actor,
    drafted,
    instructed,
    receive,
    ref,
    registered,
    submitted,
    to,
    world,
)

LEAD = (to(Role.LEAD, "anna"), to(Role.CO, "binh"))
REASON = "Không thuộc thẩm quyền (mẫu)"
Stage = Callable[[World], Any]


def handed(made: World) -> World:
    return instructed(made, *LEAD)


def presented(made: World) -> World:
    registered(made).run(actor("clerk"), c.Present("d1", "leader"))
    return made


ACTS: list[tuple[str, Stage, str, Callable[[World], Any]]] = [
    ("d1", registered, "clerk", lambda _: c.Present("d1", "leader")),
    ("d1", presented, "leader", lambda _: c.Instruct("d1", "Giao", LEAD)),
    ("d1", presented, "leader", lambda _: c.Instruct("d1", "Lưu")),
    ("d1", handed, "anna", lambda w: c.HandOn("d1", w.item_of("anna"), (to(Role.LEAD, "head"),))),
    ("d1", handed, "binh", lambda w: c.TakeAsInfo("d1", w.item_of("binh"))),
    ("d1", handed, "anna", lambda w: c.ReturnItem("d1", w.item_of("anna"), REASON)),
    ("d1", handed, "anna", lambda w: c.Finish("d1", w.item_of("anna"))),
    ("d1", receive, "clerk", lambda _: c.Edit("d1", {"note": "x", "issued": None})),
    ("d1", receive, "clerk", lambda _: c.Attach("d1", ref("extra", "attachment"))),
    ("o1", drafted, "anna", lambda _: c.Submit("o1", "leader")),
    ("o1", submitted, "leader", lambda _: c.Approve("o1")),
    ("o1", submitted, "leader", lambda _: c.Decline("o1", REASON)),
    ("o1", drafted, "anna", lambda _: c.SetRecipients("o1", (Recipient("u-x", "X"),))),
]


def stands(document: Document) -> dict[str, Any]:
    """Return what people see of a document, without who decided when."""
    data = to_json(document)
    for name in ("transferred_on", "approval"):
        data.pop(name, None)
    return data


@pytest.mark.parametrize(("entity", "stage", "who", "act"), ACTS)
def test_undo_puts_the_document_back(
    entity: str, stage: Stage, who: str, act: Callable[[World], Any]
) -> None:
    made = world()
    stage(made)
    before = made.doc(entity)
    command = act(made)
    undo = REGISTRY.handler(command.NAME).undo
    assert undo is not None
    inverse = undo(before, command)
    assert inverse is not None
    made.run(actor(who), command)
    assert stands(made.doc(entity)) != stands(before) or entity == "o1"
    made.run(actor(who), inverse)
    assert stands(made.doc(entity)) == stands(before)


@pytest.mark.parametrize(
    ("who", "command"),
    [
        ("clerk", c.Receive("n1", COMMUNE, PARTICULARS)),
        ("anna", c.Draft("n1", COMMUNE, PARTICULARS)),
    ],
)
def test_what_was_just_begun_can_be_put_aside(who: str, command: Any) -> None:
    made = world()
    inverse = REGISTRY.handler(command.NAME).undo(None, command)  # type: ignore[misc]
    made.run(actor(who), command, inverse)
    assert made.doc("n1").state is State.DISCARDED
