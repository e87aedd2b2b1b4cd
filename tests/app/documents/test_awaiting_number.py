"""A book held on another machine: the document waits, the holder gives the number."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from app.documents import commands as c
from app.documents.model import State
from app.kernel.errors import HoaBanError
from app.registers.model import Lease, Register, entry_id
from tests.app.documents.world import DEVICE, TODAY, World, actor, book, ref, submitted, world

OUT = book("outgoing")
RESERVE, GIVE = c.ReserveNumber("o1", OUT, TODAY), c.GiveNumber("o1", OUT, TODAY)


def held_by(made: World, device: str) -> World:
    """Let a machine hold the outgoing book; "" gives it to nobody."""
    register: Register = made.get("register", OUT)
    lease = Lease(device, "clerk", register.epoch) if device else None
    made.put("register", OUT, replace(register, lease=lease))
    return made


def numbers(made: World) -> dict[int, str]:
    register: Register = made.get("register", OUT)
    rows = ((n, made.get("register_entry", entry_id(OUT, n))) for n in range(1, register.next))
    return {n: row.state.value if row is not None else "missing" for n, row in rows}


@pytest.mark.parametrize("server", [False, True])
@pytest.mark.parametrize(
    ("holder", "number"), [("may-khac", None), (DEVICE, 1)], ids=["held elsewhere", "held here"]
)
def test_only_the_holder_gives_a_number(server: bool, holder: str, number: int | None) -> None:
    made = held_by(submitted(world(server=server)), holder)
    made.run(actor("leader"), RESERVE)
    document = made.doc("o1")
    awaited = State.AWAITING_NUMBER if number is None else State.NUMBERED
    assert (document.state, document.reserved) == (awaited, number)
    assert numbers(made) == ({} if number is None else {1: "reserved"})


@pytest.mark.parametrize("who", ["clerk", "office", "leader"])
def test_the_holder_gives_the_number_and_the_leader_signs(who: str) -> None:
    made = held_by(submitted(world()), "may-khac")
    made.run(actor("leader"), RESERVE)
    held_by(made, DEVICE).run(actor(who), GIVE)
    document = made.doc("o1")
    assert (document.state, document.particulars.number) == (State.NUMBERED, "01")
    assert document.particulars.issued == TODAY
    held_by(made, "may-khac")
    main = document.main_file
    assert main is not None
    signed = ref("signed-o1", "signed")
    made.run(actor("leader"), c.AttachSignature("o1", signed, main.sha256, "approve", "Mẫu"))
    assert made.doc("o1").state is State.SIGNED
    assert numbers(made) == {1: "given"}


def _waiting(holder: str) -> World:
    made = held_by(submitted(world()), "may-khac")
    made.run(actor("leader"), RESERVE)
    return held_by(made, holder)


@pytest.mark.parametrize(
    ("made", "who", "command", "code"),
    [
        (lambda: _waiting("may-khac"), "clerk", GIVE, "register.held"),
        (lambda: held_by(submitted(world()), DEVICE), "clerk", GIVE, "document.state"),
        (lambda: _waiting(DEVICE), "anna", GIVE, "permission"),
        (lambda: _waiting(DEVICE), "clerk", replace(GIVE, register=book("incoming")), "document.book"),
        (
            lambda: _waiting(DEVICE), "leader",
            c.AttachSignature("o1", ref("s", "signed"), ref("draft-o1").sha256, "approve", "Mẫu"),
            "document.number_waiting",
        ),
    ],
)  # fmt: skip
def test_refusals(made: object, who: str, command: object, code: str) -> None:
    stage: World = made()  # type: ignore[operator]
    with pytest.raises(HoaBanError) as caught:
        stage.run(actor(who), command)  # type: ignore[arg-type]
    assert caught.value.code == code
    assert numbers(stage) == {}


@pytest.mark.parametrize("seed", range(12))
def test_numbers_stay_without_gap_whoever_asks(seed: int) -> None:
    made, chance = world(), random.Random(seed)
    for place in range(14):
        entity = f"o{place}"
        submitted(made, entity)
        held_by(made, chance.choice([DEVICE, "may-khac"]))
        made.run(actor("leader"), replace(RESERVE, id=entity))
        if made.doc(entity).state is State.AWAITING_NUMBER and chance.random() < 0.7:
            held_by(made, DEVICE).run(actor("clerk"), replace(GIVE, id=entity))
        if chance.random() < 0.3:
            made.run(actor("leader"), c.ReleaseNumber(entity, "Không ký nữa (mẫu)"))
    found = numbers(made)
    assert "missing" not in found.values()
    borne = [made.doc(f"o{n}").reserved for n in range(14)]
    reserved = sorted(n for n in borne if n is not None)
    assert reserved == [n for n, state in found.items() if state == "reserved"]
