"""Signatures of any file (CAdES) and of XML (XAdES): ours, and what other programs say of them."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree

from app.kernel.clock import SystemClock
from app.kernel.errors import Damaged, Unavailable
from app.kernel.ports import FileReport, Purpose, SignedFile, Verdict
from signing import xades
from signing.anyfile import AnyVerifier
from signing.plain import Judges
from signing.trust.rawkeys import joined, split
from signing.trust.stamps import CheckedTimeStamper
from signing.trust.store import TrustStore
from tests.signing.conftest import Office, Pins

EDXML = """<?xml version="1.0" encoding="UTF-8"?>
<!-- mẫu --><edXML:edXML xmlns:edXML="http://www.e-doc.vn/Schema/"><edXML:edXMLEnvelope>
<edXML:Subject>Về việc rà soát (mẫu)</edXML:Subject><edXML:Note Id="n1">một</edXML:Note>
</edXML:edXMLEnvelope></edXML:edXML>
"""
DS = "{http://www.w3.org/2000/09/xmldsig#}"
XADES = "{http://uri.etsi.org/01903/v1.3.2#}"


def judges(office: Office, **more: Any) -> Judges:
    held = {"trust": office.trust, "http": office.http} | more
    return Judges(clock=SystemClock(), **held)


def verify(office: Office, path: Path, *, offline: bool = False, **more: Any) -> FileReport:
    return AnyVerifier(office.verifier(), judges(office, **more)).verify(path, offline=offline)


def sign(office: Office, source: Path, **more: Any) -> SignedFile:
    ending = ".xml" if source.suffix == ".xml" else f"{source.suffix}.p7s"
    values: dict[str, Any] = {"target": source.with_suffix(ending), "purpose": Purpose.FILES}
    if ending == ".xml":
        values = {"target": source.with_name("signed.xml"), "purpose": Purpose.COMMENT}
    values |= more
    with office.signer() as signer:
        target = values.pop("target")
        job = office.job(signer, source, values.pop("purpose"), **values)
        return signer.sign(replace(job, target=target), Pins())


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "bang.ods"
    path.write_bytes(b"PK\x03\x04 " + bytes(range(256)) * 900)
    return path


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "goi.xml"
    path.write_text(EDXML, encoding="utf-8")
    return path


@pytest.mark.parametrize("level", ["B-B", "B-T"])
def test_any_file_is_signed_apart_and_openssl_agrees(
    office: Office, table: Path, level: str
) -> None:
    made = sign(office, table, level=level, tsa=office.authority.tsa_url)
    assert (made.level, made.warnings) == (level, ())
    report = verify(office, made.path)
    assert report.verdict is Verdict.VALID
    [found] = report.signatures
    source = "timestamp" if level == "B-T" else "claimed"
    assert (found.level, found.time_source) == (level, source)
    assert openssl_accepts(office, made.path, table)
    data = cms.ContentInfo.load(made.path.read_bytes())["content"]
    attributes = {a["type"].native for a in data["signer_infos"][0]["signed_attrs"]}
    assert attributes == {
        "content_type",
        "message_digest",
        "signing_time",
        "signing_certificate_v2",
    }
    table.write_bytes(table.read_bytes() + b"x")
    assert not openssl_accepts(office, made.path, table)
    report = verify(office, made.path)
    assert (report.verdict, report.signatures[0].reasons) == (Verdict.INVALID, ("altered",))


def openssl_accepts(office: Office, signature: Path, content: Path) -> bool:
    anchors = [str(p) for p in office.authority.anchors(signature.parent / "anchors")]
    said = subprocess.run(
        f"openssl cms -verify -binary -inform DER -in {signature} -content {content}"
        f" -CAfile {anchors[0]} -certfile {anchors[1]} -purpose any -out /dev/null".split(),
        capture_output=True,
        check=False,
    )
    return said.returncode == 0


def test_what_is_not_known_of_a_file_is_unknown(office: Office, table: Path) -> None:
    made = sign(office, table)
    offline = verify(office, made.path, offline=True)
    assert (offline.verdict, offline.signatures[0].reasons) == (
        Verdict.UNKNOWN,
        ("revocation_unknown",),
    )
    nobody = verify(office, made.path, trust=TrustStore([]))
    assert nobody.verdict is Verdict.UNKNOWN
    table.unlink()
    assert verify(office, made.path).reasons == ("file_missing",)


@pytest.mark.parametrize(
    "spoil",
    [lambda data: b"", lambda data: b"<html>", lambda data: data[:300], lambda data: data + b"0"],
)
def test_a_spoilt_signature_file_is_a_verdict(
    office: Office, table: Path, spoil: Callable[[bytes], bytes]
) -> None:
    made = sign(office, table)
    made.path.write_bytes(spoil(made.path.read_bytes()))
    report = verify(office, made.path)
    assert (report.verdict, report.reasons) == (Verdict.UNREADABLE, ("damaged",))


def test_every_flipped_byte_of_a_signature_is_seen(office: Office, table: Path) -> None:
    made = sign(office, table)
    data = made.path.read_bytes()
    for place in range(len(data) - 300, len(data), 7):
        made.path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert verify(office, made.path, offline=True).verdict in {
            Verdict.INVALID,
            Verdict.UNREADABLE,
        }


def test_a_signature_over_its_own_content_says_nothing_of_the_file(
    office: Office, table: Path
) -> None:
    made = sign(office, table)
    content = cms.ContentInfo.load(made.path.read_bytes())
    content["content"]["encap_content_info"] = {"content_type": "data", "content": b"khac (mau)"}
    made.path.write_bytes(content.dump())
    report = verify(office, made.path)
    assert report.verdict is Verdict.INVALID
    assert "coverage" in report.signatures[0].reasons


def test_what_was_shown_and_when_it_was_ordered(office: Office, table: Path) -> None:
    with pytest.raises(Damaged, match="pdf_not_as_shown"):
        sign(office, table, expected_sha256="ab" * 32)
    with pytest.raises(Unavailable, match="timestamp_required"):
        sign(office, table, require_time=True)
    assert sorted(p.name for p in table.parent.iterdir()) == ["bang.ods"]


def test_xml_bears_its_signature(office: Office, package: Path) -> None:
    made = sign(office, package)
    assert made.level == "B-B"
    report = verify(office, made.path)
    assert (report.verdict, report.reasons) == (Verdict.VALID, ())
    [found] = report.signatures
    assert (found.level, found.time_source, found.algorithm) == ("B-B", "claimed", "pss sha256")
    text = made.path.read_text(encoding="utf-8")
    assert text.replace("<!-- mẫu -->", "").startswith("<?xml")
    for old, new in (("rà soát", "rà xét"), ("<!-- mẫu -->", "<?lenh mau?>"), ("một", "một ")):
        made.path.write_text(text.replace(old, new), encoding="utf-8")
        report = verify(office, made.path)
        assert (report.verdict, report.signatures[0].reasons) == (Verdict.INVALID, ("altered",))
    made.path.write_text(text, encoding="utf-8")
    with pytest.raises(Damaged, match="xml_signed"):
        sign(office, made.path, target=made.path.with_name("twice.xml"))


def test_xmlsec_agrees(office: Office, package: Path, tmp_path: Path) -> None:
    path = tmp_path / "pkcs1.xml"
    path.write_bytes(signed_here(office, package.read_bytes()))
    assert xmlsec_accepts(office, path)
    assert verify(office, path).verdict is Verdict.VALID
    path.write_text(path.read_text(encoding="utf-8").replace("một", "hai"), encoding="utf-8")
    assert not xmlsec_accepts(office, path)


def test_xml_bears_a_time_stamp(office: Office, package: Path) -> None:
    made = sign(office, package, tsa=office.authority.tsa_url)
    assert (made.level, made.warnings) == ("B-T", ())
    report = verify(office, made.path)
    [found] = report.signatures
    assert (report.verdict, found.reasons) == (Verdict.VALID, ())
    assert (found.level, found.time_source) == ("B-T", "timestamp")
    assert found.claimed_at is not None and found.signed_at is not None
    assert abs(found.signed_at - found.claimed_at) < timedelta(minutes=1)


def test_a_stamp_that_is_ordered_and_not_to_be_had_is_said(office: Office, package: Path) -> None:
    nobody = "http://127.0.0.1:9/tsa"
    made = sign(office, package, tsa=nobody)
    assert (made.level, made.warnings) == ("B-B", ("timestamp_unavailable",))
    assert made.path is not None
    made.path.unlink()
    with pytest.raises(Unavailable, match="timestamp_required"):
        sign(office, package, tsa=nobody, require_time=True)
    assert [p.name for p in package.parent.iterdir()] == [package.name]


def _garbage(stamp: Any, _value: Any) -> None:
    stamp[1].text = "bWF1"


def _empty(stamp: Any, _value: Any) -> None:
    stamp[1].text = "MAA="


def _no_stamp(stamp: Any, _value: Any) -> None:
    stamp[1].text = base64.b64encode(cms.ContentInfo({"content_type": "data"}).dump()).decode()


def _other_form(stamp: Any, _value: Any) -> None:
    stamp[0].set("Algorithm", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315")


def _other_value(_stamp: Any, value: Any) -> None:
    value.text = f" {value.text}"  # the same number in other bytes: the stamp is not over them


@pytest.mark.parametrize("change", [_garbage, _empty, _no_stamp, _other_form, _other_value])
def test_a_stamp_over_something_else_is_none(
    office: Office, package: Path, change: Callable[[Any, Any], None]
) -> None:
    data = signed_here(office, package.read_bytes(), office.authority.tsa_url)
    path = package.with_name("stamped.xml")
    path.write_bytes(data)
    assert xmlsec_accepts(office, path)
    assert verify(office, path).verdict is Verdict.VALID
    tree = etree.fromstring(data)
    change(tree.find(f".//{XADES}SignatureTimeStamp"), tree.find(f".//{DS}SignatureValue"))
    path.write_bytes(etree.tostring(tree))
    report = verify(office, path)
    assert report.verdict is Verdict.INVALID
    assert report.signatures[0].reasons == ("timestamp_broken",)


def signed_here(office: Office, data: bytes, tsa: str = "") -> bytes:
    """Sign with PKCS#1 v1.5, which this machine's xmlsec1 knows."""
    pem = (office.authority.folder / "person-mau.key.pem").read_bytes()
    key: Any = load_pem_private_key(pem, None)
    der = office.authority.certificate("person-mau")
    begun = xades.begin_xml(data, der, judges(office), pss=False)
    signature = key.sign(begun.octets, padding.PKCS1v15(), SHA256())
    stamper = CheckedTimeStamper(office.http, tsa) if tsa else None
    made, stamped = xades.end_xml(begun, signature, stamper)
    assert stamped is bool(tsa)
    return made


