"""A key that is open for use: on a token, logged in, until its context ends."""

from __future__ import annotations

from app.kernel.ports import CertificateInfo, TokenInfo
from signing.tokens.device import Device
from signing.trust.certificates import key_of


class UnlockedKey:
    """Sign bytes with the key of one certificate; made by `TokenSigner.unlocked` only.

    `token` is the token as it is plugged in now. Calls come from one thread at a time.
    """

    def __init__(self, device: Device, token: TokenInfo, certificate: CertificateInfo) -> None:
        self.token = token
        self.certificate = certificate
        self._device = device
        self._algorithm, public = key_of(certificate.der)
        self._public = public.hex()

    @property
    def pss(self) -> bool:
        """Tell whether signatures are RSA-PSS (else PKCS#1 v1.5 or ECDSA)."""
        return self._scheme == "pss"

    def sign(self, data: bytes) -> bytes:
        """Return the signature over SHA-256 of the bytes; raises `DeviceProblem`."""
        _, signature = self._device.call(
            "sign",
            data,
            id=self.certificate.cert_id,
            public=self._public,
            scheme=self._scheme,
            mechanisms=list(self.token.mechanisms),
        )
        return signature

    @property
    def _scheme(self) -> str:
        """Choose PSS when the token offers it, else PKCS#1 v1.5; ECDSA for keys on curves."""
        if self._algorithm == "ec":
            return "ecdsa"
        offered = {"SHA256_RSA_PKCS_PSS", "RSA_PKCS_PSS"} & set(self.token.mechanisms)
        return "pss" if offered else "pkcs1"
