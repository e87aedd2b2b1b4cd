"""Vietnamese text: one form, folding for search, order for people."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.text import fold, is_folded, name_key, normal, sort_key

WORDS = st.text("aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạắậếộởựĐÂ \u0301\u0323", max_size=20)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Điện Biên", "dien bien"),
        ("ĐƯỜNG ĐỎ", "duong do"),
        ("Quyết định số 05/QĐ-UBND", "quyet dinh so 05/qd-ubnd"),
        ("plain", "plain"),
    ],
)
def test_folding_takes_tones_shapes_and_d_with_stroke(text, folded):
    assert fold(text) == folded
    assert fold(unicodedata.normalize("NFD", text)) == folded


@given(WORDS)
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)
    assert is_folded(fold(text))


@pytest.mark.parametrize("text", ["điện", "đ", "hà", "ư"])
def test_a_query_with_a_tone_a_shape_or_d_with_stroke_is_not_folded(text):
    assert not is_folded(text)


@given(st.text(max_size=30))
def test_normal_text_is_composed_and_stays_so(text):
    once = normal(text)
    assert normal(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert "  " not in once and once == once.strip()


def test_normal_text_has_no_control_characters():
    assert normal("  a\u0000b\tc\u200b\n d ") == "a b c d"


def test_letters_come_in_vietnamese_order():
    letters = list("aăâbcdđeêghiklmnoôơpqrstuưvxy")
    assert sorted(reversed(letters), key=sort_key) == letters


def test_tones_rank_after_letters():
    tones = ["ma", "mà", "mả", "mã", "má", "mạ", "mai"]
    assert sorted(reversed(tones), key=sort_key) == tones


def test_people_are_ordered_by_given_name_first():
    people = ["Lò Thị An", "Vừ A Ân", "Cà Văn Bình", "Lò Văn Bình", "Cà Thị Đào"]
    assert sorted(reversed(people), key=name_key) == people
