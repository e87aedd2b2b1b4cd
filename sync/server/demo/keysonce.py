"""Let certomancer read each private key once, not once per signature.

Reading an RSA key checks its primes, which takes longer than many signatures with it.
"""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def read_keys_once() -> None:
    """Give certomancer a backend that keeps the keys it has read; done once per process."""
    from certomancer import crypto_utils
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    class Keeping(crypto_utils.PycaCryptographyBackend):
        def __init__(self) -> None:
            self._held: dict[bytes, Any] = {}

        def generic_sign(self, private_key: Any, tbs_bytes: bytes, sd_algo: Any) -> bytes:
            if sd_algo.signature_algo != "rsassa_pkcs1v15" or sd_algo.hash_algo != "sha256":
                signed: bytes = super().generic_sign(private_key, tbs_bytes, sd_algo)
                return signed
            key = self._key(private_key.dump())
            return key.sign(tbs_bytes, padding.PKCS1v15(), hashes.SHA256())

        def _key(self, der: bytes) -> rsa.RSAPrivateKey:
            if der not in self._held:
                self._held[der] = serialization.load_der_private_key(der, password=None)
            key: rsa.RSAPrivateKey = self._held[der]
            return key

    crypto_utils.CRYPTO_BACKEND = Keeping()
