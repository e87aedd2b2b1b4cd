"""The checker and the signer of a desk, loaded when they are first asked.

What signs and checks takes longer to load than a desk to open, and no list needs it. Whoever asks
first, on a lane, waits for it; the window asks on an idle lane before anybody does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO

from app.kernel.batch import BatchControl, Piece
from app.kernel.ports import (
    CancelToken,
    CertificateInfo,
    Completion,
    FileReport,
    Finding,
    Progress,
    Prompts,
    Purpose,
    SignedFile,
    SignJob,
    TokenInfo,
)
from app.kernel.second import Proof

if TYPE_CHECKING:
    from signing.batch.signer import TokenBatchSigner
    from signing.tokens.signer import TokenSigner
    from signing.work.completer import WorkerCompleter
    from signing.work.verifier import WorkerVerifier


class LateVerifier:
    """The kernel's `Verifier`, made at its first use."""

    def __init__(self, make: Callable[[], WorkerVerifier]) -> None:
        self._make = make
        self._lock = Lock()
        self._made: WorkerVerifier | None = None

    def verify(
        self,
        source: Path | BinaryIO,
        at: datetime | None = None,
        *,
        offline: bool = False,
        password: str = "",
    ) -> FileReport:
        """Verify; bad files come back as verdicts, never as exceptions."""
        return self._behind().verify(source, at, offline=offline, password=password)

    def verify_many(
        self,
        files: Iterable[Path],
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> Iterator[tuple[Path, FileReport]]:
        """Yield every file with its report, in order, checked on several cores."""
        return self._behind().verify_many(files, progress, cancel)

    def warm(self) -> None:
        """Load the checker and start a worker, before anybody waits for them."""
        self._behind().warm()

    def close(self) -> None:
        """End the workers, if any was started."""
        with self._lock:
            if self._made is not None:
                self._made.close()

    def _behind(self) -> WorkerVerifier:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made


class LateCompleter:
    """The kernel's `Completer`, made at its first use."""

    def __init__(self, make: Callable[[], WorkerCompleter]) -> None:
        self._make = make
        self._lock = Lock()
        self._made: WorkerCompleter | None = None

    def complete(
        self, source: Path | BinaryIO, target: Path | BinaryIO, level: str, *, renew: bool = False
    ) -> Completion:
        """Complete; raises what `WorkerCompleter.complete` raises."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
            made = self._made
        return made.complete(source, target, level, renew=renew)

    def close(self) -> None:
        """End the worker, if any was started."""
        with self._lock:
            if self._made is not None:
                self._made.close()


class LateSigner:
    """The kernel's `Signer`, made at its first use."""

    def __init__(self, make: Callable[[], TokenBatchSigner]) -> None:
        self._make = make
        self._lock = Lock()
        self._made: TokenBatchSigner | None = None

    def tokens(self) -> Sequence[TokenInfo]:
        """List tokens without any PIN."""
        return self._behind().tokens()

    def certificates(self) -> Sequence[CertificateInfo]:
        """List the certificates of all tokens that may sign, without any PIN."""
        return self._behind().certificates()

    def sign(self, job: SignJob, prompts: Prompts, cancel: CancelToken | None = None) -> SignedFile:
        """Sign; raises what `WorkerSigner.sign` raises."""
        return self._behind().sign(job, prompts, cancel)

    def sign_batch(
        self,
        pieces: Sequence[Piece],
        certificate: CertificateInfo,
        prompts: Prompts,
        purpose: Purpose,
        control: BatchControl,
    ) -> None:
        """Sign many documents with one key; raises what opening the key raises."""
        self._behind().sign_batch(pieces, certificate, prompts, purpose, control)

    def prove(self, certificate: CertificateInfo, prompts: Prompts, data: bytes) -> Proof:
        """Sign who signs in; raises what `TokenSigner.prove` raises."""
        return self._behind().keys.prove(certificate, prompts, data)

    def one_pin(self) -> AbstractContextManager[None]:
        """Ask once for the PIN of a key that makes several signatures within the context."""
        return self._behind().one_pin()

    def forget(self) -> None:
        """End every login that is kept between acts, if there ever was one."""
        with self._lock:
            made = self._made
        if made is not None:
            made.forget()

    @property
    def keys(self) -> TokenSigner:
        """Return the tokens behind: open a key for many signatures, walk through a device."""
        return self._behind().keys

    def diagnose(
        self, prompts: Prompts | None = None, drift: timedelta | None = None
    ) -> Iterator[Finding]:
        """Yield what is found of the devices; the kernel's `Diagnosis`."""
        from signing.tokens.diagnosis import diagnose

        return diagnose(self._behind().keys, prompts, drift)

    def close(self) -> None:
        """End the helpers, if any was started."""
        with self._lock:
            if self._made is not None:
                self._made.close()

    def _behind(self) -> TokenBatchSigner:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made
