"""The fuzzers' own parts: what they mutate is mutated again the same, and a lie is seen."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from random import Random

import pytest

from app.kernel.ports import Purpose
from tests.prove.inner import byte_range, contents, stream
from tests.prove.mutations import mutated
from tests.prove.truth import Signed
from tests.signing.conftest import Office, letter, office, shared_office

__all__ = ["letter", "office", "shared_office"]


@pytest.fixture
def signed(office: Office, letter: Path) -> bytes:
    path = office.sign(letter, Purpose.APPROVE).path
    assert path is not None
    return path.read_bytes()


@pytest.mark.parametrize("way", [contents, stream, byte_range, mutated])
def test_a_mutation_is_another_file_and_can_be_had_again(
    signed: bytes, way: Callable[[bytes, Random], bytes]
) -> None:
    made = [way(signed, Random(seed)) for seed in range(20)]
    assert made == [way(signed, Random(seed)) for seed in range(20)]
    assert len(set(made) - {signed}) > 5
    assert way(b"", Random(1)) == b""


def test_a_mutated_signature_keeps_its_width_and_a_stream_is_packed_again(signed: bytes) -> None:
    for seed in range(30):
        assert len(contents(signed, Random(seed))) == len(signed)
    one = b"<</Length %d/Filter/FlateDecode>>\nstream\n%s\nendstream"
    packed = zlib.compress(b"q 1 0 0 1 0 0 cm Q " * 20)
    made = stream(one % (len(packed), packed), Random(1))
    again = made[made.index(b"stream\n") + 7 : made.index(b"\nendstream")]
    inner = zlib.decompress(again)
    assert len(inner) == 19 * 20
    assert inner != b"q 1 0 0 1 0 0 cm Q " * 20
    assert made == one % (len(again), again)


def test_a_lie_is_seen(office: Office, signed: bytes) -> None:
    truth = Signed([signed])
    report = office.verifier().verify(BytesIO(signed))
    assert not truth.lies(report, signed)
    assert not truth.lies(report, signed + b"\n")
    assert truth.lies(report, signed.replace(b"%PDF-1.7", b"%PDF-1.6"))
    assert not truth.lies(office.verifier().verify(BytesIO(b"")), b"")
