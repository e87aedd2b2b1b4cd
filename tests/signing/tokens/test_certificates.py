"""What is known of certificates without a PIN: whose, how long, and whether accepted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.clock import SystemClock
from app.kernel.errors import RuleViolation
from app.kernel.ports import TokenInfo
from signing.tokens.offers import expiry_warning, usable
from signing.tokens.signer import TokenSigner
from signing.trust.certificates import accepted, describe
from signing.trust.store import TrustStore
from sync.server.demo.authority import DemoAuthority
from tests.signing.conftest import AGENCY, MODULE, NAME, Office, Pins, free_port

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())


def certificate(*parts: tuple[x509.ObjectIdentifier, str]) -> bytes:
    """Return a certificate that signs itself, for a subject."""
    name = x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])
    made = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=KEY.public_key(),
        serial_number=7,
        not_valid_before=NOW - timedelta(days=1),
        not_valid_after=NOW + timedelta(days=365),
    )
    return made.sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)


CN, ORG, UID = NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.USER_ID


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        (((CN, "Lò Văn Mẫu"), (NameOID.TITLE, "Chủ tịch"), (ORG, "UBND xã Mẫu")), "person"),
        (((CN, "Lò Văn Mẫu"), (UID, "CCCD:000000000000")), "person"),
        (((CN, "Lò Văn Mẫu"), (NameOID.SURNAME, "Lò")), "person"),
        (((CN, "UBND xã Mẫu"), (ORG, "Tỉnh Mẫu")), "agency"),
        (((CN, "Ủy ban nhân dân xã Mẫu"), (UID, "MST:0000000000")), "agency"),
        (((CN, "Hợp tác xã  Mẫu"), (ORG, "hợp tác xã mẫu")), "agency"),
        (((CN, "Lò Văn Mẫu"), (ORG, "UBND xã Mẫu")), ""),
        (((CN, "Lò Văn Mẫu"),), ""),
    ],
)
def test_persons_and_agencies_are_told_apart(
    parts: tuple[tuple[x509.ObjectIdentifier, str], ...], kind: str
) -> None:
    nowhere = TokenInfo("", 0, "", "")
    found = describe(certificate(*parts), nowhere, "", "")
    assert found.kind == kind
    assert found.organisation == dict(parts).get(ORG, "")


def test_the_tokens_certificates_are_described(office: Office) -> None:
    with office.signer() as signer:
        kinds = {c.holder: (c.kind, c.accepted) for c in signer.certificates()}
    assert kinds == {NAME: ("", True), AGENCY: ("agency", True)}


@pytest.fixture
def stranger(tmp_path: Path) -> TrustStore:
    """Anchors of another authority with the same names."""
    DemoAuthority.create(tmp_path / "ca", [], [], port=free_port()).anchors(tmp_path / "trust")
    return TrustStore([tmp_path / "trust"])


def test_an_issuer_of_the_same_name_is_not_accepted(office: Office, stranger: TrustStore) -> None:
    der = office.authority.certificate("person-mau")
    assert accepted(der, office.trust)
    assert stranger.roots[0].subject == office.trust.roots[0].subject
    assert not accepted(der, stranger)
    assert not accepted(der, TrustStore([]))


def test_a_key_of_an_unknown_issuer_signs_nothing(office: Office, stranger: TrustStore) -> None:
    pins = Pins()
    with TokenSigner([MODULE], SystemClock(), stranger) as signer:
        found = signer.certificates()
        assert [c.accepted for c in found] == [False, False]
        with (
            pytest.raises(RuleViolation, match="certificate_issuer"),
            signer.unlocked(found[0], pins, "approve"),
        ):
            pass
    assert pins.asked == []


@pytest.mark.parametrize(
    ("left", "warning"),
    [
        (timedelta(days=60, seconds=1), None),
        (timedelta(days=60), 60),
        (timedelta(days=30, seconds=1), 60),
        (timedelta(days=30), 30),
        (timedelta(days=7, seconds=1), 30),
        (timedelta(days=7), 7),
        (timedelta(0), 7),
        (timedelta(seconds=-1), 0),
    ],
)
def test_the_end_is_warned_of(left: timedelta, warning: int | None) -> None:
    assert expiry_warning(NOW + left, NOW) == warning


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(-400, 400)), max_size=6))
def test_only_fit_certificates_are_offered(facts: list[tuple[bool, bool, int]]) -> None:
    nowhere = TokenInfo("", 0, "", "")
    plain = describe(certificate((CN, "Lò Văn Mẫu")), nowhere, "", "")
    many = [
        replace(plain, may_sign=use, accepted=known, not_after=NOW + timedelta(days=days))
        for use, known, days in facts
    ]
    fit = usable(many, NOW)
    assert len(fit) == sum(use and known and days >= 0 for use, known, days in facts)
    assert [c.not_after for c in fit] == sorted((c.not_after for c in fit), reverse=True)
    assert usable(many, NOW - timedelta(days=2)) == ()
