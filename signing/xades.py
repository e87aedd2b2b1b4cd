"""Enveloped signatures of XML files, such as edXML (XAdES, EN 319 132-1): made and checked.

Levels B-B and B-T.

One shape alone is made and accepted: a signature in the root over the whole document (without
itself) and over its own signed properties, both in exclusive canonical form. What refers to
anything else proves nothing of the document and is refused, so that nothing can be wrapped.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import secrets
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asn1crypto import x509  # type: ignore[import-untyped]
from lxml import etree

from app.kernel.errors import Damaged
from app.kernel.ports import FileReport
from signing.pdf.cms import KeySigner
from signing.plain import MOST_SIGNATURES, Found, Judges, file_report, report_on
from signing.trust.rawkeys import holds, joined, split
from signing.trust.stamps import CheckedTimeStamper
from signing.xmlstamps import C14N, DS, NAMES, XADES, canonical, put_stamp, take_stamp

ENVELOPED = f"{DS}enveloped-signature"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
PROPERTIES = "http://uri.etsi.org/01903#SignedProperties"
MECHANISMS = {
    "pkcs1": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "pss": "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
    "ecdsa": "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
}
_MOST = 32 << 20
_BAD = (etree.XMLSyntaxError, ValueError, TypeError, LookupError, AttributeError, binascii.Error)


@dataclass(frozen=True, slots=True)
class XmlToSign:
    """What the key has to sign for one document; the rest is for `end_xml`."""

    octets: bytes
    tree: Any
    signature: Any
    scheme: str
    size: int


def begin_xml(data: bytes, der: bytes, judges: Judges, *, pss: bool) -> XmlToSign:
    """Put an empty signature into a document and return what the key has to sign.

    Raises as `check_xml`.
    """
    tree = check_xml(data)
    signer = KeySigner(der, judges.trust, pss=pss)
    kind = "ecdsa" if not signer.is_rsa else "pss" if pss else "pkcs1"
    certificates = [der, *signer.issuers]
    whole = _digest(canonical(tree))
    signature = _skeleton(certificates, MECHANISMS[kind], whole, judges.clock.now())
    tree.getroot().append(signature)
    properties = signature.find(".//xades:SignedProperties", NAMES)
    own = signature.findall("ds:SignedInfo/ds:Reference/ds:DigestValue", NAMES)[1]
    own.text = _digest(canonical(properties))
    octets = canonical(signature.find("ds:SignedInfo", NAMES))
    size = (x509.Certificate.load(der).public_key.bit_size + 7) // 8
    return XmlToSign(octets, tree, signature, kind, size)


def check_xml(data: bytes) -> Any:
    """Return the document, parsed, if it may be signed.

    Raises `Damaged` with `xml_damaged`, or `xml_signed` for one that bears a signature: one more
    would break it, since each covers the whole document.
    """
    try:
        tree = _parse(data)
    except _BAD as problem:
        raise Damaged("xml_damaged") from problem
    if tree.getroot().find(f".//{{{DS}}}Signature") is not None:
        raise Damaged("xml_signed")
    return tree


def end_xml(
    begun: XmlToSign, signature: bytes, stamper: CheckedTimeStamper | None = None
) -> tuple[bytes, bool]:
    """Return the signed document, and whether its signature bears a time stamp."""
    value = split(signature, begun.size) if begun.scheme == "ecdsa" else signature
    held = begun.signature.find("ds:SignatureValue", NAMES)
    held.text = _text(value)
    stamped = stamper is not None and put_stamp(begun.signature, held, stamper)
    made: bytes = etree.tostring(begun.tree, xml_declaration=True, encoding="UTF-8")
    return made, stamped


def verify_xml(
    data: bytes, judges: Judges, at: datetime | None = None, *, offline: bool = False
) -> FileReport:
    """Check every signature of a document; never raises on what it holds."""
    now, sha256 = judges.clock.now(), hashlib.sha256(data).hexdigest()
    try:
        tree = _parse(data)
        signatures = tree.getroot().findall(f".//{{{DS}}}Signature")
    except _BAD:
        return file_report([], sha256, now, "damaged")
    if not signatures:
        return file_report([], sha256, now, "no_signature")
    if len(signatures) > MOST_SIGNATURES:
        return file_report([], sha256, now, "damaged")
    evidence = judges.evidence(at, offline=offline)
    try:
        found = [_read(tree, place) for place in range(len(signatures))]
    except _BAD:
        return file_report([], sha256, now, "damaged")
    return file_report([asyncio.run(report_on(one, evidence)) for one in found], sha256, now)


def _parse(data: bytes) -> Any:
    """Parse without network, entities and document types; raises `ValueError` for those."""
    if len(data) > _MOST:
        raise ValueError("too large")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    tree: Any = etree.ElementTree(etree.fromstring(data, parser))
    if tree.docinfo.doctype or tree.docinfo.internalDTD is not None:
        raise ValueError("a document type")
    return tree


def _without(tree: Any, place: int) -> bytes:
    """Return the canonical document without one of its signatures (enveloped-signature)."""
    copy = deepcopy(tree)
    signature = copy.getroot().findall(f".//{{{DS}}}Signature")[place]
    parent, tail = signature.getparent(), signature.tail or ""
    before = signature.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(signature)
    return canonical(copy)


def _read(tree: Any, place: int) -> Found:
    signature = tree.getroot().findall(f".//{{{DS}}}Signature")[place]
    held = [
        x509.Certificate.load(base64.b64decode(node.text), strict=True)
        for node in signature.findall("ds:KeyInfo/ds:X509Data/ds:X509Certificate", NAMES)
    ]
    certificate = held[0]
    method = signature.find("ds:SignedInfo/ds:SignatureMethod", NAMES).get("Algorithm")
    scheme = next((name for name, uri in MECHANISMS.items() if uri == method), "")
    properties = signature.find(
        "ds:Object/xades:QualifyingProperties/xades:SignedProperties", NAMES
    )
    found = Found(
        name=signature.get("Id") or str(place + 1),
        certificate=certificate,
        others=held[1:],
        digest="sha256" if scheme else "",
        mechanism=scheme or "unknown",
        claimed=_claimed(properties),
    )
    if not scheme:
        return found  # reported as a digest that is not allowed
    _references(tree, place, signature, properties, found)
    take_stamp(signature, found)
    octets = canonical(signature.find("ds:SignedInfo", NAMES))
    value = base64.b64decode(signature.find("ds:SignatureValue", NAMES).text)
    value = joined(value) if scheme == "ecdsa" else value
    if not holds(certificate.dump(), scheme, value, octets):
        found.reasons.append("signature_false")
    return found


def _references(tree: Any, place: int, signature: Any, properties: Any, found: Found) -> None:
    """Check that the signature covers the document and its properties, and nothing else."""
    nodes = signature.findall("ds:SignedInfo/ds:Reference", NAMES)
    canon = signature.find("ds:SignedInfo/ds:CanonicalizationMethod", NAMES)
    if signature.getparent() is not tree.getroot() or _algorithm(canon) != C14N or len(nodes) != 2:
        found.reasons.append("coverage")
        return
    whole, own = nodes
    name = properties.get("Id") or ""
    same = tree.getroot().xpath("//*[@Id=$name]", name=name)
    wanted = (
        (whole.get("URI") == "" and _shape(whole) == [ENVELOPED, C14N]),
        (own.get("URI") == f"#{name}" and own.get("Type") == PROPERTIES and _shape(own) == [C14N]),
        (len(same) == 1 and same[0] is properties),
    )
    if not all(wanted):
        found.reasons.append("coverage")
        return
    digests = (_digest(_without(tree, place)), _digest(canonical(properties)))
    if tuple(_value(node) for node in nodes) != digests:
        found.reasons.append("altered")
    bound = properties.find(".//xades:SigningCertificateV2/xades:Cert/xades:CertDigest", NAMES)
    if _value(bound) != _digest(found.certificate.dump()):
        found.reasons.append("signature_false")


def _shape(reference: Any) -> list[str]:
    """Return the transforms of a reference; one with parameters of its own is none of ours."""
    transforms = reference.findall("ds:Transforms/ds:Transform", NAMES)
    return [_algorithm(node) for node in transforms]


def _algorithm(node: Any) -> str:
    return "" if node is None or len(node) else str(node.get("Algorithm"))


def _value(node: Any) -> str:
    """Return the SHA-256 that a node names, "" for another algorithm."""
    if _algorithm(node.find("ds:DigestMethod", NAMES)) != SHA256:
        return ""
    return _text(base64.b64decode(node.find("ds:DigestValue", NAMES).text))


def _claimed(properties: Any) -> datetime | None:
    node = properties.find(".//xades:SigningTime", NAMES)
    at = datetime.fromisoformat(node.text.strip()) if node is not None else None
    return at if at is not None and at.tzinfo is not None else None


def _skeleton(certificates: list[bytes], mechanism: str, whole: str, at: datetime) -> Any:
    """Return a signature whose own values are still empty."""
    mark = secrets.token_hex(8)
    held = "".join(f"<ds:X509Certificate>{_text(der)}</ds:X509Certificate>" for der in certificates)
    digest = f'<ds:DigestMethod Algorithm="{SHA256}"/>'
    moment = at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    return etree.fromstring(
        f'<ds:Signature xmlns:ds="{DS}" Id="Sig-{mark}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{C14N}"/>'
        f'<ds:SignatureMethod Algorithm="{mechanism}"/>'
        f'<ds:Reference Id="Ref-{mark}" URI=""><ds:Transforms>'
        f'<ds:Transform Algorithm="{ENVELOPED}"/><ds:Transform Algorithm="{C14N}"/>'
        f"</ds:Transforms>{digest}<ds:DigestValue>{whole}</ds:DigestValue></ds:Reference>"
        f'<ds:Reference URI="#Props-{mark}" Type="{PROPERTIES}"><ds:Transforms>'
        f'<ds:Transform Algorithm="{C14N}"/></ds:Transforms>{digest}<ds:DigestValue/>'
        "</ds:Reference></ds:SignedInfo><ds:SignatureValue/>"
        f"<ds:KeyInfo><ds:X509Data>{held}</ds:X509Data></ds:KeyInfo><ds:Object>"
        f'<xades:QualifyingProperties xmlns:xades="{XADES}" Target="#Sig-{mark}">'
        f'<xades:SignedProperties Id="Props-{mark}"><xades:SignedSignatureProperties>'
        f"<xades:SigningTime>{moment}</xades:SigningTime><xades:SigningCertificateV2>"
        f"<xades:Cert><xades:CertDigest>{digest}<ds:DigestValue>{_digest(certificates[0])}"
        "</ds:DigestValue></xades:CertDigest></xades:Cert></xades:SigningCertificateV2>"
        "</xades:SignedSignatureProperties><xades:SignedDataObjectProperties>"
        f'<xades:DataObjectFormat ObjectReference="#Ref-{mark}">'
        "<xades:MimeType>application/xml</xades:MimeType></xades:DataObjectFormat>"
        "</xades:SignedDataObjectProperties></xades:SignedProperties>"
        "</xades:QualifyingProperties></ds:Object></ds:Signature>"
    )


def _digest(data: bytes) -> str:
    return _text(hashlib.sha256(data).digest())


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
