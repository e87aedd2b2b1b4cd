"""Real SoftHSM2 tokens of a demonstration authority: the chairman's and the commune's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.kernel.clock import FixedClock
from signing.batch.signer import TokenBatchSigner
from signing.tokens.signer import TokenSigner
from signing.trust.store import TrustStore
from signing.work.worker import Workers
from sync.server.demo.authority import DemoAuthority
from tests.signing.conftest import MODULE, free_port, use_tokens
from tests.ui.outgoing.office import NOW, STAFF

PERSON_PIN, AGENCY_PIN = "4711", "080915"


@dataclass(frozen=True)
class Keys:
    """A signer over both tokens, and who vouches for them."""

    folder: Path
    trust: TrustStore

    def signer(self, module: str = MODULE) -> Callable[[FixedClock], TokenBatchSigner]:
        """Return what makes the desk's signer."""

        def make(clock: FixedClock) -> TokenBatchSigner:
            keys = TokenSigner([module], clock, self.trust)
            return TokenBatchSigner(keys, Workers([self.folder / "trust"]), clock)

        return make


def make_keys(folder: Path, patch: pytest.MonkeyPatch) -> Keys:
    """Make the authority and load both tokens."""
    use_tokens(folder, patch)
    authority = DemoAuthority.create(
        folder / "ca",
        [("mau", STAFF["leader"][0])],
        [("mau", "UBND xã Mường Phăng")],
        port=free_port(),
        clock=FixedClock(NOW),
    )
    authority.anchors(folder / "trust")
    authority.load_token("person-mau", "Người ký", PERSON_PIN, module=MODULE)
    authority.load_token("agency-mau", "Cơ quan", AGENCY_PIN, module=MODULE)
    return Keys(folder, TrustStore([folder / "trust"]))
