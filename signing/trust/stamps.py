"""Time stamps that were looked at before they are used: what an authority answers may be wrong."""

from __future__ import annotations

import hashlib
from typing import Any

from asn1crypto import cms, tsp  # type: ignore[import-untyped]
from pyhanko.sign.general import extract_certificate_info
from pyhanko.sign.timestamps.common_utils import TimestampRequestError
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_sig_integrity

from signing.trust.remote import HttpTimeStamper

_NONSENSE = (ValueError, TypeError, AttributeError, LookupError, SignatureValidationError)


class CheckedTimeStamper(HttpTimeStamper):
    """Ask a time stamping authority, and take only a stamp over what was asked.

    Whether the authority is one that we trust is for the check of the finished file to say.
    """

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """Return a stamp; raises `TimestampRequestError` for anything but a sound one."""
        try:
            stamp = await super().async_timestamp(message_digest, md_algorithm)
            if not _covers(stamp, message_digest, md_algorithm):
                raise TimestampRequestError("a stamp over something else")
        except _NONSENSE as problem:
            raise TimestampRequestError("no stamp") from problem
        return stamp


def stamp_info(signed_data: Any) -> tsp.TSTInfo:
    """Return what a stamp says; raises `ValueError` where it says nothing."""
    info = signed_data["encap_content_info"]["content"].parsed
    if not isinstance(info, tsp.TSTInfo):
        raise ValueError("no TSTInfo")
    return info


def _covers(stamp: cms.ContentInfo, digest: bytes, algorithm: str) -> bool:
    """Tell whether a stamp is over a digest, and its signature holds (RFC 3161, 2.2)."""
    data = stamp["content"]
    imprint = stamp_info(data)["message_imprint"]
    if imprint["hashed_message"].native != digest:
        return False
    if imprint["hash_algorithm"]["algorithm"].native != algorithm:
        return False
    info = data["signer_infos"][0]
    content = bytes(data["encap_content_info"]["content"])
    inner = hashlib.new(info["digest_algorithm"]["algorithm"].native, content).digest()
    signer = extract_certificate_info(data).signer_cert
    return all(validate_sig_integrity(info, signer, "tst_info", inner))