def xmlsec_accepts(office: Office, path: Path) -> bool:
    anchors = [str(p) for p in office.authority.anchors(path.parent / "anchors")]
    said = subprocess.run(
        f"xmlsec1 --verify --id-attr:Id SignedProperties --trusted-pem {anchors[0]}"
        f" --untrusted-pem {anchors[1]} --enabled-key-data x509 {path}".split(),
        capture_output=True,
        check=False,
    )
    return said.returncode == 0


def _moved(root: Any) -> None:
    """Wrap: the signed document goes into a corner, another takes its place."""
    signature = root.find(f"{DS}Signature")
    corner = etree.SubElement(root, "corner")
    corner.append(signature)


def _partly(root: Any) -> None:
    root.find(f".//{DS}Reference").set("URI", "#n1")


def _second_properties(root: Any) -> None:
    name = root.find(".//*[@Target]")[0].get("Id")
    etree.SubElement(root, "fake").set("Id", name)


def _no_certificate(root: Any) -> None:
    held = root.find(f".//{DS}X509Data")
    held[0].text = held[1].text


def _filter(root: Any) -> None:
    transforms = root.find(f".//{DS}Transforms")
    etree.SubElement(transforms, f"{DS}Transform").set(
        "Algorithm", "http://www.w3.org/TR/1999/REC-xslt-19991116"
    )


