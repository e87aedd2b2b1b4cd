"""What a screen shows first comes first, once, and costs no row of the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from app.documents.model import Document, State
from app.documents.rules import outlook
from app.features import registry as product
from app.kernel.codec import to_json
from app.kernel.feature import Kind
from sync.protocol.codec import dumps
from sync.protocol.messages import End, Frame, Mark, RowFrame
from sync.server import ahead
from sync.server.directory import People
from sync.server.service import Service
from tests.bench import corpus
from tests.doubles.toy import AddNote, CountUp
from tests.sync.desk import Desk

Desks = Callable[..., Desk]
HOME = ("agency:x",)
COUNT = 60


@pytest.fixture
def notes(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setattr(ahead, "SIZES", (3, 10))
    service.run_as_system(*(AddNote(f"n{n:02}", "", HOME) for n in range(COUNT)))
    # A kind that tells what waits for somebody: here what was counted.
    kind: Kind = service.registry.kinds["note"]
    pressing = replace(kind, pressing=lambda text: '"count"' in text)
    monkeypatch.setitem(service.registry.kinds, "note", pressing)
    service.run_as_system(CountUp("n01"))
    service.run_as_system(*(AddNote(f"m{n}", "", HOME) for n in range(5)))
    return service


def pages(frames: Sequence[Frame]) -> list[list[tuple[str, str]]]:
    """Return the rows between the marks of a reply, by kind and id."""
    found: list[list[tuple[str, str]]] = [[]]
    for frame in frames:
        if isinstance(frame, RowFrame):
            found[-1].append((frame.kind, frame.id))
        elif isinstance(frame, Mark | End):
            found.append([])
    return [page for page in found if page]


def test_the_person_and_what_waits_come_before_the_newest(notes: Service, desk: Desks) -> None:
    first, second, *_ = pages(desk().ask())
    assert first == [
        ("person", "an"), ("note", "n01"), ("note", "m4"), ("note", "m3"), ("note", "m2"),
    ]  # fmt: skip
    assert second == [("note", n) for n in ("m1", "m0", "n59", "n58", "n57", "n56")]


def test_what_came_ahead_comes_once(notes: Service, desk: Desks) -> None:
    rows = [row for page in pages(desk().ask()) for row in page]
    assert len(rows) == len(set(rows))
    assert sum(kind == "note" for kind, _ in rows) == COUNT + 5


def test_a_cut_after_it_loses_nothing(notes: Service, desk: Desks) -> None:
    whole, cut = desk(device="one"), desk(device="two")
    whole.sync()
    frames = cut.ask()
    second = [at for at, frame in enumerate(frames) if isinstance(frame, Mark)][1]
    cut.take(frames[: second + 1])
    assert cut.ids("note") == {"n01", "m4", "m3", "m2"}
    notes.run_as_system(CountUp("m4"))
    cut.sync()
    whole.sync()
    assert cut.rows == whole.rows


def test_a_desk_that_holds_its_buckets_hears_only_what_is_new(notes: Service, desk: Desks) -> None:
    held = desk()
    held.sync()
    notes.run_as_system(CountUp("n05"))
    assert {row for page in pages(held.ask()) for row in page if row[0] == "note"} == {
        ("note", "n05")
    }


@pytest.mark.parametrize("state", State)
def test_a_document_that_waits_for_somebody_is_told_by_its_text(state: State) -> None:
    held: Document = replace(next(corpus.documents(1)), state=state)
    rest = {State.DONE, State.ISSUED, State.DISCARDED}
    kind = product().kind("document")
    assert kind.pressing is outlook.pressing
    assert outlook.pressing(dumps(to_json(held))) == (state not in rest)


def test_a_person_comes_with_his_posts_and_their_units() -> None:
    office = {(kind, name): value for kind, name, value in corpus.office()}

    class Held:
        def get(self, kind: str, entity: str) -> object:
            return office.get((kind, entity))

    assert People().first(Held(), "staff1") == (
        ("person", "staff1"), ("post", "post-staff1"), ("unit", "mau-phong"), ("unit", "mau-xa"),
    )  # fmt: skip
    assert People().first(Held(), "nobody") == ()
    assert People().shown(("province", "person:a", "unit:b", "agency:c", "administration")) == (
        "person:a", "unit:b", "agency:c",
    )  # fmt: skip
