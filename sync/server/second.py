"""The signing device as a second factor: who needs it, the challenge, and what answers it.

A challenge is given after the right password only, holds for minutes, and is spent by the first
answer, right or wrong. Wrong answers count as wrong passwords do. A lost device is replaced by
a code that an administrator gives out once.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, delete, select

from app.identity.model import Person, Post, valid
from app.kernel.clock import Clock
from app.kernel.codec import from_json
from app.kernel.errors import Conflict, NotPermitted, RuleViolation
from sync.protocol.second import Challenge, statement
from sync.server import tables, trail
from sync.server.accounts import Accounts, Tokens
from sync.server.store import Store

CHALLENGE_SECONDS = 180
CODE_SECONDS = 24 * 3600
ROLES = "second_roles"
_MOST = 16 << 10


class Standing(Protocol):
    """Judge certificates and signatures; `signing.checking.standing` is the product's."""

    def reasons(self, der: bytes) -> tuple[str, ...]:
        """Return what is against a certificate now."""

    def signed(self, der: bytes, data: bytes, signature: bytes, *, pss: bool) -> bool:
        """Tell whether the certificate's key has signed the data."""


class Nobody:
    """Stand for a server without anchors: it can tell no certificate from another."""

    def reasons(self, _: bytes) -> tuple[str, ...]:
        """Return that the root is unknown."""
        return ("unknown_root",)

    def signed(self, *_: Any, **__: Any) -> bool:
        """Tell that nothing is known to be signed."""
        return False


