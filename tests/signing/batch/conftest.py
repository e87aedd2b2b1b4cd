"""A person's token behind the shim, which counts signatures and pulls tokens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.kernel.clock import SystemClock
from signing.batch.signer import TokenBatchSigner
from signing.tokens.signer import TokenSigner
from signing.work.worker import Workers
from tests.shim.fixtures import shim, shim_library
from tests.shim.shim import Shim
from tests.signing.conftest import Office

__all__ = ["shim", "shim_library"]


@pytest.fixture
def signer(office: Office, shim: Shim) -> Iterator[TokenBatchSigner]:
    """A signer of batches over the shim."""
    clock = SystemClock()
    keys = TokenSigner([shim.module], clock, office.trust)
    with TokenBatchSigner(keys, Workers([office.folder / "trust"]), clock, None) as made:
        yield made
