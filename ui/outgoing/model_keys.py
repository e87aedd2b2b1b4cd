"""Whose key may be used here, how long it lives, and which picture goes with it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from app.desk import Desk
from app.flows.ports import SigningPorts
from app.flows.signing import offered
from app.identity.model import Unit
from app.kernel.actor import Actor
from app.kernel.batch import BatchControl, DeskSigner, Piece
from app.kernel.errors import DeviceProblem, HoaBanError, RuleViolation
from app.kernel.ports import (
    CancelToken,
    CertificateInfo,
    Prompts,
    Purpose,
    SignedFile,
    Signer,
    SignJob,
    TokenInfo,
)
from signing.pdf.appearance import demo_seal, demo_signature
from ui.bridge.prompts import QtPrompts
from ui.outgoing.model_draft import words

EXPIRY_WARNING_DAYS = 60
MAX_IMAGE = 1 << 20
_PNG = b"\x89PNG\r\n\x1a\n"
_IMAGE = "signing.image"
_SEAL = "signing.seal"
# The codes of a wrong PIN with tries left; a locked token has another
_WRONG = "pin_incorrect"


@dataclass(frozen=True, slots=True)
class Key:
    """A certificate that the person may use, with what the screen says of it."""

    certificate: CertificateInfo
    days: int

    @property
    def tone(self) -> str:
        """Return ok, warn or bad by the days left."""
        if self.days < 0:
            return "bad"
        return "warn" if self.days <= EXPIRY_WARNING_DAYS else "ok"


def person_names(actor: Actor) -> tuple[str, ...]:
    """Return the names that a personal key may bear; samples carry a mark."""
    return (actor.name, f"{actor.name} ({sample()})")


def agency_names(unit: Unit | None) -> tuple[str, ...]:
    """Return the names that an agency's key may bear."""
    if unit is None:
        return ()
    names = dict.fromkeys(name for name in (unit.name, unit.short) if name)
    return tuple(n for name in names for n in (name, f"{name} ({sample()})"))


def keys_of(desk: Desk, owners: tuple[str, ...]) -> tuple[Key, ...]:
    """Return the keys of some owners in the slots now; asks the token, needs no PIN."""
    found = offered(desk.signer.certificates(), owners)
    now = desk.clock.now()
    keys = (Key(c, days_left(c, now)) for c in found)
    return tuple(sorted(keys, key=lambda k: k.days, reverse=True))


def sample() -> str:
    """Return the mark that everything of a demonstration carries."""
    return str(words()["sample"])


def days_left(certificate: CertificateInfo, now: datetime) -> int:
    """Return the whole days until the certificate ends, below 0 after it."""
    return (certificate.not_after - now).days


def is_sample(certificate: CertificateInfo) -> bool:
    """Tell whether a demonstration authority made the certificate."""
    return sample() in f"{certificate.subject} {certificate.issuer}".upper()


def signature_image(desk: Desk, certificate: CertificateInfo) -> bytes:
    """Return the person's blue hand signature; a sample's is invented, else b"" if none."""
    own = _kept(desk, _IMAGE)
    if own or not is_sample(certificate):
        return own
    return demo_signature(certificate.holder)


def seal_image(desk: Desk, certificate: CertificateInfo, agency: str) -> bytes:
    """Return the agency's red seal; a sample's says MẪU, else b"" if none."""
    own = _kept(desk, _SEAL)
    if own or not is_sample(certificate):
        return own
    return demo_seal(agency)


def keep_image(desk: Desk, data: bytes, *, seal: bool) -> None:
    """Keep the picture of signature or seal in the profile.

    Raises `RuleViolation("outpages.image")` for anything but a PNG of at most 1 MiB.
    """
    if not data.startswith(_PNG) or len(data) > MAX_IMAGE:
        raise RuleViolation("outpages.image", field="image")
    desk.store.set_meta(_SEAL if seal else _IMAGE, base64.b64encode(data).decode())


def keep_image_file(desk: Desk, path: Path, *, seal: bool) -> None:
    """Keep the picture that a file holds; raises as `keep_image` does."""
    with path.open("rb") as stream:
        data = stream.read(MAX_IMAGE + 1)
    keep_image(desk, data, seal=seal)


