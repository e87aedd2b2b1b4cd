"""Time stamps, OCSP answers and CRLs through the guarded session of the kernel port."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from asn1crypto import crl, ocsp, tsp, x509  # type: ignore[import-untyped]
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError
from pyhanko_certvalidator.authority import Authority
from pyhanko_certvalidator.errors import CRLFetchError, OCSPFetchError
from pyhanko_certvalidator.fetchers.api import CertificateFetcher, CRLFetcher, Fetchers, OCSPFetcher
from pyhanko_certvalidator.fetchers.common_utils import (
    enumerate_delivery_point_urls,
    format_ocsp_request,
    gather_aia_issuer_urls,
    unpack_cert_content,
)
from pyhanko_certvalidator.util import get_ocsp_urls, get_relevant_crl_dps

from app.kernel.errors import HoaBanError
from app.kernel.ports import Http
from signing.trust.sound import SoundList, read_answer

_MAX_REPLY = 8 << 20
_MAX_ASKS = 24
_MAX_ISSUERS = 4
_DER = "application/pkix-cert"
OCSP_REQUEST = "application/ocsp-request"
# An authority is not asked the same again within this time.
_FRESH = timedelta(minutes=10)
T = TypeVar("T")
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


class Kept(Protocol):
    """Answers of authorities that were had before, with the time when they came."""

    def kept(self, method: str, url: str, body: bytes) -> tuple[bytes, datetime] | None:
        """Return the body of an earlier answer, or None."""


def _load(kind: Any, data: bytes) -> Any:
    return kind.load(data)


class Revocation:
    """Fetch OCSP answers, CRLs and issuers, each address at most once, and hold them.

    What came a few minutes before `now` is taken from `kept` without asking; without a line, or
    when nobody answers, so is what is older: whether it still counts is the validator's to say.
    """

    def __init__(
        self,
        http: Http | None,
        kept: Kept | None = None,
        now: datetime | None = None,
        load: Callable[[Any, bytes], Any] = _load,
    ) -> None:
        self._http = http
        self._before = kept
        self._now = now
        self._asks = 0
        self._dead: set[str] = set()
        self._load = load
        self.ocsps: dict[bytes, ocsp.OCSPResponse] = {}
        self.crls: dict[str, crl.CertificateList] = {}
        self.issuers: dict[str, list[x509.Certificate]] = {}
        self.kept: set[int] = set()

    @property
    def asks(self) -> bool:
        """Tell whether there is anything to ask, a line or what was kept."""
        return self._http is not None or self._before is not None

    def fetchers(self) -> Fetchers:
        """Return them in the form of pyHanko's validator."""
        return Fetchers(
            ocsp_fetcher=_Ocsp(self), crl_fetcher=_Crl(self), cert_fetcher=_Issuers(self)
        )

    def ask(self, url: str, request: bytes, made: Callable[[bytes], T]) -> T | None:
        """Return what `made` makes of an answer, or None when none can be had.

        `request` is an OCSP request; without one the address itself is fetched.
        """
        held = self._held(url, request)
        if held is not None and self._is_fresh(held[1]):
            return self._note(made(held[0]))
        body = self._fetch(url, request)
        try:
            if body is not None:
                return made(body)
        except (CRLFetchError, OCSPFetchError):
            if held is None:
                raise  # a portal's page, or the like, in place of an answer
        return self._note(made(held[0])) if held is not None else None

    def load(self, kind: Any, data: bytes) -> Any:
        """Parse bytes, or return what was parsed of the same bytes before."""
        return self._load(kind, data)

    def _held(self, url: str, request: bytes) -> tuple[bytes, datetime] | None:
        if self._before is None:
            return None
        return self._before.kept("POST" if request else "GET", url, request)

    def _is_fresh(self, came: datetime) -> bool:
        return self._now is not None and timedelta(0) <= self._now - came <= _FRESH

    def _note(self, made: T) -> T:
        self.kept.add(id(made))
        return made

    def _fetch(self, url: str, request: bytes) -> bytes | None:
        if self._http is None or url in self._dead or self._asks >= _MAX_ASKS:
            return None
        if not url.startswith(("http://", "https://")):
            return None
        self._asks += 1
        headers = {"Content-Type": OCSP_REQUEST} if request else {}
        method = "POST" if request else "GET"
        try:
            reply = self._http.request(
                method, url, body=request, headers=headers, timeout=8.0, max_bytes=_MAX_REPLY
            )
        except HoaBanError:
            self._dead.add(url)  # one dead address must not cost a wait per signature
            return None
        return reply.body if reply.status == 200 else None


