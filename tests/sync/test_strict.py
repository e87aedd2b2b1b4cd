"""JSON from outside: what no database keeps and no stack bears is refused, the rest is not."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.errors import RuleViolation
from sync.protocol import codec, strict


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 65 + b"]" * 65,
        b'{"a":' * 70 + b"1" + b"}" * 70,
        b'["\\\\",' * 70 + b"1" + b"]" * 70,
        b"[NaN]",
        b"[-Infinity]",
        b"[1e999]",
        b'["\\u0000"]',
        b'{"\\u0000":1}',
        b'["\\ud800"]',
        b'["\xed\xa0\x80"]',
        b"[9223372036854775808]",
        b"[-99999999999999999999]",
        b"\xff\xfe[\x00]\x00",
        b"[1",
        b"",
    ],
)
def test_what_does_not_go_through_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        strict.parse(body)
    for read in (codec.parse_object, codec.decode_request):
        with pytest.raises(RuleViolation, match=r"sync\.request"):
            read(body)


@pytest.mark.parametrize(
    "value",
    [
        "[" * 500,
        'a "quoted [[[ \\" text',
        "\\" * 7 + "{" * 99,
        "số 12345678901234567890",
        "🌺 \\u0000 as letters",
        9223372036854775807,
        1.5,
        {"a": [{"b": ["c"]}]},
    ],
)
def test_what_only_looks_odd_is_taken(value: object) -> None:
    for ascii_only in (True, False):
        assert strict.parse(json.dumps([value], ensure_ascii=ascii_only).encode()) == [value]


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def deep(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(deep, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(deep, value), default=0)
    return 0


@given(_VALUES)
def test_depth_is_that_of_the_value(value: object) -> None:
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only)
        assert strict.depth(text.encode("utf-8", "surrogatepass")) == deep(value)
