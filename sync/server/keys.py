"""The keys of the server, and those that desks have told it in their own sessions."""

from __future__ import annotations

from sqlalchemy import Connection, select

from app.kernel.clock import Clock
from app.kernel.errors import NotPermitted
from sync.protocol.sealing import Private, Public
from sync.server import tables
from sync.server.service import Account
from sync.server.store import Store

_OWN = "package_keys"


class Keys:
    """Know whom to seal for."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def own(self) -> Private:
        """Return the server's own keys, drawn when they are first asked for."""

        def work(connection: Connection) -> str:
            self._store.lock(connection)
            held = self._store.meta(connection, _OWN)
            if held is None:
                held = Private.new().text
                self._store.set_meta(connection, _OWN, held)
            return held

        with self._store.read() as connection:
            known = self._store.meta(connection, _OWN)
        return Private.read(known or self._store.retrying(work))

    def learn(self, device: str, account: Account, public: Public) -> None:
        """Keep what a desk is sealed to; raises `NotPermitted` for another person's desk."""
        if self.of(device) == (account.person, public):
            return

        def work(connection: Connection) -> None:
            d, k = tables.device.c, tables.device_key.c
            owner = connection.scalar(select(d.person).where(d.id == device))
            known = connection.scalar(select(k.person).where(k.device == device))
            if {owner, known} - {None, account.person}:
                raise NotPermitted("sync.not_yours")
            now = int(self._clock.now().timestamp())
            row = (device, account.login, account.person, public.text, now)
            self._store.put(connection, tables.device_key, [row])

        self._store.retrying(work)

    def of(self, device: str) -> tuple[str, Public] | None:
        """Return whose a desk is, with its keys, or None."""
        k = tables.device_key.c
        with self._store.read() as connection:
            row = connection.execute(select(k.person, k.public).where(k.device == device)).first()
        return None if row is None else (row.person, Public.read(row.public))

    def account(self, device: str) -> tuple[Account, Public]:
        """Return as whom a desk speaks that brings a package.

        Raises `NotPermitted("package.unknown_desk")` also where the account is closed.
        """
        k, a = tables.device_key.c, tables.account.c
        query = (
            select(k.login, k.person, k.public)
            .join_from(tables.device_key, tables.account, a.login == k.login)
            .where(k.device == device, a.person == k.person, a.active)
        )
        with self._store.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotPermitted("package.unknown_desk")
        return Account(row.login, row.person), Public.read(row.public)
