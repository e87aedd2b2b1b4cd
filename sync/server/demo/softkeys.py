"""Sign the demonstration's papers with the keys of its authority, without tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from app.kernel.clock import FixedClock
from app.kernel.ports import CertificateInfo, Purpose, SignedFile, SignJob, TokenInfo
from signing.trust.certificates import describe
from signing.trust.store import TrustStore
from sync.http import Session
from sync.server.demo.authority import DemoAuthority


@dataclass(frozen=True, slots=True)
class SoftKey:
    """A key that is always open."""

    sign: Callable[[bytes], bytes]
    pss: bool = True


@dataclass
class SoftKeys:
    """The authority's private keys as signers; `tsa` "" makes signatures without a stamp."""

    authority: DemoAuthority
    trust: TrustStore
    clock: FixedClock
    tsa: str = ""
    _keys: dict[str, Any] = field(default_factory=dict)

    def sign(
        self, pdf: bytes, label: str, purpose: Purpose, **look: Any
    ) -> tuple[bytes, SignedFile]:
        """Sign a PDF with the key of a holder; return the signed bytes."""
        from signing.pdf import pades

        target = BytesIO()
        certificate = self._certificate(label)
        job = SignJob(BytesIO(pdf), target, purpose, certificate, tsa=self.tsa, **look)
        http = Session(self.clock) if self.tsa else None
        key = SoftKey(lambda data: self._raw(label, data))
        signed = pades.sign(job, lambda: key, clock=self.clock, trust=self.trust, http=http)
        return target.getvalue(), signed

    def _certificate(self, label: str) -> CertificateInfo:
        nowhere = TokenInfo("", -1, label, "")
        return describe(self.authority.certificate(label), nowhere, "", label)

    def _raw(self, label: str, data: bytes) -> bytes:
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import padding

        if label not in self._keys:
            pem = (self.authority.folder / f"{label}.key.pem").read_bytes()
            self._keys[label] = serialization.load_pem_private_key(pem, None)
        scheme = padding.PSS(padding.MGF1(hashes.SHA256()), salt_length=32)
        signature: bytes = self._keys[label].sign(data, scheme, hashes.SHA256())
        return signature
