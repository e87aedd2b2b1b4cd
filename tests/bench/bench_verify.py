"""Checking forty signatures: in twenty documents, and all in one."""

from __future__ import annotations

import subprocess
from io import BytesIO
from pathlib import Path

from asn1crypto import pem
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.validation import DocumentSecurityStore, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from app.kernel.clock import FixedClock, SystemClock
from app.kernel.ports import Purpose, Verdict
from signing.checking.verify import PdfVerifier
from signing.pdf.appearance import demo_seal, demo_signature
from signing.trust.store import TrustStore
from sync.server.demo.authority import DemoAuthority
from sync.server.demo.province import free_port
from sync.server.demo.softkeys import SoftKeys
from tests.bench.__main__ import Plan
from tests.bench.figures import Figure
from tests.bench.tokens import of_children, processor, without_shortcuts
from tests.signing.conftest import AGENCY, LETTER, NAME, TITLE, typeset

SIGNATURES = 40
_TURNS = 8


def measure(plan: Plan) -> list[Figure]:
    """Measure the processor time of our check and of pyHanko's, over the same files."""
    count = max(2, plan.rows(SIGNATURES) // 2)
    trust, files = _signed(plan.folder, count)
    clock = SystemClock()

    def ours() -> None:
        verifier = PdfVerifier(trust, clock)
        for data in files:
            report = verifier.verify(BytesIO(data), offline=True)
            assert report.verdict is Verdict.VALID
            assert len(report.signatures) == 2

    def theirs() -> None:
        for data in files:
            _as_it_comes(data, trust)

    took, compared = [], []
    for _ in range(plan.times(_TURNS)):
        took.append(processor(ours))
        with without_shortcuts():
            compared.append(processor(theirs))
    best, beside = min(took), min(compared)
    poppler = _by_pdfsig(plan.folder, files)
    said = (
        f"pyHanko as it comes {beside:.2f} s, {beside / best:.1f} times ours; "
        f"pdfsig, which checks no certificate here, {poppler:.2f} s"
    )
    return [
        Figure(f"verify {2 * count} signatures, processor", best, "s", 1, said),
        _one_file(plan, files[0], trust, clock),
    ]


def _one_file(plan: Plan, data: bytes, trust: TrustStore, clock: SystemClock) -> Figure:
    """Measure one file that bears all the signatures: each is compared with all after it."""
    count = max(3, plan.rows(SIGNATURES))
    whole = _signed_on(data, count - 2, plan.folder / "ca")

    def ours() -> None:
        report = PdfVerifier(trust, clock).verify(BytesIO(whole), offline=True)
        assert len(report.signatures) == count
        assert {s.changes for s in report.signatures} <= {"none", "permitted"}

    took = min(processor(ours) for _ in range(plan.times(3)))
    return Figure(f"verify {count} signatures in one file, processor", took, "s", 1, "")


def _signed_on(data: bytes, more: int, folder: Path) -> bytes:
    key, certificates = folder / "agency-mau.key.pem", folder.parent / "trust"
    holder = folder.parent / "agency-mau.pem"
    holder.write_bytes(pem.armor("CERTIFICATE", DemoAuthority(folder).certificate("agency-mau")))
    chain = tuple(str(path) for path in sorted(certificates.glob("*.pem")))
    signer = SimpleSigner.load(str(key), str(holder), ca_chain_files=chain)
    assert signer is not None
    for number in range(more):
        writer, out = IncrementalPdfFileWriter(BytesIO(data), strict=False), BytesIO()
        meta = PdfSignatureMetadata(f"More{number}", subfilter=SigSeedSubFilter.PADES)
        PdfSigner(meta, signer).sign_pdf(writer, output=out)
        data = out.getvalue()
    return data


def _by_pdfsig(folder: Path, files: list[bytes]) -> float:
    """Return the processor seconds of Poppler's program, one start for each file."""
    path, began = folder / "checked.pdf", of_children()
    for data in files:
        path.write_bytes(data)
        run = subprocess.run(["pdfsig", "-nocert", str(path)], capture_output=True, check=True)
        assert run.stdout.count(b"Signature is Valid") == 2
    return of_children() - began


def _as_it_comes(data: bytes, trust: TrustStore) -> None:
    reader = PdfFileReader(BytesIO(data))
    store = DocumentSecurityStore.read_dss(reader)
    for signature in reader.embedded_signatures:
        context = ValidationContext(
            trust_roots=trust.roots,
            other_certs=[*trust.links, *store.load_certs()],
            revocation_mode="require",
            retroactive_revinfo=True,
            ocsps=[_parsed(r, "OCSPResponse") for r in store.ocsps],
            crls=[_parsed(r, "CertificateList") for r in store.crls],
        )
        status = validate_pdf_signature(signature, context)
        assert status.intact
        assert status.trusted


def _parsed(reference: object, kind: str) -> object:
    from asn1crypto import crl, ocsp

    load = {"OCSPResponse": ocsp.OCSPResponse, "CertificateList": crl.CertificateList}[kind].load
    return load(reference.get_object().data)  # type: ignore[attr-defined]


def _signed(folder: Path, count: int) -> tuple[TrustStore, list[bytes]]:
    authority = DemoAuthority.create(
        folder / "ca", [("mau", NAME)], [("mau", AGENCY)], port=free_port()
    )
    authority.anchors(folder / "trust")
    trust, clock = TrustStore([folder / "trust"]), FixedClock(SystemClock().now())
    keys, files = SoftKeys(authority, trust, clock, authority.tsa_url), []
    with authority.serve():
        for number in range(count):
            data = typeset(LETTER.replace("05/QĐ", f"{number + 5}/QĐ"))
            look = {"signer_name": NAME, "signer_title": TITLE}
            data, _ = keys.sign(
                data, "person-mau", Purpose.APPROVE, image=demo_signature(NAME), **look
            )
            data, _ = keys.sign(data, "agency-mau", Purpose.ISSUE, image=demo_seal(AGENCY), **look)
            files.append(data)
    return trust, files
