"""A desk's line to the server: signing in, one exchange, and the service that keeps it going."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from app.documents.ahead import open_work
from app.documents.model import KIND
from app.kernel.batch import DeskSigner
from app.kernel.clock import Clock, local_date
from app.kernel.errors import NotPermitted, Unavailable
from app.kernel.ports import CertificateInfo, KeyValue, Prompts
from app.settings import Settings
from app.store import holdings
from app.store.desk import DeskStore
from app.store.erasing import erase
from app.store.keyring_box import KeyringBox
from app.store.profile import Profile
from app.store.tokens import KeptTokens
from sync.client.diagnosis import Check
from sync.client.fileplan import Limits
from sync.client.mover import Wanted
from sync.client.service import SyncService
from sync.client.transport import HttpTransport
from sync.client.truths import truth
from sync.http import Session, is_loopback
from sync.protocol.second import Challenge, statement
from sync.proxies import ProxyKeys

SERVER = "sync.server"


class MemoryTokens:
    """Keep tokens until there is a profile to put them in."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        """Return a token or None."""
        return self.held.get(name)

    def set(self, name: str, value: str) -> None:
        """Keep a token."""
        self.held[name] = value

    def delete(self, name: str) -> None:
        """Forget a token."""
        self.held.pop(name, None)


def transport(
    server: str, tokens: KeyValue, clock: Clock, session: Session | None = None
) -> HttpTransport:
    """Return the way to a server, over connections that are open already where there are some.

    TLS is required off loopback.
    """
    if session is None:
        session = Session(clock, tls=not is_loopback(_host(server)), keys=ProxyKeys(KeyringBox()))
    return HttpTransport(session, server, tokens)


def _host(server: str) -> str:
    return urlsplit(server).hostname or ""


def check(
    server: str,
    clock: Clock,
    ahead: Callable[[], timedelta | None] = lambda: None,
    signed_out: Callable[[], bool] = lambda: False,
) -> Check:
    """Return what looks at the way to a server, link by link."""
    keys = ProxyKeys(KeyringBox())
    tls = not is_loopback(_host(server))
    return Check(
        server,
        clock,
        keys,
        lambda: Session(clock, tls=tls, keys=keys),
        ahead=ahead,
        signed_out=signed_out,
    )


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who has signed in, with his tokens and the session that is connected already."""

    person: str
    tokens: MemoryTokens
    session: Session


def sign_in(server: str, user: str, password: str, clock: Clock) -> SignedIn:
    """Sign in at a server."""
    tokens = MemoryTokens()
    way = transport(server, tokens, clock)
    return SignedIn(way.sign_in(user, password), tokens, way.session)


@dataclass(frozen=True, slots=True)
class ServerSignIn:
    """Sign a desk's person in anew; the signing device answers where the server asks for it."""

    keeper: SyncService
    signer: DeskSigner
    login: str
    server: str

    def __call__(
        self,
        password: str,
        prompts: Prompts,
        certificate: CertificateInfo | None = None,
        code: str = "",
    ) -> None:
        """Sign in; raises what `app.kernel.second.SignIn` says."""

        def prove(challenge: Challenge) -> Mapping[str, str]:
            if code:
                return {"code": code}
            if certificate is None:
                raise NotPermitted("sync.second_factor")
            proof = self.signer.prove(certificate, prompts, statement(challenge))
            return {
                "certificate": b64encode(proof.certificate).decode(),
                "signature": b64encode(proof.signature).decode(),
                "scheme": proof.scheme,
            }

        self.keeper.sign_in(self.login, password, prove)


def service(
    store: DeskStore,
    server: str,
    clock: Clock,
    settings: Callable[[], Settings] = Settings,
    session: Session | None = None,
) -> SyncService:
    """Return the service that keeps a desk's line going; it is not started yet."""
    way = transport(server, KeptTokens(store, KeyringBox()), clock, session)
    return SyncService(
        store,
        way,
        clock,
        wanted=lambda: wanted_files(store, settings().number("files.ahead_days")),
        limits=lambda: limits_of(settings()),
        erase=lambda: _erase(store, clock),
    )


def _erase(store: DeskStore, clock: Clock) -> None:
    """Erase a profile and the key that the system's keyring may hold for it."""
    profile = Profile.load(store.folder, clock)
    if profile.quick:
        try:
            profile.disable_quick_unlock(KeyringBox())
        except Unavailable:
            # A locked keyring keeps a key to what is about to be gone.
            erase(store)
            return
    erase(store)


def exchange_once(store: DeskStore, server: str, clock: Clock) -> dict[str, Any]:
    """Send and take everything, files too; return what came of it, with the line's truth."""
    keeper = service(store, server, clock)
    row: dict[str, Any] = {"state": "ok", "sent": 0, "refused": 0, "rows": 0}
    try:
        done = keeper.once()
        row |= {"sent": done.sent, "refused": done.refused, "rows": done.rows}
    except Unavailable as error:
        row |= {"state": truth(error), "code": error.code}
    return row


def wanted_files(store: DeskStore, days: int) -> tuple[Wanted, ...]:
    """Return the files to fetch unasked: pinned ones, then those of work due within some days.

    What is due first comes first, work without a date last; all else is fetched on opening.
    """
    until = local_date(store.clock.now()) + timedelta(days=days)
    with store.reader() as connection:
        pinned = holdings.missing_pinned(connection)
        due = open_work(connection, until) if days else []
        files = holdings.missing(connection, KIND, due)
    return tuple(Wanted(sha256) for sha256 in dict.fromkeys([*pinned, *files]))


def limits_of(settings: Settings) -> Limits:
    """Return what the settings allow the files."""
    return Limits(
        quota=settings.number("files.quota_mb") << 20,
        up=settings.number("files.up_kbs") * 1024,
        down=settings.number("files.down_kbs") * 1024,
        large=settings.number("files.large_mb") << 20,
        from_hour=settings.number("files.from_hour"),
        to_hour=settings.number("files.to_hour"),
        spare_metered=bool(settings.get("files.spare_metered")),
    )
