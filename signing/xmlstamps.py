"""Time stamps of XML signatures: put into the unsigned properties, and read from there.

SignatureTimeStamp is over the signature's value in canonical form (EN 319 132-1, 5.3).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from typing import Any

from asn1crypto import cms  # type: ignore[import-untyped]
from lxml import etree
from pyhanko.sign.timestamps.common_utils import TimestampRequestError

from signing.plain import Found
from signing.trust.stamps import CheckedTimeStamper

DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
NAMES = {"ds": DS, "xades": XADES}
_PLACE = (
    "ds:Object/xades:QualifyingProperties/xades:UnsignedProperties"
    "/xades:UnsignedSignatureProperties/xades:SignatureTimeStamp"
)


def canonical(node: Any) -> bytes:
    """Return a node, or a document, in exclusive canonical form."""
    made: bytes = etree.tostring(node, method="c14n", exclusive=True, with_comments=False)
    return made


def put_stamp(signature: Any, value: Any, stamper: CheckedTimeStamper) -> bool:
    """Put a time stamp over its value into a signature; False where none is to be had."""
    digest = hashlib.sha256(canonical(value)).digest()
    try:
        stamp = asyncio.run(stamper.async_timestamp(digest, "sha256"))
    except TimestampRequestError:
        return False
    held = base64.b64encode(stamp.dump()).decode("ascii")
    properties = etree.fromstring(
        f'<xades:UnsignedProperties xmlns:xades="{XADES}" xmlns:ds="{DS}">'
        "<xades:UnsignedSignatureProperties><xades:SignatureTimeStamp>"
        f'<ds:CanonicalizationMethod Algorithm="{C14N}"/>'
        f"<xades:EncapsulatedTimeStamp>{held}</xades:EncapsulatedTimeStamp>"
        "</xades:SignatureTimeStamp></xades:UnsignedSignatureProperties>"
        "</xades:UnsignedProperties>"
    )
    signature.find("ds:Object/xades:QualifyingProperties", NAMES).append(properties)
    return True


def take_stamp(signature: Any, found: Found) -> None:
    """Give a signature its first time stamp, in the form that CMS has it and its judges know."""
    node = signature.find(_PLACE, NAMES)
    if node is None:
        return
    method = node.find("ds:CanonicalizationMethod", NAMES)
    if method is None or len(method) or method.get("Algorithm") != C14N:
        found.reasons.append("timestamp_broken")  # over something that is read in other ways
        return
    try:
        held = base64.b64decode(node.findtext("xades:EncapsulatedTimeStamp", "", NAMES))
        stamp = cms.ContentInfo.load(held, strict=True)
        value = canonical(signature.find("ds:SignatureValue", NAMES))
        attribute = {"type": "signature_time_stamp_token", "values": [stamp]}
        found.signer_info = cms.SignerInfo({"signature": value, "unsigned_attrs": [attribute]})
    except (ValueError, TypeError, binascii.Error):
        found.reasons.append("timestamp_broken")
