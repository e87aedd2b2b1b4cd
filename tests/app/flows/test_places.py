"""Places that are kept: by unit, kind and purpose, on the first or the last page."""

from __future__ import annotations

import pytest

from app.flows.places import KeptPlace, OnPage, keep_place, kept_place
from app.kernel.ports import Box, Purpose

BOX = Box(2, 60.0, 90.0, 130.0, 50.0)


class Meta(dict[str, str]):
    """The named values of a desk."""

    def meta(self, key: str, default: str = "") -> str:
        return self.get(key, default)

    def set_meta(self, key: str, value: str) -> None:
        self[key] = value


def test_a_place_is_kept_for_its_unit_kind_and_purpose_alone() -> None:
    store = Meta()
    first, last = KeptPlace.of(BOX, 3), KeptPlace.of(Box(0, 1.0, 2.0, 3.0, 4.0), 3)
    keep_place(store, "xa", "QD", Purpose.APPROVE, first)
    keep_place(store, "xa", "QD", Purpose.ISSUE, last)
    assert kept_place(store, "xa", "QD", Purpose.APPROVE) == first
    assert kept_place(store, "xa", "QD", Purpose.ISSUE) == last
    others = (("xa", "BC", Purpose.APPROVE), ("huyen", "QD", Purpose.APPROVE))
    assert all(kept_place(store, *other) is None for other in others)


@pytest.mark.parametrize(
    ("page", "pages", "rule"), [(0, 3, OnPage.FIRST), (0, 1, OnPage.LAST), (2, 3, OnPage.LAST)]
)
def test_a_place_fits_papers_of_other_lengths(page: int, pages: int, rule: OnPage) -> None:
    kept = KeptPlace.of(Box(page, 60.0, 90.0, 130.0, 50.0), pages)
    assert kept.page is rule
    assert kept.box(7) == Box(0 if rule is OnPage.FIRST else 6, 60.0, 90.0, 130.0, 50.0)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "[]",
        "{",
        '{"xa||approve": {"page": "last", "x": 1, "y": 1, "width": 1, "height": 1, "beside": [1]}}',
        '{"xa||approve": 7}',
        '{"xa||approve": {"page": "middle"}}',
    ],
)
def test_what_is_damaged_counts_as_nothing(value: str) -> None:
    store = Meta({"signing.places": value})
    assert kept_place(store, "xa", "", Purpose.APPROVE) is None
    keep_place(store, "xa", "", Purpose.APPROVE, KeptPlace.of(BOX, 3))
    assert kept_place(store, "xa", "", Purpose.APPROVE) is not None


def test_a_place_follows_the_words_of_the_next_paper() -> None:
    words, moved = Box(1, 300.0, 200.0, 120.0, 60.0), Box(1, 290.0, 190.0, 140.0, 50.0)
    store = Meta()
    keep_place(store, "xa", "BC", Purpose.APPROVE, KeptPlace.of(moved, 2, words))
    kept = kept_place(store, "xa", "BC", Purpose.APPROVE)
    assert kept is not None
    assert kept.box(2, words) == moved
    lower = Box(0, 300.0, 120.0, 120.0, 60.0)
    assert kept.box(1, lower) == Box(0, 290.0, 110.0, 140.0, 50.0)
    assert kept.box(3) == Box(2, 290.0, 190.0, 140.0, 50.0)
    assert kept.box(1, Box(0, 1.0, 1.0, 2.0, 2.0)).x == 0.0