class _Ocsp(OCSPFetcher):
    def __init__(self, shared: Revocation) -> None:
        self._shared = shared

    async def fetch(self, cert: x509.Certificate, authority: Authority) -> ocsp.OCSPResponse:
        known = self._shared.ocsps.get(cert.sha256)
        if known is not None:
            return known
        request = format_ocsp_request(
            cert, authority, certid_hash_algo="sha1", request_nonces=False
        )
        for url in get_ocsp_urls(cert):
            response = self._shared.ask(
                url,
                request.dump(),
                lambda body, url=url: read_answer(body, request, url),  # type: ignore[misc]
            )
            if response is not None:
                self._shared.ocsps[cert.sha256] = response
                return response
        raise OCSPFetchError("no answer")

    def fetched_responses(self) -> Iterable[ocsp.OCSPResponse]:
        return list(self._shared.ocsps.values())

    def fetched_responses_for_cert(self, cert: x509.Certificate) -> Iterable[ocsp.OCSPResponse]:
        found = self._shared.ocsps.get(cert.sha256)
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
                listed = self._shared.ask(url, b"", self._read)
                if listed is None:
                    continue
                self._shared.crls[url] = listed
            found.append(self._shared.crls[url])
        if not found:
            raise CRLFetchError("no list")
        return found

    def _read(self, body: bytes) -> crl.CertificateList:
        listed: crl.CertificateList = self._shared.load(SoundList, body)
        return listed

    def fetched_crls(self) -> Iterable[crl.CertificateList]:
        return list(self._shared.crls.values())

    def fetched_crls_for_cert(self, cert: x509.Certificate) -> Iterable[crl.CertificateList]:
        # The contract of the base class: KeyError says that nothing was fetched yet.
        return [self._shared.crls[url] for url in _crl_urls(cert, use_deltas=False)]


class _Issuers(CertificateFetcher):
    """Fetch the issuers that a certificate names (RFC 5280, 4.2.2.1); trusted they are not."""

    def __init__(self, shared: Revocation) -> None:
        self._shared = shared

    async def fetch_cert_issuers(self, cert: x509.Certificate) -> Any:
        for url in list(gather_aia_issuer_urls(cert))[:_MAX_ISSUERS]:
            if url not in self._shared.issuers:
                found = self._shared.ask(url, b"", _certificates_in)
                self._shared.issuers[url] = found or []
            for issuer in self._shared.issuers[url]:
                yield issuer

    async def fetch_crl_issuers(self, certificate_list: crl.CertificateList) -> Any:  # noqa: ARG002
        for nothing in _NOTHING:
            yield nothing

    def fetched_certs(self) -> Iterable[x509.Certificate]:
        return [issuer for found in self._shared.issuers.values() for issuer in found]


def _certificates_in(body: bytes) -> list[x509.Certificate]:
    """Return the CA certificates in an answer: one certificate, or a PKCS#7 of several."""
    try:
        found = list(unpack_cert_content(body, _DER, "", permit_pem=True))
        return [c for c in found[:_MAX_ISSUERS] if c.ca]
    except (ValueError, TypeError, LookupError):
        return []


def _crl_urls(cert: x509.Certificate, *, use_deltas: bool) -> list[str]:
    return [
        url
        for point in get_relevant_crl_dps(cert, use_deltas=use_deltas)
        for url in enumerate_delivery_point_urls(point)
    ]
