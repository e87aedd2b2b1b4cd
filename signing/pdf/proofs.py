"""What proves the signatures of a file: their time stamps, and the data that lie beside them.

Read without judging: whether a stamp or a certificate is good is for the check to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from asn1crypto import crl, ocsp, x509  # type: ignore[import-untyped]
from pyhanko.sign.general import CMSExtractionError, extract_certificate_info
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from signing.trust.stamps import stamp_info

DOCUMENT_STAMP = "/DocTimeStamp"


@dataclass(frozen=True, slots=True)
class StampProof:
    """A time stamp: its own time, its certificate, and the time of a later one over it."""

    at: datetime
    certificate: x509.Certificate
    revision: int
    proven_at: datetime | None = None

    @property
    def runs_out(self) -> datetime:
        """Return when the certificate that made it ends."""
        end: datetime = self.certificate["tbs_certificate"]["validity"]["not_after"].native
        return end


@dataclass(frozen=True, slots=True)
class Signed:
    """A person's or agency's signature; `proven_at` is the earliest time that a stamp proves."""

    field: str
    certificate: x509.Certificate
    contents: bytes
    revision: int
    stamp: StampProof | None
    proven_at: datetime | None


@dataclass(frozen=True, slots=True)
class Proofs:
    """All of it; `documents` are the document time stamps, the oldest first.

    `kept` is the revision in which the store (DSS) last grew, -1 without one that holds
    revocation data.
    """

    signatures: list[Signed]
    documents: list[StampProof]
    certificates: list[x509.Certificate]
    ocsps: list[Any]
    crls: list[Any]
    kept: int = -1

    def stamps(self) -> Iterator[StampProof]:
        """Yield every time stamp of the file."""
        yield from (s.stamp for s in self.signatures if s.stamp is not None)
        yield from self.documents

    def levels(self) -> dict[str, str]:
        """Return the level that each signature has by what lies in the file."""
        return {signed.field: self._level(signed) for signed in self.signatures}

    def _level(self, signed: Signed) -> str:
        if signed.proven_at is None:
            return "B-B"
        if self.kept < signed.revision:
            return "B-T"
        stamped = any(document.revision > self.kept for document in self.documents)
        return "B-LTA" if stamped else "B-LT"


def read_proofs(reader: Any, fields: list[tuple[str, Any, Any]]) -> Proofs:
    """Return the proofs in a file; raises what reading a damaged one raises."""
    signed, stamps = [], []
    certificates: list[x509.Certificate] = []
    for name, _, widget in fields:
        try:
            found = EmbeddedPdfSignature(reader, widget, name)
            certificates += [found.signer_cert, *found.other_embedded_certs]
        except (CMSExtractionError, SignatureValidationError) as problem:
            raise ValueError(name) from problem
        if found.sig_object_type == DOCUMENT_STAMP:
            stamps.append(_document_stamp(found))
        else:
            signed.append(found)
    documents = _in_time(stamps)
    made = [_signed(found, documents, certificates) for found in signed]
    store = _store(reader, certificates)
    return Proofs(made, documents, certificates, *store, _kept_in(reader))


def _document_stamp(found: Any) -> StampProof:
    at = stamp_info(found.signed_data)["gen_time"].native
    return StampProof(at, found.signer_cert, found.signed_revision)


def _in_time(stamps: list[StampProof]) -> list[StampProof]:
    """Return document time stamps, the oldest first, each proven by the next."""
    ordered = sorted(stamps, key=lambda stamp: stamp.revision)
    later = [*(stamp.at for stamp in ordered[1:]), None]
    return [replace(stamp, proven_at=at) for stamp, at in zip(ordered, later, strict=False)]


def _signed(
    found: Any, documents: list[StampProof], certificates: list[x509.Certificate]
) -> Signed:
    over = next((d.at for d in documents if d.revision > found.signed_revision), None)
    stamp = _own_stamp(found, over, certificates)
    return Signed(
        field=found.field_name,
        certificate=found.signer_cert,
        contents=found.pkcs7_content,
        revision=found.signed_revision,
        stamp=stamp,
        proven_at=stamp.at if stamp is not None else over,
    )


def _own_stamp(
    found: Any, over: datetime | None, certificates: list[x509.Certificate]
) -> StampProof | None:
    data = next(extract_tst_data_iter(found.signer_info, signed=False), None)
    if data is None:
        return None
    info = extract_certificate_info(data)
    certificates += [info.signer_cert, *info.other_certs]
    at = stamp_info(data)["gen_time"].native
    return StampProof(at, info.signer_cert, found.signed_revision, over)


def _store(reader: Any, certificates: list[x509.Certificate]) -> tuple[list[Any], list[Any]]:
    if "/DSS" not in reader.root:
        return [], []
    store = DocumentSecurityStore.read_dss(reader)
    certificates += list(store.load_certs())
    answers = [ocsp.OCSPResponse.load(bytes(r.get_object().data)) for r in store.ocsps]
    lists = [crl.CertificateList.load(bytes(r.get_object().data)) for r in store.crls]
    return answers, lists


def _kept_in(reader: Any) -> int:
    """Return the last revision in which the store differs from the one before, -1 for none."""
    last, before = -1, None
    for revision in range(int(reader.xrefs.total_revisions)):
        root = reader.get_historical_root(revision)
        held = _sizes(root)
        if held not in (before, (0, 0)):
            last = revision
        before = held
    return last


def _sizes(root: Any) -> tuple[int, int]:
    if "/DSS" not in root:
        return 0, 0
    store = root["/DSS"]
    return len(store["/OCSPs"]) if "/OCSPs" in store else 0, (
        len(store["/CRLs"]) if "/CRLs" in store else 0
    )
