"""Fields that a template brings: filled in where they stand, or refused before a PIN is asked."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import x509  # type: ignore[import-untyped]
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import (
    MDPPerm,
    SeedSignatureType,
    SigCertConstraintFlags,
    SigCertConstraints,
    SigFieldSpec,
    SigSeedSubFilter,
    SigSeedValFlags,
    SigSeedValueSpec,
    append_signature_field,
)

from app.kernel.errors import RuleViolation
from app.kernel.ports import Box, Purpose, SignedFile, Verdict
from signing.pdf.placement import find_box
from tests.signing.conftest import NAME, TITLE, Office, Pins
from tests.signing.pdf.test_opening import pdfsig

PLACE = (320, 300, 460, 360)
BOX = Box(0, 320, 300, 140, 60)


def template(letter: Path, *fields: SigFieldSpec, turn: int = 0) -> Path:
    """Add empty fields to a letter."""
    writer = IncrementalPdfFileWriter(BytesIO(letter.read_bytes()))
    for field in fields:
        append_signature_field(writer, field)
    if turn:
        page = writer.find_page_for_modification(0)[0].get_object()
        page["/Rotate"] = type(page["/MediaBox"][0])(turn)
        writer.update_container(page)
    with letter.open("wb") as stream:
        writer.write(stream)
    return letter


def field(name: str, place: tuple[int, int, int, int] = PLACE, **terms: Any) -> SigFieldSpec:
    """Return an empty field; `terms` are its seed values."""
    seed = SigSeedValueSpec(**terms) if terms else None
    return SigFieldSpec(name, box=place, seed_value_dict=seed)


def borne(signed: SignedFile) -> dict[str, list[int]]:
    """Return the filled fields of a file with their rectangles."""
    assert signed.path is not None
    reader = PdfFileReader(BytesIO(signed.path.read_bytes()))
    return {
        s.field_name: [round(float(v)) for v in s.sig_field["/Rect"]]
        for s in reader.embedded_regular_signatures
    }


def refused(office: Office, path: Path, **more: Any) -> str:
    """Be refused before anybody is asked for a PIN; return the code."""
    pins = Pins()
    with office.signer() as signer, pytest.raises(RuleViolation) as caught:
        signer.sign(office.job(signer, path, Purpose.APPROVE, **more), pins)
    assert pins.asked == []
    return caught.value.code


@pytest.mark.parametrize("name", ["Người ký", "Sig_NguoiKy"])
def test_the_field_is_filled_in_where_it_stands(office: Office, letter: Path, name: str) -> None:
    signed = office.sign(template(letter, field(name)), Purpose.APPROVE)
    assert (signed.field, borne(signed)) == (name, {name: list(PLACE)})
    assert signed.box is not None and signed.path is not None
    assert [round(v) for v in (signed.box.x, signed.box.y, signed.box.width)] == [320, 300, 140]
    assert office.verifier().verify(signed.path).verdict is Verdict.VALID
    assert pdfsig(signed.path) == 1
    sealed = office.sign(signed.path, Purpose.ISSUE)
    assert sealed.box is not None and sealed.box.x + sealed.box.width < 320 + 60
    assert set(borne(sealed)) == {name, "Sig_CoQuan"}, "the seal took it for the person's"


def test_what_is_shown_is_what_is_filled(letter: Path) -> None:
    words = find_box(letter, NAME, TITLE, Purpose.APPROVE)
    assert words is not None
    path = template(letter, field("Mẫu"))
    assert find_box(path, NAME, TITLE, Purpose.APPROVE) == BOX
    assert find_box(path, NAME, TITLE, Purpose.ATTACHMENT) != BOX, "no field for the agency"


def test_of_several_fields_the_words_choose(office: Office, letter: Path) -> None:
    words = find_box(letter, NAME, TITLE, Purpose.APPROVE)
    assert words is not None
    x, y = round(words.x), round(words.y)
    own = (x, y, x + 100, y + 40)
    signed = office.sign(template(letter, field("Một"), field("Hai", own)), Purpose.APPROVE)
    assert borne(signed) == {"Hai": list(own)}


def test_whoever_chooses_another_place_signs_there_and_meets_no_terms(
    office: Office, letter: Path
) -> None:
    terms = {"flags": SigSeedValFlags.REASONS, "reasons": ["Duyệt"]}
    path = template(letter, field("Sig_NguoiKy", **terms))
    signed = office.sign(path, Purpose.APPROVE, box=Box(0, 50, 50, 100, 50))
    assert borne(signed) == {"Sig_NguoiKy_2": [50, 50, 150, 100]}
    unseen = office.sign(path, Purpose.APPROVE, image=b"")
    assert set(borne(unseen)) == {"Sig_NguoiKy_2"}, "no empty field is filled by its name alone"


def test_a_seal_has_its_field_by_its_name(office: Office, letter: Path) -> None:
    path = template(letter, field("Sig_CoQuan", (60, 60, 160, 160)), field("Mẫu"))
    signed = office.sign(path, Purpose.APPROVE)
    assert signed.path is not None and set(borne(signed)) == {"Mẫu"}
    sealed = office.sign(signed.path, Purpose.ISSUE)
    assert borne(sealed)["Sig_CoQuan"] == [60, 60, 160, 160]


def test_a_person_fills_no_field_of_the_agency(office: Office, letter: Path) -> None:
    path = template(letter, field("Sig_CoQuan", (60, 60, 160, 160)))
    assert set(borne(office.sign(path, Purpose.APPROVE))) == {"Sig_NguoiKy"}


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_page(office: Office, letter: Path, turn: int) -> None:
    signed = office.sign(template(letter, field("Mẫu"), turn=turn), Purpose.APPROVE)
    assert borne(signed) == {"Mẫu": list(PLACE)}
    assert office.verifier().verify(signed.path).verdict is Verdict.VALID


F = SigSeedValFlags


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"flags": F.REASONS, "reasons": ["Duyệt"]}, "field_wants_reason"),
        ({"flags": F.SUBFILTER, "subfilters": [SigSeedSubFilter.ADOBE_PKCS7_DETACHED]}, "field_terms"),
        ({"flags": F.DIGEST_METHOD, "digest_methods": ["sha512"]}, "field_terms"),
        ({"flags": F.APPEARANCE_FILTER, "appearance": "Mẫu"}, "field_terms"),
        ({"flags": F.ADD_REV_INFO, "add_rev_info": True}, "field_terms"),
        ({"flags": F.LEGAL_ATTESTATION, "legal_attestations": ["Mẫu"]}, "field_terms"),
        ({"seed_signature_type": SeedSignatureType(MDPPerm.NO_CHANGES)}, "field_terms"),
        ({"timestamp_required": True, "timestamp_server_url": "http://x.example"}, "field_wants_time"),
    ],
)  # fmt: skip
def test_what_cannot_be_met_is_refused_before_a_pin(
    office: Office, letter: Path, terms: dict[str, Any], code: str
) -> None:
    assert refused(office, template(letter, field("Mẫu", **terms))) == code


def test_a_reason_where_none_may_be_given(office: Office, letter: Path) -> None:
    path = template(letter, field("Mẫu", flags=F.REASONS))
    assert refused(office, path, reason="Duyệt") == "field_wants_reason"
    assert set(borne(office.sign(path, Purpose.APPROVE))) == {"Mẫu"}


@pytest.mark.parametrize("own", [True, False])
def test_a_certificate_that_the_field_wants(office: Office, letter: Path, own: bool) -> None:
    with office.signer() as signer:
        label = "Người ký" if own else "Cơ quan"
        der = next(c for c in signer.certificates() if c.token.label == label).der
    wanted = SigCertConstraints(
        flags=SigCertConstraintFlags.SUBJECT, subjects=[x509.Certificate.load(der)]
    )
    path = template(letter, field("Mẫu", cert=wanted))
    if own:
        assert set(borne(office.sign(path, Purpose.APPROVE))) == {"Mẫu"}
    else:
        assert refused(office, path) == "field_wants_certificate"


def test_terms_that_are_met(office: Office, letter: Path) -> None:
    terms = {
        "flags": F.REASONS | F.SUBFILTER | F.DIGEST_METHOD,
        "reasons": ["Duyệt", "Xem"],
        "subfilters": [SigSeedSubFilter.PADES],
        "digest_methods": ["sha256", "sha512"],
        "timestamp_required": True,
        "timestamp_server_url": "http://not-asked.example",
    }
    path = template(letter, field("Mẫu", **terms))
    signed = office.sign(
        path, Purpose.APPROVE, reason="Duyệt", tsa=office.authority.tsa_url, level="B-B"
    )
    assert set(borne(signed)) == {"Mẫu"}
    assert signed.level in ("B-T", "B-LT"), "a field that wants a time gets one"
