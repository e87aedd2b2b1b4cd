"""Time stamps, OCSP answers and CRLs through the guarded session of the kernel port."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from asn1crypto import crl, ocsp, tsp, x509  # type: ignore[import-untyped]
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError
from pyhanko_certvalidator.authority import Authority
from pyhanko_certvalidator.errors import CRLFetchError, OCSPFetchError
from pyhanko_certvalidator.fetchers.api import CertificateFetcher, CRLFetcher, Fetchers, OCSPFetcher
from pyhanko_certvalidator.fetchers.common_utils import (
    enumerate_delivery_point_urls,
    format_ocsp_request,
)
from pyhanko_certvalidator.util import get_ocsp_urls, get_relevant_crl_dps, issuer_serial

from app.kernel.errors import HoaBanError
from app.kernel.ports import Http
from signing.trust.sound import read_answer, read_list

_MAX_REPLY = 8 << 20
_MAX_ASKS = 24
_NOTHING: tuple[x509.Certificate, ...] = ()


class HttpTimeStamper(TimeStamper):
    """Ask a time stamping authority (RFC 3161)."""

    def __init__(self, http: Http, url: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._http = http
        self._url = url

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Send one request; raises `TimestampRequestError`."""
        headers = {"Content-Type": "application/timestamp-query"}
        try:
            reply = self._http.request(
                "POST", self._url, body=req.dump(), headers=headers, timeout=15.0
            )
        except HoaBanError as problem:
            raise TimestampRequestError("no reply") from problem
        if reply.status != 200:
            raise TimestampRequestError("refused")
        return tsp.TimeStampResp.load(reply.body)


class Revocation:
    """Fetch OCSP answers and CRLs, each address at most once, and keep them."""

    def __init__(self, http: Http | None) -> None:
        self._http = http
        self._asks = 0
        self._dead: set[str] = set()
        self.ocsps: dict[bytes, ocsp.OCSPResponse] = {}
        self.crls: dict[str, crl.CertificateList] = {}

    @property
    def on_line(self) -> bool:
        """Tell whether anything may be asked at all."""
        return self._http is not None

    def fetchers(self) -> Fetchers:
        """Return them in the form of pyHanko's validator."""
        return Fetchers(
            ocsp_fetcher=_Ocsp(self), crl_fetcher=_Crl(self), cert_fetcher=_NoCertificates()
        )

    def ask(self, method: str, url: str, body: bytes = b"", kind: str = "") -> bytes | None:
        """Return the body of a reply, or None when it cannot be had."""
        if self._http is None or url in self._dead or self._asks >= _MAX_ASKS:
            return None
        if not url.startswith(("http://", "https://")):
            return None
        self._asks += 1
        headers = {"Content-Type": kind} if kind else {}
        try:
            reply = self._http.request(
                method, url, body=body, headers=headers, timeout=8.0, max_bytes=_MAX_REPLY
            )
        except HoaBanError:
            self._dead.add(url)  # one dead address must not cost a wait per signature
            return None
        return reply.body if reply.status == 200 else None


class _Ocsp(OCSPFetcher):
    def __init__(self, shared: Revocation) -> None:
        self._shared = shared

    async def fetch(self, cert: x509.Certificate, authority: Authority) -> ocsp.OCSPResponse:
        tag = issuer_serial(cert)
        known = self._shared.ocsps.get(tag)
        if known is not None:
            return known
        request = format_ocsp_request(
            cert, authority, certid_hash_algo="sha1", request_nonces=False
        )
        for url in get_ocsp_urls(cert):
            body = self._shared.ask("POST", url, request.dump(), "application/ocsp-request")
            if body is None:
                continue
            response = read_answer(body, request, url)
            self._shared.ocsps[tag] = response
            return response
        raise OCSPFetchError("no answer")

    def fetched_responses(self) -> Iterable[ocsp.OCSPResponse]:
        return list(self._shared.ocsps.values())

    def fetched_responses_for_cert(self, cert: x509.Certificate) -> Iterable[ocsp.OCSPResponse]:
        found = self._shared.ocsps.get(issuer_serial(cert))
        return [] if found is None else [found]


class _Crl(CRLFetcher):
    def __init__(self, shared: Revocation) -> None:
        self._shared = shared

    async def fetch(
        self, cert: x509.Certificate, *, use_deltas: Any = None
    ) -> Iterable[crl.CertificateList]:
        found = []
        for url in _crl_urls(cert, use_deltas=bool(use_deltas)):
            if url not in self._shared.crls:
                body = self._shared.ask("GET", url)
                if body is None:
                    continue
                self._shared.crls[url] = read_list(body)
            found.append(self._shared.crls[url])
        if not found:
            raise CRLFetchError("no list")
        return found

    def fetched_crls(self) -> Iterable[crl.CertificateList]:
        return list(self._shared.crls.values())

    def fetched_crls_for_cert(self, cert: x509.Certificate) -> Iterable[crl.CertificateList]:
        # The contract of the base class: KeyError says that nothing was fetched yet.
        return [self._shared.crls[url] for url in _crl_urls(cert, use_deltas=False)]


class _NoCertificates(CertificateFetcher):
    """Fetch no certificates: chains come from the file and the administrator's folder."""

    async def fetch_cert_issuers(self, cert: x509.Certificate) -> Any:  # noqa: ARG002
        for nothing in _NOTHING:
            yield nothing

    async def fetch_crl_issuers(self, certificate_list: crl.CertificateList) -> Any:  # noqa: ARG002
        for nothing in _NOTHING:
            yield nothing

    def fetched_certs(self) -> Iterable[x509.Certificate]:
        return []


def _crl_urls(cert: x509.Certificate, *, use_deltas: bool) -> list[str]:
    return [
        url
        for point in get_relevant_crl_dps(cert, use_deltas=use_deltas)
        for url in enumerate_delivery_point_urls(point)
    ]