def _digest_only(root: Any) -> None:
    root.find(f".//{DS}SignatureValue").text = "AAAA"


@pytest.mark.parametrize(
    "attack", [_moved, _partly, _second_properties, _no_certificate, _filter, _digest_only]
)
def test_wrapping_and_its_kin_are_invalid(
    office: Office, package: Path, attack: Callable[[Any], None]
) -> None:
    tree = etree.fromstring(signed_here(office, package.read_bytes()))
    attack(tree)
    path = package.with_name("forged.xml")
    path.write_bytes(etree.tostring(tree))
    assert verify(office, path).verdict is Verdict.INVALID


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "damaged"),
        (b"<a", "damaged"),
        (b"<a/>", "no_signature"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "damaged"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>', "damaged"),
        (b"<a>" * 5000 + b"</a>" * 5000, "damaged"),
        (f'<a><s:Signature xmlns:s="{DS[1:-1]}"/></a>'.encode(), "damaged"),
    ],
)
def test_bad_xml_is_a_verdict_and_never_signed(
    office: Office, package: Path, data: bytes, reason: str
) -> None:
    package.write_bytes(data)
    assert verify(office, package).reasons == (reason,)
    if reason == "damaged":
        with pytest.raises(Damaged):
            sign(office, package)


def test_curves_are_spelled_both_ways() -> None:
    for size in (32, 48):
        raw = bytes(size - 1) + b"\x07" + bytes(range(1, size + 1))
        assert split(joined(raw), size) == raw