class SecondFactor:
    """Ask for a signature after the password, where an account or a role needs it."""

    def __init__(
        self, store: Store, clock: Clock, accounts: Accounts, standing: Standing | None = None
    ) -> None:
        self._store = store
        self._clock = clock
        self._accounts = accounts
        self._standing: Standing = standing or Nobody()

    def sign_in(self, form: Mapping[str, str], address: str) -> Tokens | Challenge:
        """Trade a password for tokens, or for a challenge where that is not enough.

        Raises what `Accounts.sign_in` does, and `NotPermitted("sync.second_factor")` to a desk
        that cannot answer a challenge.
        """
        login, person = self._accounts.known(form["login"], form["password"], address)
        with self._store.read() as connection:
            wanted = self._wanted(connection, login, person)
        if not wanted:
            return self._accounts.welcome(login, person)
        if "second" not in form:
            raise NotPermitted("sync.second_factor")
        device = form.get("device", "")[:64]
        return self._store.retrying(lambda c: self._begin(c, login, device))

    def answer(self, form: Mapping[str, str], address: str) -> Tokens:
        """Trade the answer to a challenge for tokens of a sign-in with two factors.

        Raises `NotPermitted` with `sync.second_late`, `sync.second_wrong`,
        `sync.second_certificate` or `sync.second_pending`, and `Unavailable("sync.too_many")`.
        """
        challenge = self._store.retrying(lambda c: self._spend(c, form["id"]))
        if challenge is None:
            raise NotPermitted("sync.second_late")
        self._accounts.admit(challenge.login, address)
        try:
            if form.get("code"):
                self._store.retrying(lambda c: self._use_code(c, challenge.login, form["code"]))
            else:
                self._check(challenge, form)
        except NotPermitted as error:
            if error.code == "sync.second_wrong":
                self._accounts.failed(challenge.login, address)
            raise
        with self._store.read() as connection:
            row = self._accounts.find(connection, challenge.login)
        if row is None or not row.active:
            raise NotPermitted("sync.sign_in")
        return self._accounts.welcome(row.login, row.person, strong=True)

    def _check(self, challenge: Challenge, form: Mapping[str, str]) -> None:
        der, signature = _bytes(form, "certificate"), _bytes(form, "signature")
        pss = form.get("scheme") == "pss"
        if not self._standing.signed(der, statement(challenge), signature, pss=pss):
            raise NotPermitted("sync.second_wrong")
        if self._standing.reasons(der):
            raise NotPermitted("sync.second_certificate")
        known = hashlib.sha256(der).hexdigest()
        if not self._store.retrying(lambda c: self._is_bound(c, challenge.login, known)):
            raise NotPermitted("sync.second_pending")

    def _is_bound(self, connection: Connection, login: str, known: str) -> bool:
        """Tell whether a certificate is the account's; the first one waits for approval."""
        row = _row(connection, login)
        if row.certificate == known:
            return True
        if row.certificate:
            raise NotPermitted("sync.second_wrong")
        self._put(connection, replace(row, pending=known), "second_pending")
        return False

    def _use_code(self, connection: Connection, login: str, code: str) -> None:
        row = _row(connection, login)
        good = secrets.compare_digest(row.code, _hash(code.strip().upper()))
        if not row.code or not good or row.code_until < self._now():
            raise NotPermitted("sync.second_wrong")
        self._put(connection, replace(row, code="", code_until=0), "second_code_used")

    def _wanted(self, connection: Connection, login: str, person: str) -> bool:
        if _row(connection, login).required:
            return True
        roles = set((self._store.meta(connection, ROLES) or "").split())
        return bool(roles and roles & _roles(connection, person, self._clock.now()))

    def _begin(self, connection: Connection, login: str, device: str) -> Challenge:
        now, c = self._now(), tables.second_challenge
        connection.execute(delete(c).where((c.c.until < now) | (c.c.login == login)))
        made = Challenge(
            id=secrets.token_urlsafe(24),
            server=self._store.meta(connection, "server") or "",
            login=login,
            device=device,
            nonce=secrets.token_urlsafe(32),
            at=now,
            until=now + CHALLENGE_SECONDS,
        )
        row = (made.id, login, device, made.nonce, made.at, made.until)
        self._store.put(connection, c, [row])
        return made

    def _spend(self, connection: Connection, name: str) -> Challenge | None:
        c = tables.second_challenge
        row = connection.execute(select(c).where(c.c.id == name).with_for_update()).first()
        connection.execute(delete(c).where(c.c.id == name))
        if row is None or row.until < self._now():
            return None
        server = self._store.meta(connection, "server") or ""
        return Challenge(row.id, server, row.login, row.device, row.nonce, row.at, row.until)

    # --- what an administrator decides ----------------------------------------------------

    def require(self, login: str, *, required: bool) -> None:
        """Let an account sign in with two factors only, or no more; its sign-ins end."""
        what = "second_required" if required else "second_released"
        self._change(login, {"required": required}, what, ends=True)

    def bind(self, login: str, der: bytes) -> str:
        """Bind a certificate to an account, in place of another; answer its SHA-256."""
        known = hashlib.sha256(der).hexdigest()
        self._change(login, {"certificate": known, "pending": ""}, "second_bound", ends=True)
        return known

    def approve(self, login: str) -> str:
        """Bind the certificate that an account has come with first; answer its SHA-256."""
        with self._store.read() as connection:
            pending = _row(connection, login).pending
        if not pending:
            raise Conflict("account.nothing_pending")
        self._change(login, {"certificate": pending, "pending": ""}, "second_approved")
        return pending

    def forget(self, login: str) -> None:
        """Unbind an account's certificate: the next one waits for approval again."""
        self._change(login, {"certificate": "", "pending": ""}, "second_forgotten", ends=True)

    def code(self, login: str) -> str:
        """Return a code that stands for the lost device once, for a day."""
        made = "-".join(secrets.token_hex(3).upper() for _ in range(4))
        until = self._now() + CODE_SECONDS
        self._change(login, {"code": _hash(made), "code_until": until}, "second_code")
        return made

    def demand(self, name: str, words: tuple[str, ...]) -> None:
        """Say which roles need two factors (`ROLES`), or which commands do (`ACTS`)."""

        def work(connection: Connection) -> None:
            self._store.set_meta(connection, name, " ".join(sorted(set(words))))
            trail.maintained(connection, self._clock.now(), f"{name}:{','.join(sorted(words))}")

        self._store.retrying(work)

    def told(self, login: str) -> dict[str, Any]:
        """Return what an administrator may see of an account's second factor."""
        with self._store.read() as connection:
            row = _row(connection, login)
        return {
            "second": row.required,
            "certificate": row.certificate,
            "pending": row.pending,
        }

    def _change(
        self, login: str, changes: dict[str, Any], what: str, *, ends: bool = False
    ) -> None:
        def work(connection: Connection) -> None:
            account = self._accounts.find(connection, login)
            if account is None:
                raise RuleViolation("account.unknown", field="login")
            self._put(connection, replace(_row(connection, login), **changes), what, account.person)
            if ends:
                self._accounts.end(connection, login)

        self._store.retrying(work)

    def _put(self, connection: Connection, row: _Row, what: str, person: str = "") -> None:
        self._store.put(connection, tables.second_factor, [astuple(row)])
        trail.administered(connection, self._clock.now(), row.login, person, what)

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


@dataclass(frozen=True, slots=True)
class _Row:
    """What is kept of an account; as the columns of its table."""

    login: str
    required: bool = False
    certificate: str = ""
    pending: str = ""
    code: str = ""
    code_until: int = 0


def _row(connection: Connection, login: str) -> _Row:
    s = tables.second_factor
    found = connection.execute(select(s).where(s.c.login == login)).mappings().first()
    return _Row(**found) if found is not None else _Row(login)


def _roles(connection: Connection, person: str, now: datetime) -> frozenset[str]:
    """Return the roles of a person's posts of today."""
    who: Person | None = _entity(connection, "person", person, Person)
    held = (_entity(connection, "post", p, Post) for p in (who.posts if who is not None else ()))
    posts: list[Post] = [p for p in held if p is not None]
    return frozenset(r for p in posts if valid(p.valid_from, p.valid_to, now) for r in p.roles)


def _entity(connection: Connection, kind: str, name: str, model: type[Any]) -> Any:
    e = tables.entity.c
    data = connection.scalar(select(e.data).where(e.kind == kind, e.id == name))
    return from_json(model, json.loads(data)) if data is not None else None


def _bytes(form: Mapping[str, str], name: str) -> bytes:
    text = form.get(name, "")
    try:
        if not text or len(text) > _MOST:
            raise binascii.Error
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise RuleViolation("sync.request", field=name) from error


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
