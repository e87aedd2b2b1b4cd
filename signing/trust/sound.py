"""Read what authorities answer, all of it at once.

Parsing is lazy in the library: nonsense in the right wrapping would show only in the middle of a
check, and be taken for a fault of the signature that is checked.
"""

from __future__ import annotations

from typing import Any

from asn1crypto import crl, ocsp  # type: ignore[import-untyped]
from pyhanko_certvalidator.errors import CRLFetchError, OCSPFetchError, OCSPValidationError
from pyhanko_certvalidator.fetchers.common_utils import process_ocsp_response_data

_NONSENSE = (ValueError, TypeError, LookupError, AttributeError, OverflowError)


def read_list(body: bytes) -> crl.CertificateList:
    """Return a list of revoked certificates; raises `CRLFetchError`."""
    try:
        listed = crl.CertificateList.load(body, strict=True)
        content = listed["tbs_cert_list"]
        _read(listed, "signature_algorithm", "signature")
        _read(content, "issuer", "this_update", "next_update", "crl_extensions")
        for entry in content["revoked_certificates"] or ():
            _read(entry, "user_certificate", "revocation_date")
    except _NONSENSE as problem:
        raise CRLFetchError("not a list") from problem
    return listed


class SoundList:
    """The way to read a list for those who keep what they have read by its bytes."""

    load = staticmethod(read_list)


def read_answer(body: bytes, request: ocsp.OCSPRequest, url: str) -> ocsp.OCSPResponse:
    """Return an answer on the status of a certificate; raises `OCSPFetchError`."""
    try:
        answer = process_ocsp_response_data(body, ocsp_request=request, ocsp_url=url)
        basic = answer.basic_ocsp_response
        _read(basic, "signature_algorithm", "signature")
        _read(basic["tbs_response_data"], "responder_id", "produced_at", "responses")
    except OCSPFetchError:
        raise
    except (OCSPValidationError, *_NONSENSE) as problem:
        raise OCSPFetchError("not an answer") from problem
    return answer


def _read(item: Any, *names: str) -> None:
    for name in names:
        _ = item[name].native
