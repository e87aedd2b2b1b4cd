"""The adapters behind the ports, built in one place: signer, verifier, trust, HTTP, keyring."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.kernel.clock import Clock

if TYPE_CHECKING:
    from signing.checking.verify import PdfVerifier
    from signing.tokens.signer import TokenSigner
    from signing.trust.store import TrustStore
    from sync.http import Session

SHIPPED_TRUST = Path(__file__).resolve().parents[2] / "resources" / "trust"


def trust_store(folders: Sequence[Path] = ()) -> TrustStore:
    """Return the anchors shipped with the product and those of the administrator's folders."""
    from signing.trust.store import TrustStore

    return TrustStore([f for f in (SHIPPED_TRUST, *folders) if f.is_dir()])


def http_session(clock: Clock) -> Session:
    """Return the guarded session that signing and checking use."""
    from sync.http import Session

    return Session(clock)


def token_signer(
    clock: Clock, trust: Sequence[Path] = (), http: Session | None = None
) -> TokenSigner:
    """Return the signer over every known PKCS#11 module of this machine."""
    from signing.tokens.modules import known_modules
    from signing.tokens.signer import TokenSigner

    return TokenSigner(known_modules(), clock, trust_store(trust), http)


def verifier(clock: Clock, trust: Sequence[Path] = (), http: Session | None = None) -> PdfVerifier:
    """Return the checker of signatures."""
    from signing.checking.verify import PdfVerifier

    return PdfVerifier(trust_store(trust), clock, http)
