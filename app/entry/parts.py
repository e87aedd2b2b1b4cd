"""The adapters behind the ports, built in one place: signer, verifier, trust, HTTP, keyring."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.entry import trust as trusted
from app.kernel.clock import Clock
from app.kernel.ports import Http

if TYPE_CHECKING:
    from signing.batch.signer import TokenBatchSigner
    from signing.tokens.modules import Modules
    from signing.trust.cache import StatusCache
    from signing.trust.store import TrustStore
    from signing.work.completer import WorkerCompleter
    from signing.work.verifier import WorkerVerifier
    from signing.work.worker import Workers
    from sync.http import Session

MOST_WORKERS = 4


def cores() -> int:
    """Return how many files are checked at once: a worker for each core, within bounds."""
    return min(os.cpu_count() or 1, MOST_WORKERS)


def trust_store(folders: Sequence[Path] = ()) -> TrustStore:
    """Return the anchors of the shipped list, of the machine's, and of chosen folders."""
    from signing.trust.store import TrustStore

    return TrustStore(trusted.sources(folders))


def http_session(clock: Clock) -> Session:
    """Return the guarded session that signing and checking use."""
    from app.store.keyring_box import KeyringBox
    from sync.http import Session
    from sync.proxies import ProxyKeys

    return Session(clock, keys=ProxyKeys(KeyringBox()))


def workers(trust: Sequence[Path] = (), size: int = 1) -> Workers:
    """Return the processes that open, check and sign PDFs; none is started yet."""
    from signing.work.worker import Workers

    return Workers(trusted.sources(trust), size)


def modules() -> Modules:
    """Return what says which PKCS#11 libraries this machine has and may load."""
    from signing.tokens.modules import Modules, windows_registry

    return Modules(trusted.machine_folder(), windows_registry())


def token_signer(
    clock: Clock,
    trust: Sequence[Path] = (),
    http: Session | None = None,
    pin_minutes: Callable[[], int] = lambda: 0,
) -> TokenBatchSigner:
    """Return the signer over every PKCS#11 library that this machine may load."""
    from signing.batch.signer import TokenBatchSigner
    from signing.tokens.signer import TokenSigner

    found, anchors = modules(), trust_store(trust)
    keys = TokenSigner(found.known(), clock, anchors, admit=found.admit, pin_minutes=pin_minutes)
    return TokenBatchSigner(keys, workers(trust), clock, http)


def completer(
    clock: Clock, trust: Sequence[Path], http: Http | None, tsa: Callable[[], str]
) -> WorkerCompleter:
    """Return what brings signatures to a higher level; `tsa` names who stamps the time."""
    from signing.work.completer import WorkerCompleter

    # A worker of its own: nobody who signs or checks waits until an authority has answered.
    return WorkerCompleter(workers(trust), clock, http, tsa)


def verifier(
    clock: Clock, trust: Sequence[Path] = (), http: Session | None = None, size: int = 1
) -> WorkerVerifier:
    """Return the checker of signatures, with so many files at once."""
    from signing.work.verifier import WorkerVerifier

    return WorkerVerifier(workers(trust, size), clock, http, status_cache(clock))


def status_cache(clock: Clock) -> StatusCache:
    """Return what is kept of authorities' answers on this PC, for all its profiles."""
    from platformdirs import user_cache_path

    from signing.trust.cache import StatusCache

    return StatusCache(user_cache_path("hoaban", appauthor=False) / "status", clock)
