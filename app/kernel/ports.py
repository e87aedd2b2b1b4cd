"""The ports that adapters fill: lanes of work, prompts, guarded HTTP, signer, verifier."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar, runtime_checkable

T = TypeVar("T")


class CancelToken(Protocol):
    """Let a worker ask whether the person stopped it."""

    def raise_if_cancelled(self) -> None:
        """Raise `Cancelled` once the person has asked to stop."""


class Progress(Protocol):
    """Hear how far long work is; `total` 0 means unknown."""

    def __call__(self, done: int, total: int) -> None:
        """Take note."""


class Runner(Protocol):
    """Run work off the caller's thread on a named lane: store, query, network or token."""

    def submit(
        self,
        lane: str,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        """Queue `work`; `done` or `failed` is called on the caller's thread."""


class TokenState(StrEnum):
    """What a token says of its PIN."""

    FINE = "fine"
    COUNT_LOW = "count_low"
    FINAL_TRY = "final_try"
    LOCKED = "locked"
    NOT_SET = "not_set"


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """A token in a slot; nothing here needs a PIN."""

    module: str
    slot: int
    label: str
    serial: str
    manufacturer: str = ""
    model: str = ""
    state: TokenState = TokenState.FINE
    pin_pad: bool = False
    mechanisms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CertificateInfo:
    """A certificate on a token that may sign; times are aware UTC.

    `kind` is person, agency or "" where the certificate does not say; `accepted` tells whether
    its issuer leads to an anchor of ours.
    """

    token: TokenInfo
    cert_id: str
    label: str
    subject: str
    holder: str
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime
    der: bytes
    may_sign: bool = True
    organisation: str = ""
    kind: str = ""
    accepted: bool = True


SIGNING_PIN = "signing_pin"
"""The purpose for which a key's own PIN is asked, where it is another than that of the token."""


class Prompts(Protocol):
    """Ask the person from a worker; every method may raise `Cancelled`."""

    def pin(self, token: TokenInfo, certificate: CertificateInfo, purpose: str) -> bytearray:
        """Ask for the PIN of a token, as UTF-8; whoever takes it overwrites it after use."""


class Purpose(StrEnum):
    """Why one signs, with the names that officials know from the State's signing tool."""

    APPROVE = "approve"
    ISSUE = "issue"
    INCOMING = "incoming"
    ATTACHMENT = "attachment"
    COPY = "copy"
    COMMENT = "comment"
    FILES = "files"


@dataclass(frozen=True, slots=True)
class Box:
    """A place on a page: page from 0, points from the lower left corner of the shown page."""

    page: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class SignJob:
    """One signature to make.

    `image` is the PNG of the hand signature (approve) or of the seal (issue); `lines` the
    text block of attachment and copy. `box` None means: find it from the words of the page.
    `expected_sha256` is the hash of the bytes that were shown; the signer refuses others.
    A stream as the target is empty, seekable and readable; it stands at its beginning after.
    `level` is the level to reach ("" means B-LT where there is a `tsa`, else B-B); what falls
    short says so in `SignedFile.level`, unless `require_time`: then nothing is signed.
    `password` opens an encrypted source; the signed file stays encrypted with it.
    """

    source: Path | BinaryIO
    target: Path | BinaryIO
    purpose: Purpose
    certificate: CertificateInfo
    signer_name: str = ""
    signer_title: str = ""
    box: Box | None = None
    image: bytes = b""
    lines: tuple[str, ...] = ()
    reason: str = ""
    location: str = ""
    tsa: str = ""
    expected_sha256: str = ""
    level: str = ""
    require_time: bool = False
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SignedFile:
    """What came of a signature: its level as reached, its field and signer.

    `path` is None when the file went into a stream.
    """

    path: Path | None
    sha256: str
    level: str
    field: str
    signer: str
    box: Box | None = None
    warnings: tuple[str, ...] = ()


class Signer(Protocol):
    """Sign PDFs with some kind of key: a token today, SIM, remote or HSM beside it."""

    def tokens(self) -> Sequence[TokenInfo]:
        """List tokens without any PIN."""

    def certificates(self) -> Sequence[CertificateInfo]:
        """List the certificates of all tokens that may sign, without any PIN."""

    def sign(self, job: SignJob, prompts: Prompts, cancel: CancelToken | None = None) -> SignedFile:
        """Sign; raises `DeviceProblem`, `RuleViolation`, `Damaged`, `Cancelled`."""


class Finding(Protocol):
    """What one step of looking at the signing devices found; texts by `diagnosis.<code>`."""

    @property
    def step(self) -> str:
        """Return driver, reader, token, pin, certificates, chain, clock or signature."""

    @property
    def state(self) -> str:
        """Return ok, warn or fail."""

    @property
    def code(self) -> str:
        """Return which sentence says it."""

    @property
    def params(self) -> Mapping[str, str | int]:
        """Return the plain values of that sentence."""


class Diagnosis(Protocol):
    """Walk through everything that signing with a device needs."""

    def __call__(
        self, prompts: Prompts | None = None, drift: timedelta | None = None
    ) -> Iterator[Finding]:
        """Yield findings as they are made; with prompts a scrap is signed at the end.

        `drift` is how far this PC's clock is ahead of the server's, None where nobody knows.
        """


@dataclass(frozen=True, slots=True)
class Completion:
    """What completing the signatures of a file came to.

    `levels` names the level of every signature by its field. `changed` tells whether anything
    was added to the file; `revoked` names the fields whose certificate was revoked before
    any proven time: then nothing was added. `stamped_at` is the time of the last time stamp
    that covers them all, `renew_before` when the certificate of that stamp runs out.
    """

    levels: Mapping[str, str]
    changed: bool = False
    revoked: tuple[str, ...] = ()
    stamped_at: datetime | None = None
    renew_before: datetime | None = None
    warnings: tuple[str, ...] = ()


class Completer(Protocol):
    """Bring the signatures of a signed PDF to a higher level, by adding to it only."""

    def complete(
        self, source: Path | BinaryIO, target: Path | BinaryIO, level: str, *, renew: bool = False
    ) -> Completion:
        """Complete; `renew` adds one more archive time stamp to a file that has one.

        Raises `Damaged` for a file without a sound signature, `Unavailable` where the
        authorities cannot be asked. The target is written only if something was added.
        """


class Verdict(StrEnum):
    """What is known of a signature or a file."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN = "unknown"
    NOT_COMPLIANT = "not-compliant"
    UNSIGNED = "unsigned"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class StatusFact:
    """Whence it is known that a certificate was not revoked.

    `source` is ocsp, crl or "" when nothing is known; `kept` tells that the answer was had
    before and kept on this PC, `in_file` that the file itself brought it.
    """

    source: str = ""
    produced_at: datetime | None = None
    next_update: datetime | None = None
    kept: bool = False
    in_file: bool = False


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A place where what is shown now differs from what was signed.

    `kind` is added, removed, changed or hidden.
    """

    box: Box
    kind: str


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """The verdict on one signature; `reasons` are codes with texts `verify.reason.<code>`.

    `signed_at` is the time that counts, with its source: timestamp (the signature's own),
    document (a time stamp over the file as it then was) or claimed; `claimed_at` is what the
    signer's own clock said. `shown` names the places on the pages that changed after this signature.
    """

    field: str
    signer: str
    verdict: Verdict
    level: str = ""
    signed_at: datetime | None = None
    time_source: str = ""
    reasons: tuple[str, ...] = ()
    changes: str = "none"
    issuer: str = ""
    organisation: str = ""
    algorithm: str = ""
    covers_whole_file: bool = False
    serial: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    status: StatusFact | None = None
    shown: tuple[ShownChange, ...] = ()
    claimed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FileReport:
    """The verdict on a file: that of its worst signature."""

    verdict: Verdict
    signatures: tuple[SignatureReport, ...] = ()
    reasons: tuple[str, ...] = ()
    sha256: str = ""
    checked_at: datetime | None = None


class Verifier(Protocol):
    """Check every signature of a file."""

    def verify(
        self,
        source: Path | BinaryIO,
        at: datetime | None = None,
        *,
        offline: bool = False,
        password: str = "",
    ) -> FileReport:
        """Verify; bad files come back as verdicts, never as exceptions."""


@runtime_checkable
class ManyVerifier(Protocol):
    """Check many files, several at once."""

    def verify_many(
        self,
        files: Iterable[Path],
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> Iterator[tuple[Path, FileReport]]:
        """Yield every file with its report, in order; raises `Cancelled`."""

    def warm(self) -> None:
        """Get ready, so that the first check does not wait for it."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A reply within the limits of the guarded session."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Http(Protocol):
    """The one guarded session: limits on size, time and redirects, typed errors."""

    def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout: float = 10.0,
        max_bytes: int = 1 << 20,
    ) -> HttpReply:
        """Ask; raises `Unavailable` with a code of the network's truth."""


class KeyValue(Protocol):
    """A small named store, such as the OS keyring."""

    def get(self, name: str) -> str | None:
        """Return a value or None."""

    def set(self, name: str, value: str) -> None:
        """Keep a value."""

    def delete(self, name: str) -> None:
        """Forget a value."""


Settings = Mapping[str, Any]
