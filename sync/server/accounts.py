"""Accounts, sign-in and tokens: what an unknown caller has to get past.

Access tokens live for minutes; a refresh token is spent by its use and replaced. Within a
short grace a spent one still works, since the reply that replaced it may have been lost;
after that its use means that two hold it, and the whole sign-in ends.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, delete, select, update

from app.kernel.clock import Clock
from app.kernel.errors import NotPermitted, RuleViolation, Unavailable
from sync.server import tables, trail
from sync.server.service import Account
from sync.server.store import Store

ACCESS_SECONDS = 15 * 60
REFRESH_SECONDS = 30 * 86400
GRACE_SECONDS = 180
# How long a spent refresh token is known, and its use by somebody else noticed.
_REMEMBERED = 2 * 86400
LOGIN_FAILURES = 5
ADDRESS_FAILURES = 30
_MAX_PASSWORD = 1024
_ACCESS, _REFRESH = "access", "refresh"


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a sign-in gives; `seconds` is the life of the access token."""

    access: str
    refresh: str
    person: str
    seconds: int = ACCESS_SECONDS


class Accounts:
    """Know who may sign in, and who has."""

    def __init__(self, store: Store, clock: Clock, hasher: PasswordHasher | None = None) -> None:
        self._store = store
        self._clock = clock
        self._hasher = hasher or PasswordHasher()
        # Verified for unknown logins, so that they take as long as known ones.
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    def put(self, login: str, person: str, password: str, *, active: bool = True) -> None:
        """Make an account or replace it."""
        hashed = self.hashed(password)
        self._store.retrying(lambda c: self.write(c, login, person, hashed, "put", active=active))

    def hashed(self, password: str) -> str:
        """Return what is kept of a password."""
        return self._hasher.hash(password)

    def find(self, connection: Connection, login: str) -> Any:
        """Return the row of an account, or None."""
        query = select(tables.account).where(tables.account.c.login == login)
        return connection.execute(query).first()

    def write(
        self,
        connection: Connection,
        login: str,
        person: str,
        hashed: str,
        what: str,
        *,
        active: bool,
    ) -> None:
        """Write an account, end its sign-ins, and note in the audit log what was done."""
        self._store.put(connection, tables.account, [(login, person, hashed, active)])
        self._end(connection, tables.token.c.login == login)
        trail.administered(connection, self._clock.now(), login, person, what)

    def sign_in(self, login: str, password: str, address: str) -> Tokens:
        """Trade a password for tokens.

        Raises `NotPermitted("sync.sign_in")`, `Unavailable("sync.too_many", retry_at)`.
        """
        return self.welcome(*self.known(login, password, address))

    def known(self, login: str, password: str, address: str) -> tuple[str, str]:
        """Return login and person of whoever knows the password; raises as `sign_in`."""
        if not login or len(login) > 200 or len(password) > _MAX_PASSWORD:
            raise NotPermitted("sync.sign_in")
        watched = _watched(login, address)
        with self._store.read() as connection:
            self._check_rate(connection, watched)
            row = self.find(connection, login)
        good = self._verify(row.password if row is not None else self._nobody, password)
        if row is None or not good or not row.active:
            known = login if row is not None else None
            self._store.retrying(lambda c: self._fail(c, watched, known))
            raise NotPermitted("sync.sign_in")
        return row.login, row.person

    def welcome(self, login: str, person: str, *, strong: bool = False) -> Tokens:
        """Give tokens to somebody who has proved who he is; `strong` with two factors."""
        return self._store.retrying(lambda c: self._welcome(c, login, person, strong=strong))

    def admit(self, login: str, address: str) -> None:
        """Raise `Unavailable("sync.too_many", retry_at)` where too much was wrong of late."""
        with self._store.read() as connection:
            self._check_rate(connection, _watched(login, address))

    def failed(self, login: str, address: str) -> None:
        """Count a wrong answer as a wrong password is counted."""
        self._store.retrying(lambda c: self._fail(c, _watched(login, address), login))

    def end(self, connection: Connection, login: str) -> None:
        """End every sign-in of an account."""
        self._end(connection, tables.token.c.login == login)

    def refresh(self, token: str) -> Tokens:
        """Trade a refresh token for new tokens; raises `NotPermitted("sync.token")`."""
        given = self._store.retrying(lambda c: self._refresh(c, token))
        if given is None:
            raise NotPermitted("sync.token")
        return given

    def check(self, token: str) -> Account:
        """Return whose access token this is; raises `NotPermitted("sync.token")`."""
        t, a = tables.token.c, tables.account.c
        strong = tables.strong_session.c
        query = (
            select(a.login, a.person, t.family, strong.at)
            .join_from(tables.token, tables.account, t.login == a.login)
            .outerjoin(tables.strong_session, strong.family == t.family)
            .where(t.hash == _hash(token), t.use == _ACCESS, t.expires > self._now(), a.active)
        )
        with self._store.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotPermitted("sync.token")
        return Account(row.login, row.person, row.family, strong=row.at is not None)

    def sign_out(self, account: Account) -> None:
        """End the sign-in that an access token belongs to."""

        def work(connection: Connection) -> None:
            self._end(connection, tables.token.c.family == account.family)
            trail.signed_out(connection, self._clock.now(), account.login, account.person, "asked")

        self._store.retrying(work)

    def change_password(self, login: str, old: str, new: str) -> None:
        """Replace a password; raises `NotPermitted("sync.sign_in")`, `RuleViolation`."""
        hashed = self.hashed(checked(new))
        with self._store.read() as connection:
            row = self.find(connection, login)
        if row is None or not self._verify(row.password, old):
            raise NotPermitted("sync.sign_in")
        self._store.retrying(
            lambda c: self.write(c, login, row.person, hashed, "own_password", active=row.active)
        )

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    def _welcome(self, connection: Connection, login: str, person: str, *, strong: bool) -> Tokens:
        t, family = tables.token.c, secrets.token_hex(16)
        self._end(connection, (t.login == login) & (t.expires < self._now()))
        who = _watched(login, "")[0]
        connection.execute(delete(tables.attempt).where(tables.attempt.c.who == who))
        if strong:
            self._store.put(connection, tables.strong_session, [(family, login, self._now())])
        trail.signed_in(connection, self._clock.now(), login, person, strong=strong)
        return self._give(connection, login, person, family)

    def _give(self, connection: Connection, login: str, person: str, family: str) -> Tokens:
        given = Tokens(secrets.token_urlsafe(32), secrets.token_urlsafe(32), person)
        now = self._now()
        self._store.put(
            connection,
            tables.token,
            [
                (_hash(given.access), family, login, _ACCESS, now + ACCESS_SECONDS, None),
                (_hash(given.refresh), family, login, _REFRESH, now + REFRESH_SECONDS, None),
            ],
        )
        return given

    def _refresh(self, connection: Connection, token: str) -> Tokens | None:
        t, a = tables.token.c, tables.account.c
        row = connection.execute(
            select(t.family, t.login, t.spent, a.person)
            .join_from(tables.token, tables.account, t.login == a.login)
            .where(t.hash == _hash(token), t.use == _REFRESH, t.expires > self._now(), a.active)
        ).first()
        if row is None:
            return None
        if row.spent is not None and self._is_stolen(connection, row, _hash(token)):
            self._end(connection, t.family == row.family)
            trail.signed_out(connection, self._clock.now(), row.login, row.person, "token_reused")
            return None
        self._end(connection, (t.family == row.family) & _is_past(self._now()))
        spend = update(tables.token).where(t.hash == _hash(token), t.spent.is_(None))
        connection.execute(spend.values(spent=self._now()))
        s = tables.session
        seen = update(s).where(s.c.family == row.family).values(seen=self._now())
        connection.execute(seen)
        return self._give(connection, row.login, row.person, row.family)

    def _is_stolen(self, connection: Connection, row: Any, hashed: str) -> bool:
        """Tell whether a spent token comes back for another reason than a lost reply.

        Whoever has used a later token has had the reply, however short a time ago.
        """
        if row.spent + GRACE_SECONDS < self._now():
            return True
        t = tables.token.c
        later = select(t.hash).where(
            t.family == row.family, t.use == _REFRESH, t.hash != hashed, t.spent >= row.spent
        )
        return connection.scalar(later.limit(1)) is not None

    def _end(self, connection: Connection, where: Any) -> None:
        connection.execute(delete(tables.token).where(where))

    def _check_rate(self, connection: Connection, watched: tuple[str, ...]) -> None:
        a = tables.attempt.c
        query = select(a.who, a.failures, a.until).where(a.who.in_(watched))
        for who, failures, until in connection.execute(query):
            limit = LOGIN_FAILURES if who.startswith("login:") else ADDRESS_FAILURES
            if failures >= limit and until > self._now():
                raise Unavailable("sync.too_many", retry_at=datetime.fromtimestamp(until, UTC))

    def _fail(self, connection: Connection, watched: tuple[str, ...], login: str | None) -> None:
        """Count a failure; each one beyond the limit doubles the wait, up to an hour."""
        a = tables.attempt.c
        known = {
            r.who: r for r in connection.execute(select(tables.attempt).where(a.who.in_(watched)))
        }
        rows = []
        for who in watched:
            old = known.get(who)
            stale = old is None or old.until + 3600 < self._now()
            failures = 1 if old is None or stale else old.failures + 1
            limit = LOGIN_FAILURES if who.startswith("login:") else ADDRESS_FAILURES
            wait = min(3600, 30 * 2 ** max(0, min(failures - limit, 10)))
            rows.append((who, failures, self._now() + wait))
        self._store.put(connection, tables.attempt, rows)
        trail.refused(connection, self._clock.now(), login)

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def _watched(login: str, address: str) -> tuple[str, str]:
    """Return under which names failures are counted."""
    return f"login:{login}", f"address:{address}"


def _is_past(now: int) -> Any:
    """Return the condition of tokens that tell nothing any more.

    A desk takes a hundred a day: kept for their whole life they would be millions.
    """
    t = tables.token.c
    return (t.expires < now) | (t.spent < now - _REMEMBERED)


def checked(password: str) -> str:
    """Return a new password; raises `RuleViolation("sync.password_short")`."""
    if not 8 <= len(password) <= _MAX_PASSWORD:
        raise RuleViolation("sync.password_short", field="password")
    return password


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
