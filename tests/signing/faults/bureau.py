"""An authority on a bad line, a key of a person, and a letter to sign."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from app.kernel.clock import FixedClock, SystemClock
from app.kernel.ports import Purpose, SignedFile, Verdict
from signing.checking.verify import PdfVerifier
from signing.trust.store import TrustStore
from sync.server.demo.authority import DemoAuthority
from sync.server.demo.softkeys import SoftKeys
from tests.signing.conftest import AGENCY, LETTER, NAME, TITLE, free_port, typeset
from tests.signing.faults.lines import Hurried, Line

BEFORE = timedelta(days=6 * 365)


@dataclass
class Bureau:
    """An authority on a bad line, a key of a person, and a letter."""

    line: Line
    trust: TrustStore
    letter: bytes

    def sign(self, tsa: str | None = None, **more: object) -> tuple[bytes, SignedFile]:
        """Sign with a time stamp by the authority, or by another one."""
        authority = self.line.authority
        keys = SoftKeys(authority, self.trust, FixedClock(SystemClock().now()))
        keys.tsa = authority.tsa_url if tsa is None else tsa
        look = {"signer_name": NAME, "signer_title": TITLE}
        return keys.sign(self.letter, "person-mau", Purpose.APPROVE, **look, **more)

    def verdict(self, data: bytes, *, offline: bool = False) -> tuple[Verdict, tuple[str, ...]]:
        """Return the verdict on the one signature of a file, and the reasons."""
        session = Hurried(self.line)
        try:
            verifier = PdfVerifier(self.trust, SystemClock(), session)
            report = verifier.verify(BytesIO(data), offline=offline)
        finally:
            session.close()
        (signature,) = report.signatures
        assert signature.verdict is report.verdict
        return report.verdict, signature.reasons


@pytest.fixture(scope="module")
def the_bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """One authority for all tests that do not harm it."""
    folder = tmp_path_factory.mktemp("bureau")
    authority = authority_of(folder / "ca", SystemClock().now())
    authority.anchors(folder / "trust")
    with Line(authority).open() as line:
        yield Bureau(line, TrustStore([folder / "trust"]), typeset(LETTER))


@pytest.fixture
def bureau(the_bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> Bureau:
    """The bureau with a good line."""
    monkeypatch.setattr(
        "sync.server.demo.softkeys.Session", lambda _clock: Hurried(the_bureau.line)
    )
    the_bureau.line.well()
    return the_bureau


@pytest.fixture
def other(tmp_path: Path) -> Iterator[DemoAuthority]:
    """An authority whose certificates, but for its roots', expired a year ago."""
    authority = authority_of(tmp_path / "other", SystemClock().now() - BEFORE)
    with authority.serve():
        yield authority


def authority_of(folder: Path, now: datetime) -> DemoAuthority:
    """Make an authority as of a time."""
    clock = FixedClock(now)
    return DemoAuthority.create(
        folder, [("mau", NAME)], [("mau", AGENCY)], port=free_port(), clock=clock
    )
