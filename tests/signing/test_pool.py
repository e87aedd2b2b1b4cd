"""The pool gives one object for the same bytes, and never one for others."""

from __future__ import annotations

import pytest
from asn1crypto import x509

from signing.checking import pool
from signing.checking.pool import Pool


def named(text: str) -> x509.Name:
    return x509.Name.load(x509.Name.build({"common_name": text}).dump())


def test_the_same_bytes_are_one_object() -> None:
    shared = Pool()
    first, again, other = named("mot"), named("mot"), named("hai")
    assert shared.own(first) is first
    assert shared.own(again) is first
    assert shared.own(other) is other
    assert shared.load(x509.Name, first.dump()) is first
    assert shared.load(x509.RDNSequence, first.dump()) is not first


def test_it_does_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_MOST", 3)
    shared = Pool()
    for number in range(10):
        shared.own(named(str(number)))
    assert len(shared._held) <= 3
