"""Authorities of one name: their keys tell which has signed, whatever the order of a folder."""

from __future__ import annotations

import asyncio
from itertools import permutations
from pathlib import Path

import pytest
from asn1crypto import x509

from app.kernel.clock import SystemClock
from app.kernel.ports import Purpose, Verdict
from signing.checking.chain import Evidence, judge
from signing.checking.verify import PdfVerifier
from signing.pdf.cms import _chain
from signing.tokens.signer import TokenSigner
from signing.trust.certificates import accepted
from signing.trust.paths import signed_by
from signing.trust.remote import Revocation
from signing.trust.store import TrustStore
from signing.work.signer import WorkerSigner
from signing.work.worker import Workers
from sync.server.demo.authority import DemoAuthority
from tests.signing.conftest import AGENCY, MODULE, NAME, Office, Pins, free_port
from tests.signing.trust.authorities import NOW, Party, put

Seen = tuple[tuple[str, ...], bool, tuple[bytes, ...]]


def look(
    folder: Path, leaf: x509.Certificate, order: list[x509.Certificate], lists: list[Party]
) -> Seen:
    """Return the reasons against a certificate, whether it may sign, and what is signed along."""
    trust = TrustStore([put(folder, order)])
    given = [party.nobody_revoked() for party in lists]
    evidence = Evidence(trust, Revocation(None), NOW, crls=given)
    reasons = asyncio.run(judge(leaf, [], evidence, NOW))
    return reasons, accepted(leaf.dump(), trust), _chain(leaf.dump(), trust.certificates)


@pytest.mark.parametrize("marked", [True, False], ids=["key identifiers", "names only"])
@pytest.mark.parametrize("serial", [8, 7], ids=["other serial", "same serial"])
def test_of_two_roots_and_two_intermediates_of_one_name_the_true_ones_are_found(
    tmp_path: Path, serial: int, *, marked: bool
) -> None:
    root, again = Party.new("Gốc"), Party.new("Gốc")
    issuing, other, person = (
        Party.new("Cấp chứng thư"),
        Party.new("Cấp chứng thư"),
        Party.new("Tên"),
    )
    true = root.certify(issuing, marked=marked)
    known = [
        root.certify(root, marked=marked),
        again.certify(again, marked=marked, serial=serial),
        true,
        again.certify(other, marked=marked, serial=serial),
    ]
    leaf = issuing.certify(person, ca=False, marked=marked)
    for place, order in enumerate(permutations(known)):
        seen = look(tmp_path / str(place), leaf, list(order), [root, issuing, again, other])
        assert seen == ((), True, (true.dump(),)), place


@pytest.mark.parametrize("marked", [True, False], ids=["key identifiers", "names only"])
def test_a_cross_signed_intermediate_leads_to_whichever_root_is_trusted(
    tmp_path: Path, *, marked: bool
) -> None:
    old, new = Party.new("Gốc cũ"), Party.new("Gốc mới")
    issuing, person = Party.new("Cấp chứng thư"), Party.new("Tên")
    crossed = [old.certify(issuing, marked=marked), new.certify(issuing, marked=marked)]
    leaf = issuing.certify(person, ca=False, marked=marked)
    for trusted, link in zip((old, new), crossed, strict=True):
        known = [trusted.certify(trusted, marked=marked), *crossed]
        for place, order in enumerate(permutations(known)):
            folder = tmp_path / f"{trusted.name}{place}"
            seen = look(folder, leaf, list(order), [old, new, issuing])
            assert seen == ((), True, (link.dump(),)), place


@pytest.mark.parametrize(("marked", "reason"), [(True, "chain_broken"), (False, "unknown_root")])
def test_a_certificate_that_no_known_key_signed_is_not_accepted(
    tmp_path: Path, reason: str, *, marked: bool
) -> None:
    root, forger, person = Party.new("Gốc"), Party.new("Gốc"), Party.new("Tên")
    leaf = forger.certify(person, ca=False, marked=marked)
    known = root.certify(root, marked=marked)
    if marked:  # the forger names the key of the true root
        parts = leaf.copy()
        own = known.key_identifier_value.native
        for extension in parts["tbs_certificate"]["extensions"]:
            if extension["extn_id"].native == "authority_key_identifier":
                extension["extn_value"] = x509.AuthorityKeyIdentifier({"key_identifier": own})
        leaf = x509.Certificate.load(parts.dump(force=True))
    assert not signed_by(known, leaf)
    assert look(tmp_path / "one", leaf, [known], [root]) == ((reason,), False, ())


@pytest.mark.parametrize("first", ["own", "twin"])
def test_an_authority_made_anew_under_its_old_name_hides_nobody(
    office: Office, letter: Path, tmp_path: Path, first: str
) -> None:
    twin = DemoAuthority.create(
        tmp_path / "ca", [("mau", NAME)], [("mau", AGENCY)], port=free_port()
    )
    twin.anchors(tmp_path / "twin")
    both = tmp_path / "both"
    both.mkdir()
    for owner, folder in (("own", office.folder / "trust"), ("twin", tmp_path / "twin")):
        for path in folder.iterdir():
            (both / f"{'a' if owner == first else 'b'}-{path.name}").write_bytes(path.read_bytes())
    trust = TrustStore([both])
    subjects = [c.subject for c in trust.roots]
    assert len(trust.roots) == 2 and subjects[0] == subjects[1]
    keys = TokenSigner([MODULE], SystemClock(), trust)
    with WorkerSigner(keys, Workers([both]), SystemClock(), office.http) as signer:
        job = office.job(signer, letter, Purpose.APPROVE, tsa=office.authority.tsa_url)
        signed = signer.sign(job, Pins())
    assert (signed.level, signed.warnings) == ("B-LT", ())
    for known in (trust, office.trust):
        for line in (office.http, None):
            report = PdfVerifier(known, SystemClock(), line).verify(job.target)
            assert (report.verdict, report.signatures[0].reasons) == (Verdict.VALID, ())
