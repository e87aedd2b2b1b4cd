"""Reference lists: what comes with the product, and what an administrator may change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.catalogues.commands import PutItem, RetireItem
from app.catalogues.feature import FEATURE
from app.catalogues.lists import document_types, phrases, urgencies, valid_items
from app.catalogues.load import PHRASE, load_items
from app.catalogues.model import Item, item_id
from app.catalogues.rules import KIND, apply, decide_put, decide_retire
from app.kernel.actor import Actor
from app.kernel.bus import Situation, authorise, stamp, wrap
from app.kernel.codec import from_json, to_json
from app.kernel.errors import NotPermitted, RuleViolation
from app.kernel.feature import Registry

NOW = datetime(2026, 11, 20, 1, tzinfo=UTC)
TODAY = date(2026, 11, 20)


class Held:
    """A state of entries."""

    def __init__(self, *items: Item) -> None:
        self.items = {item.id: item for item in items}

    def get(self, kind: str, entity: str) -> Item | None:
        return self.items.get(entity) if kind == KIND else None

    def put(self, kind: str, entity: str, value: Any) -> None:
        raise AssertionError("a rule writes nothing")

    record = put  # type: ignore[assignment]


def run(held: Held, command: PutItem | RetireItem) -> Item | None:
    actor = Actor("admin", roles=frozenset({"administrator"}))
    handler = Registry((FEATURE,)).handler(command.NAME)
    entity = held.get(KIND, command.id)
    situation = Situation(held, actor, NOW, "pc", "c1")
    envelope = wrap(handler, command, actor, "pc", NOW)
    for new in handler.decide(entity, command, situation):
        entity = apply(entity, stamp(new, 0, envelope, situation))
    return entity


def put(code: str = "x", label: str = "Mục  thử", **more: Any) -> PutItem:
    valid_from = more.pop("valid_from", None)
    return PutItem(
        item_id(PHRASE, code, valid_from), PHRASE, code, label, valid_from=valid_from, **more
    )


def test_the_types_of_the_decree_are_29_and_three_copies() -> None:
    # NĐ 30/2020 Art 7; abbreviations PL III.I
    found = {t.code: t for t in document_types(load_items(), TODAY)}
    assert len(found) == 32
    assert (found["QD"].abbr, found["CTR"].abbr, found["TTR"].abbr) == ("QĐ", "CTr", "TTr")
    assert found["CV"].abbr == ""


def test_stamps_have_the_sizes_of_the_decree() -> None:
    # NĐ 30/2020 PL I.III.2
    sizes = {u.mark: (u.width, u.height) for u in urgencies(load_items(), TODAY)}
    assert sizes["HỎA TỐC"] == (30, 8)
    assert sizes["THƯỢNG KHẨN"] == (40, 8)
    assert sizes["KHẨN"] == (20, 8)


def test_phrases_are_offered_by_use() -> None:
    offered = phrases(load_items(), TODAY, "instruct")
    assert offered
    assert {p.use for p in offered} == {"instruct"}
    assert len(offered) < len(phrases(load_items(), TODAY))
    assert offered[0].text.format(lead="Phòng Kinh tế", deadline="20/11") != offered[0].text


def test_ids_are_unique_and_entries_survive_the_wire() -> None:
    items = load_items()
    assert len({item.id for item in items}) == len(items)
    assert tuple(from_json(Item, to_json(item)) for item in items) == items


def test_an_entry_is_put_corrected_and_retired() -> None:
    item = run(Held(), put(valid_from=date(2026, 1, 1)))
    assert item is not None
    assert item.label == "Mục thử"
    successor = replace(item, id=item_id(PHRASE, "y", None), code="y")
    held = Held(item, successor)
    retired = run(held, RetireItem(item.id, date(2026, 6, 30), successor.id))
    assert retired is not None
    assert (retired.valid_on(date(2026, 6, 30)), retired.valid_on(date(2026, 7, 1))) == (
        True,
        False,
    )
    assert valid_items((retired,), PHRASE, date(2025, 12, 31)) == ()
    corrected = run(Held(retired, successor), put(label="Đã sửa", valid_from=date(2026, 1, 1)))
    assert corrected == replace(retired, label="Đã sửa")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (replace(put(), id="other"), "catalogue.id"),
        (put(label="  "), "catalogue.empty"),
        (RetireItem("phrase:none:-", TODAY), "catalogue.unknown"),
        (RetireItem("phrase:old:2026-01-01", date(2025, 12, 31)), "catalogue.period"),
        (
            RetireItem("phrase:old:2026-01-01", TODAY, "phrase:old:2026-01-01"),
            "catalogue.successor",
        ),
        (RetireItem("phrase:old:2026-01-01", TODAY, "phrase:none:-"), "catalogue.successor"),
    ],
)
def test_wrong_entries_are_refused(command: PutItem | RetireItem, code: str) -> None:
    old = Item("phrase:old:2026-01-01", PHRASE, "old", "Cũ", valid_from=date(2026, 1, 1))
    with pytest.raises(RuleViolation) as refused:
        run(Held(old), command)
    assert refused.value.code == code


def test_only_administrators_change_lists() -> None:
    grants = Registry((FEATURE,)).grants
    for handler in FEATURE.handlers:
        with pytest.raises(NotPermitted):
            authorise(grants, Actor("p", roles=frozenset({"clerk", "leader"})), handler.permission)
        authorise(grants, Actor("p", roles=frozenset({"administrator"})), handler.permission)


def test_every_desk_holds_the_lists() -> None:
    assert FEATURE.kinds[0].buckets(load_items()[0]) == {"province"}
    assert {h.decide for h in FEATURE.handlers} == {decide_put, decide_retire}
