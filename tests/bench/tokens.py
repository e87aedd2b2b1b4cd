"""What the benchmarks of signing share: an authority, a token, pyHanko as others use it."""

from __future__ import annotations

import gc
import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from asn1crypto import algos, x509
from PIL import Image
from pyhanko.pdf_utils.images import PdfImage
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, Signer
from pyhanko.stamp import StaticStampStyle, TextStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from app.kernel.clock import SystemClock
from app.kernel.ports import CertificateInfo, TokenInfo
from signing.pdf import quick
from signing.pdf.appearance import Stamp, demo_signature, stamp_pdf
from signing.tokens.signer import TokenSigner
from signing.trust.store import TrustStore
from sync.server.demo.authority import DemoAuthority
from sync.server.demo.province import free_port
from tests.signing.conftest import AGENCY, MODULE, NAME

LABEL, PIN = "Người ký", "4711"
PLACE = (300, 260, 480, 330)


class OnePin:
    """Give the PIN of the one token."""

    def pin(self, _token: TokenInfo, _certificate: CertificateInfo, _purpose: str) -> bytearray:
        """Return the PIN."""
        return bytearray(PIN.encode())


@dataclass(frozen=True, slots=True)
class Desk:
    """An authority whose person has a token."""

    authority: DemoAuthority
    trust: TrustStore

    def signer(self, module: str = MODULE) -> TokenSigner:
        """Return a signer over a library, without a line."""
        return TokenSigner([module], SystemClock(), self.trust)


def desk(folder: Path) -> Desk:
    """Make an authority and load the person's token; SoftHSM2 finds it from now on."""
    authority = DemoAuthority.create(
        folder / "ca", [("mau", NAME)], [("mau", AGENCY)], port=free_port()
    )
    authority.anchors(folder / "trust")
    tokens, settings = folder / "tokens", folder / "softhsm2.conf"
    os.environ["SOFTHSM2_CONF"] = str(settings)
    if not tokens.exists():
        tokens.mkdir()
        settings.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\n")
        authority.load_token("person-mau", LABEL, PIN, module=MODULE)
    return Desk(authority, TrustStore([folder / "trust"]))


class TheirSigner(Signer):
    """pyHanko's own way to sign, with the key behind a function."""

    def __init__(self, der: bytes, trust: TrustStore, sign: Callable[[bytes], bytes]) -> None:
        certificate = x509.Certificate.load(der)
        parameters = {
            "hash_algorithm": {"algorithm": "sha256"},
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": "sha256"}},
            "salt_length": 32,
        }
        mechanism = {"algorithm": "rsassa_pss", "parameters": algos.RSASSAPSSParams(parameters)}
        super().__init__(
            signing_cert=certificate,
            cert_registry=SimpleCertificateStore.from_certs(trust.links),
            signature_mechanism=algos.SignedDigestAlgorithm(mechanism),
        )
        self._sign = sign

    async def async_sign_raw(
        self, data: bytes, digest_algorithm: str, dry_run: bool = False
    ) -> bytes:
        """Sign; a rehearsal costs no signature."""
        return bytes(256) if dry_run else self._sign(data)


def as_it_comes(signer: Signer, data: bytes) -> bytes:
    """Sign as pyHanko's manual shows: a picture as the background of a text stamp."""
    picture = PdfImage(Image.open(BytesIO(demo_signature(NAME))))
    style = TextStampStyle(stamp_text="%(signer)s\n%(ts)s", background=picture)
    made = _their_pdf_signer(signer, style).sign_pdf(IncrementalPdfFileWriter(BytesIO(data)))
    return bytes(made.getvalue())


def tuned(signer: Signer) -> Callable[[bytes], bytes]:
    """Return pyHanko tuned by its own means: a stamp that is ready, room that is known."""
    from signing.pdf.layout import NO_MARGINS
    from signing.pdf.pages import StampPage

    left, bottom, right, top = PLACE
    picture = stamp_pdf(Stamp(right - left, top - bottom, demo_signature(NAME), ()), 0)

    def sign(data: bytes) -> bytes:
        style = StaticStampStyle(
            background=StampPage(BytesIO(picture)), background_layout=NO_MARGINS, border_width=0
        )
        out = BytesIO(data)
        _their_pdf_signer(signer, style).sign_pdf(
            IncrementalPdfFileWriter(out), in_place=True, bytes_reserved=16384
        )
        return out.getvalue()

    return sign


def _their_pdf_signer(signer: Signer, style: Any) -> PdfSigner:
    metadata = PdfSignatureMetadata("Sig", subfilter=SigSeedSubFilter.PADES, signer_key_usage=set())
    spec = SigFieldSpec("Sig", on_page=0, box=PLACE)
    return PdfSigner(metadata, signer, stamp_style=style, new_field_spec=spec)


@contextmanager
def without_shortcuts() -> Iterator[None]:
    """Leave pyHanko as it comes within the block."""
    quick.uninstall()
    try:
        yield
    finally:
        quick.install()


def processor(work: Callable[[], object], helper: int = 0) -> float:
    """Return the processor seconds of work, here and in a helper process.

    As on the desk, where the collector of cycles runs between the acts of the GUI thread alone.
    """
    gc.collect()
    gc.disable()
    try:
        began = time.process_time() + _of_process(helper)
        work()
        return time.process_time() + _of_process(helper) - began
    finally:
        gc.enable()


def of_children() -> float:
    """Return the processor seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _of_process(pid: int) -> float:
    if not pid:
        return 0.0
    ticks = Path(f"/proc/{pid}/schedstat").read_text().split()[0]
    return int(ticks) / 1e9
