"""Edits that meet: what merges, what clashes, and that nothing typed is dropped."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.errors import RuleViolation
from app.kernel.merge import (
    Mark,
    Merge,
    merge_fields,
    merge_texts,
    union,
    word_diff,
    words_of,
)

KINDS = {
    "subject": Merge.PLAIN,
    "pages": Merge.PLAIN,
    "note": Merge.TEXT,
    "roll": Merge.MAP,
    "roll.*": Merge.PLAIN,
    "to": Merge.APPEND,
}
WORDS = st.sampled_from(["họp", "rà", "soát", "dân", "bản", "ngày", "hộ", "nghèo"])
TEXT = st.lists(WORDS, max_size=8).map(" ".join)
ROLL = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["có", "vắng", "phép"]), max_size=4)
RECORD = st.fixed_dictionaries(
    {
        "subject": TEXT,
        "pages": st.integers(0, 3),
        "note": TEXT,
        "roll": ROLL,
        "to": st.lists(st.sampled_from(["xã", "tỉnh", "sở", "bản"]), unique=True, max_size=4),
    }
)


def test_edits_of_different_fields_merge_without_a_word() -> None:
    base = {"subject": "một", "pages": 1, "note": "", "roll": {}}
    theirs = {**base, "subject": "hai"}
    found = merge_fields(KINDS, base, theirs, {"pages": 4})
    assert (found.values, found.clashes) == ({"pages": 4}, ())


def test_the_second_edit_of_a_field_becomes_a_clash() -> None:
    found = merge_fields(KINDS, {"subject": "một"}, {"subject": "hai"}, {"subject": "ba"})
    assert found.values == {}
    clash = found.clashes[0]
    assert (clash.field, clash.value, clash.base, clash.over) == ("subject", "ba", "một", "hai")


def test_a_map_merges_key_by_key() -> None:
    base = {"roll": {"An": "vắng", "Bình": "vắng", "Cúc": "có"}}
    theirs = {"roll": {"An": "có", "Bình": "có", "Cúc": "có"}}
    mine = {"roll": {"An": "vắng", "Bình": "phép", "Dần": "có"}}
    found = merge_fields(KINDS, base, theirs, mine)
    assert found.values == {"roll": {"An": "có", "Bình": "có", "Dần": "có"}}
    assert [(c.field, c.value, c.over) for c in found.clashes] == [("roll.Bình", "phép", "có")]


def test_long_texts_merge_by_words() -> None:
    base = "Rà soát hộ nghèo tại các bản trước ngày 20 tháng 11"
    theirs = "Rà soát hộ nghèo, hộ cận nghèo tại các bản trước ngày 20 tháng 11"
    mine = "Rà soát hộ nghèo tại các bản trước ngày 25 tháng 11"
    found = merge_texts(base, theirs, mine)
    assert found.clean
    assert found.text == "Rà soát hộ nghèo, hộ cận nghèo tại các bản trước ngày 25 tháng 11"


def test_words_beside_each_other_are_not_mixed() -> None:
    found = merge_texts(
        "trước ngày 20 tháng 11", "trước ngày 21 tháng 11", "trước ngày 20 tháng 12"
    )
    assert found.clean
    found = merge_texts("hai người", "ba người", "hai ngày")
    assert not found.clean
    assert (found.text, found.other) == ("ba người", "hai ngày")


def test_what_merges_of_a_long_text_merges_and_the_rest_is_proposed() -> None:
    base, theirs = "giao A trước 20/11 và báo cáo", "giao B trước 20/11 và báo cáo"
    mine = "giao C trước 20/11 và báo cáo ngay"
    found = merge_fields(KINDS, {"note": base}, {"note": theirs}, {"note": mine})
    assert found.values == {"note": "giao B trước 20/11 và báo cáo ngay"}
    clash = found.clashes[0]
    assert (clash.value, clash.typed) == ("giao C trước 20/11 và báo cáo ngay", None)
    assert clash.over == found.values["note"]


def test_a_merged_text_beyond_the_limit_is_left_to_people() -> None:
    base, theirs, mine = "một hai ba", "một một hai ba", "một hai ba bốn"
    limits = {"note": len("một một hai ba")}
    found = merge_fields(KINDS, {"note": base}, {"note": theirs}, {"note": mine}, limits)
    assert found.values == {}
    assert found.clashes[0].value == mine


def test_a_list_keeps_what_both_added_and_loses_what_either_took() -> None:
    assert union(["a", "b"], ["b", "c"], ["a", "b", "d"]) == ["b", "c", "d"]


def test_a_field_that_nobody_declared_is_refused() -> None:
    with pytest.raises(RuleViolation):
        merge_fields(KINDS, {}, {}, {"other": 1})


def test_an_edit_without_a_base_is_put_as_it_is() -> None:
    found = merge_fields(KINDS, {}, {"subject": "hai"}, {"subject": "ba"})
    assert (found.values, found.clashes) == ({"subject": "ba"}, ())


@given(TEXT, TEXT)
def test_words_and_differences_give_the_texts_back(old: str, new: str) -> None:
    assert "".join(words_of(old)) == old
    pieces = word_diff(old, new)
    assert "".join(p.text for p in pieces if p.mark is not Mark.NEW) == old
    assert "".join(p.text for p in pieces if p.mark is not Mark.OLD) == new


@given(TEXT, TEXT, TEXT)
def test_the_two_ways_to_merge_texts_mirror_each_other(base: str, a: str, b: str) -> None:
    one, two = merge_texts(base, a, b), merge_texts(base, b, a)
    assert one.clean == two.clean
    assert (one.text, one.other) == (two.other, two.text)


@given(TEXT, TEXT)
def test_equal_edits_never_clash(base: str, edit: str) -> None:
    assert merge_texts(base, edit, edit) == merge_texts(base, base, edit)
    assert merge_texts(base, edit, base).text == edit


@given(TEXT, TEXT, TEXT)
def test_every_word_typed_is_in_the_text_or_in_the_proposal(base: str, a: str, b: str) -> None:
    found = merge_texts(base, a, b)
    for text, kept in ((a, found.text), (b, found.other)):
        new = [p.text.split() for p in word_diff(base, text) if p.mark is Mark.NEW]
        assert all(" ".join(words) in " ".join(kept.split()) for words in new)


@given(RECORD, RECORD, RECORD)
def test_nothing_typed_is_dropped(
    base: dict[str, Any], theirs: dict[str, Any], mine: dict[str, Any]
) -> None:
    found = merge_fields(KINDS, base, theirs, mine)
    after = {**theirs, **found.values}
    clashes = {c.field: c for c in found.clashes}
    for name in ("subject", "pages"):
        if mine[name] != base[name]:
            assert mine[name] == after[name] or clashes[name].value == mine[name]
        if theirs[name] != base[name]:
            assert after[name] == theirs[name]
    for key in {*base["roll"], *mine["roll"], *theirs["roll"]}:
        typed, held = mine["roll"].get(key), after["roll"].get(key)
        if typed != base["roll"].get(key):
            assert held == typed or clashes[f"roll.{key}"].value == typed
    added = [x for x in (*mine["to"], *theirs["to"]) if x not in base["to"]]
    assert set(added) <= set(after["to"])


@given(RECORD, RECORD, RECORD)
def test_edits_that_do_not_clash_come_together_in_either_order(
    base: dict[str, Any], a: dict[str, Any], b: dict[str, Any]
) -> None:
    one, two = merge_fields(KINDS, base, a, b), merge_fields(KINDS, base, b, a)
    assert {c.field for c in one.clashes} == {c.field for c in two.clashes}
    if not one.clashes:
        left, right = {**a, **one.values}, {**b, **two.values}
        assert {**left, "to": set(left["to"])} == {**right, "to": set(right["to"])}
