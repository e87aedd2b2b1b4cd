"""Every known class of attack on a signed PDF is found, and named."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from app.kernel.ports import FileReport, Verdict
from app.kernel.texts import Texts
from signing.checking.readers import fills_gap
from tests.signing.attacks.raw import ENDLESS, GAPS, READERS, other_catalog
from tests.signing.attacks.updates import ANNOTATIONS, FORMS, SAVING, SHADOW, SIGNATURES
from tests.signing.conftest import Office
from tests.signing.forgeries import forged

Update = Callable[[IncrementalPdfFileWriter], None]
UPDATES = {
    f"{kind}: {name}": case
    for kind, cases in (
        ("incremental saving", SAVING),
        ("shadow", SHADOW),
        ("evil annotation", ANNOTATIONS),
        ("sneaky form", FORMS),
    )
    for name, case in cases.items()
}
SEEN = {
    "incremental saving: the content of a page",
    "incremental saving: the number on the page",
    "incremental saving: a page more",
    "incremental saving: a page less",
    "incremental saving: a page turned",
    "incremental saving: a layer switched off",
    "shadow: hide: the cover taken away",
    "shadow: replace: a picture",
    "shadow: hide and replace: a prepared picture",
    "shadow: hide and replace: prepared content",
    "evil annotation: FreeText",
    "evil annotation: Stamp",
    "sneaky form: a picture that is not the value",
}
"""Attacks that show on the page in PDFium, and so must be framed."""


def check(office: Office, data: bytes) -> FileReport:
    """Verify offline: all evidence lies in the file."""
    return office.verifier().verify(BytesIO(data), offline=True)


def test_the_victim_is_valid(office: Office, victim: bytes) -> None:
    report = check(office, victim)
    assert report.verdict is Verdict.VALID
    assert [(s.reasons, s.shown) for s in report.signatures] == [((), ()), ((), ())]


@pytest.mark.parametrize("attack", UPDATES)
def test_a_change_behind_the_signatures_is_named(
    office: Office, victim: bytes, attack: str
) -> None:
    change, reason = UPDATES[attack]
    report = check(office, forged(victim, change))
    assert report.verdict is Verdict.INVALID
    assert len(report.signatures) == 2
    for found in report.signatures:
        assert (found.verdict, found.changes) == (Verdict.INVALID, "forbidden")
        assert reason in found.reasons
        assert all(Texts().has(f"verify.reason.{code}") for code in found.reasons)
        assert bool(found.shown) or attack not in SEEN


@pytest.mark.parametrize("attack", SIGNATURES)
def test_no_signature_is_forged_for_all_files(office: Office, victim: bytes, attack: str) -> None:
    report = check(office, forged(victim, SIGNATURES[attack]))
    assert report.verdict is Verdict.INVALID
    assert {s.verdict for s in report.signatures} == {Verdict.INVALID}
    assert all(s.reasons for s in report.signatures)


@pytest.mark.parametrize("attack", GAPS)
def test_nothing_is_wrapped_into_the_gap(office: Office, victim: bytes, attack: str) -> None:
    report = check(office, GAPS[attack](victim))
    assert report.verdict in {Verdict.INVALID, Verdict.UNREADABLE}
    assert report.reasons or all(
        s.reasons for s in report.signatures if s.verdict is Verdict.INVALID
    )


@pytest.mark.parametrize("attack", READERS)
def test_readers_cannot_be_played_off_against_each_other(
    office: Office, victim: bytes, attack: str
) -> None:
    make, reason = READERS[attack]
    report = check(office, make(victim))
    assert report.verdict is Verdict.INVALID
    assert all(reason in s.reasons for s in report.signatures)


def test_a_catalog_prepared_before_signing_takes_the_signatures_away(
    office: Office, victim: bytes
) -> None:
    report = check(office, other_catalog(victim))
    assert (report.verdict, report.reasons) == (Verdict.UNSIGNED, ("no_signature",))


@pytest.mark.parametrize("attack", ENDLESS)
def test_endless_structures_end(office: Office, victim: bytes, attack: str) -> None:
    report = check(office, ENDLESS[attack](victim))
    assert report.verdict in {Verdict.INVALID, Verdict.UNREADABLE, Verdict.UNSIGNED}
    assert report.reasons or all(s.reasons for s in report.signatures)


@pytest.mark.parametrize(
    ("between", "filled"),
    [(b"<3082>", True), (b"<308A>", False), (b"<3083>", False), (b"(3082)", False)],
)
def test_the_gap_holds_the_signature_that_was_read(between: bytes, filled: bool) -> None:
    data = b"before" + between + b"after"
    assert fills_gap(BytesIO(data), [0, 6, 12, 5], b"\x30\x82") is filled
    assert not fills_gap(BytesIO(data), [0, 6, 13, 4], b"\x30\x82")
    assert not fills_gap(BytesIO(data), [1, 5, 12, 5], b"\x30\x82")


def test_pages_that_only_look_different_are_found_by_drawing(
    office: Office, victim: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The drawn pages are a second line: they find what one parser alone would be told."""
    monkeypatch.setattr("signing.checking.changes.is_ambiguous", lambda _reader, _revision: False)
    report = check(office, READERS["an entry said twice"][0](victim))
    assert report.verdict is Verdict.INVALID
    assert "shown_differently" in report.signatures[1].reasons
    assert all(s.shown for s in report.signatures)