def _kept(desk: Desk, name: str) -> bytes:
    try:
        return base64.b64decode(desk.store.meta(name), validate=True)
    except binascii.Error:
        return b""


def ports_of(desk: Desk, prompts: AskedPin, shown: str = "") -> SigningPorts:
    """Return what the flows stand on; `shown` is the hash that alone may be signed."""
    signer: Signer = Patient(desk.signer, prompts)
    if shown:
        signer = AsShown(signer, shown)
    return SigningPorts(
        get=desk.store.get,
        run=desk.run,
        vault=desk.store.vault,
        signer=signer,
        verifier=desk.verifier,
        prompts=prompts,
        clock=desk.clock,
        note=desk.note,
        tsa=desk.settings.text("tsa_url"),
        device=desk.store.device,
        exchange=desk.exchange_now,
        level=desk.settings.text("signature_level") if desk.settings.text("tsa_url") else "",
        require_time=desk.settings.get("require_timestamp") is True,
        later=desk.completions.add,
    )


class AsShown:
    """A signer that signs the bytes that were on the screen and no others."""

    def __init__(self, signer: Signer, sha256: str) -> None:
        self._signer = signer
        self._sha256 = sha256

    def tokens(self) -> Sequence[TokenInfo]:
        """List tokens."""
        return self._signer.tokens()

    def certificates(self) -> Sequence[CertificateInfo]:
        """List certificates."""
        return self._signer.certificates()

    def sign(self, job: SignJob, prompts: Prompts, cancel: CancelToken | None = None) -> SignedFile:
        """Sign; raises `Damaged("pdf_not_as_shown")` for other bytes."""
        return self._signer.sign(replace(job, expected_sha256=self._sha256), prompts, cancel)


class Patient:
    """A signer that asks the person again after a wrong PIN, until he stops.

    No PIN is tried twice: each try is one that the person has just typed.
    """

    def __init__(self, signer: DeskSigner, prompts: AskedPin) -> None:
        self._signer = signer
        self._prompts = prompts

    def tokens(self) -> Sequence[TokenInfo]:
        """Return the tokens."""
        return self._signer.tokens()

    def certificates(self) -> Sequence[CertificateInfo]:
        """Return the certificates."""
        return self._signer.certificates()

    def sign(self, job: SignJob, prompts: Prompts, cancel: CancelToken | None = None) -> SignedFile:
        """Sign; raises `Cancelled` when the person stops, or what the token says of itself."""
        while True:
            try:
                return self._signer.sign(job, prompts, cancel)
            except DeviceProblem as problem:
                if not problem.code.startswith(_WRONG):
                    raise
                self._prompts.was_wrong(problem)
            if not isinstance(job.source, Path):
                job.source.seek(0)
            if not isinstance(job.target, Path):
                job.target.seek(0)
                job.target.truncate()

    def sign_batch(
        self,
        pieces: Sequence[Piece],
        certificate: CertificateInfo,
        prompts: Prompts,
        purpose: Purpose,
        control: BatchControl,
    ) -> None:
        """Sign many; raises `Cancelled` when the person stops, or what the token says."""
        while True:
            try:
                self._signer.sign_batch(pieces, certificate, prompts, purpose, control)
            except DeviceProblem as problem:
                if not problem.code.startswith(_WRONG):
                    raise
                self._prompts.was_wrong(problem)
            else:
                return


class AskedPin:
    """Ask the person for the PIN whenever a key wants it; it is handed on and never kept."""

    def __init__(self, prompts: QtPrompts) -> None:
        self._prompts = prompts
        self._problem: HoaBanError | None = None

    def pin(self, token: TokenInfo, certificate: CertificateInfo, purpose: str) -> bytearray:
        """Ask, saying what was wrong before."""
        problem, self._problem = self._problem, None
        return self._prompts.pin(token, certificate, purpose, problem)

    def was_wrong(self, problem: HoaBanError) -> None:
        """Say so when the person is asked again."""
        self._problem = problem
