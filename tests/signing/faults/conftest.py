"""A desk whose tokens stand behind the faulty library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.kernel.clock import SystemClock
from app.kernel.errors import DeviceProblem
from app.kernel.ports import Purpose, SignedFile, SignJob, Verdict
from signing.tokens.device import Device
from signing.tokens.key import UnlockedKey
from signing.tokens.signer import TokenSigner
from signing.work.signer import WorkerSigner
from tests.shim.fixtures import shim, shim_library
from tests.shim.shim import Shim
from tests.signing.conftest import Office, Pins
from tests.signing.faults.bureau import bureau, other, the_bureau

__all__ = ["bureau", "other", "shim", "shim_library", "the_bureau"]

SHORT = 2.0
"""Seconds that a call may take where a test lets one hang."""


@dataclass
class Desk:
    """Sign one letter through the shim; `pins` is whom the desk asks."""

    office: Office
    shim: Shim
    signer: WorkerSigner
    letter: Path
    pins: Pins

    @property
    def device(self) -> Device:
        """Return the desk's side of the helper process."""
        return self.signer.keys._devices[self.shim.module]

    @property
    def target(self) -> Path:
        """Return where the signed letter goes."""
        return self.letter.with_name("letter-approve.pdf")

    def job(self) -> SignJob:
        """Return a job; the helper runs and has listed its certificates after."""
        return self.office.job(self.signer, self.letter, Purpose.APPROVE)

    def sign(self) -> SignedFile:
        """Sign the letter and have the signature checked."""
        signed = self.signer.sign(self.job(), self.pins)
        assert self.office.verifier().verify(self.target).verdict is Verdict.VALID
        return signed

    def fail(self, job: SignJob, limit: float = 20.0) -> str:
        """Fail to sign, within a limit for each call; returns the code."""
        with self.within(limit), pytest.raises(DeviceProblem) as caught:
            self.signer.sign(job, self.pins)
        assert sorted(p.name for p in self.letter.parent.glob("letter*")) == ["letter.pdf"]
        return caught.value.code

    @contextmanager
    def key(self) -> Iterator[UnlockedKey]:
        """Open the key for many signatures."""
        certificate = self.job().certificate
        with self.signer.keys.unlocked(certificate, self.pins, "approve") as key:
            yield key

    @contextmanager
    def within(self, limit: float) -> Iterator[None]:
        """Give every call to the helper so many seconds."""
        self.device._limit, before = limit, self.device._limit
        try:
            yield
        finally:
            self.device._limit = before

    @property
    def asked(self) -> tuple[int, int]:
        """Return how often the person was asked for the PIN, and how often the token got one."""
        return len(self.pins.asked), self.shim.count("login_user")


@pytest.fixture
def desk(office: Office, shim: Shim, letter: Path) -> Iterator[Desk]:
    """A desk with a healthy shim."""
    keys = TokenSigner([shim.module], SystemClock(), office.trust, 20.0)
    with office.signer(keys) as signer:
        yield Desk(office, shim, signer, letter, Pins())
