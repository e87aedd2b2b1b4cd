"""A desk's line to the server: signing in, one exchange, and the service that keeps it going."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from app.kernel.clock import Clock
from app.kernel.errors import Unavailable
from app.kernel.ports import KeyValue
from app.store.desk import DeskStore
from app.store.replica import Replica
from sync.client.engine import Engine
from sync.client.exchange_files import FileExchange
from sync.client.files import Transfer
from sync.client.service import SyncService
from sync.client.transport import HttpTransport
from sync.http import Session, is_loopback

SERVER = "sync.server"


class StoreTokens:
    """Keep the server's tokens in the encrypted database: the place where no keyring serves."""

    def __init__(self, store: DeskStore) -> None:
        self._store = store

    def get(self, name: str) -> str | None:
        """Return a token or None."""
        return self._store.meta(name) or None

    def set(self, name: str, value: str) -> None:
        """Keep a token."""
        self._store.set_meta(name, value)

    def delete(self, name: str) -> None:
        """Forget a token."""
        self._store.set_meta(name, "")


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


def transport(server: str, tokens: KeyValue, clock: Clock) -> HttpTransport:
    """Return the way to a server; TLS is required off loopback."""
    return HttpTransport(Session(clock, tls=not is_loopback(_host(server))), server, tokens)


def _host(server: str) -> str:
    return urlsplit(server).hostname or ""


def sign_in(server: str, user: str, password: str, clock: Clock) -> tuple[str, MemoryTokens]:
    """Sign in at a server; return the person's id and the tokens."""
    tokens = MemoryTokens()
    person = transport(server, tokens, clock).sign_in(user, password)
    return person, tokens


def exchange_once(store: DeskStore, server: str, clock: Clock) -> dict[str, Any]:
    """Send and take everything, files too; return what came of it, with the line's truth."""
    way = transport(server, StoreTokens(store), clock)
    files = FileExchange(store, Transfer(store.vault, way, clock))
    row: dict[str, Any] = {"state": "ok", "sent": 0, "refused": 0, "rows": 0, "files": 0}
    try:
        done = Engine(Replica(store), way).round(flush=True)
        row |= {"sent": done.sent, "refused": done.refused, "rows": done.rows}
        row["files"] = files.send(_never) + files.fetch(_never, _quietly)
    except Unavailable as error:
        row |= {"state": error.code.removeprefix("sync."), "code": error.code}
    return row


def service(store: DeskStore, server: str, clock: Clock) -> SyncService:
    """Return the service that keeps a desk's line going; it is not started yet."""
    return SyncService(store, lambda: transport(server, StoreTokens(store), clock), clock)


def _never() -> bool:
    return False


def _quietly(_: int) -> None:
    """Tell nobody how many files are left."""
