"""What an administrator does at the server itself: the first units, people and accounts.

Everything else about people and units is a command of the bus, from an administrator's desk.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from app.catalogues.commands import PutItem
from app.catalogues.load import load_items
from app.catalogues.units import load_units
from app.identity.commands import CloseUnit, PutPerson, PutPost, PutUnit
from app.identity.model import Person, Unit, valid
from app.kernel.clock import local_date
from app.kernel.codec import from_json
from app.kernel.command import Command
from app.kernel.errors import Conflict, RuleViolation
from app.kernel.ids import new_id
from app.kernel.text import fold
from sync.server import tables
from sync.server.accounts import Accounts, checked
from sync.server.service import Service

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class NewPost:
    """A person who is not in the directory yet, and his first post; `unit` "" is the agency."""

    name: str
    agency: str
    title: str
    roles: tuple[str, ...]
    unit: str = ""
    since: date | None = None


def units_and_lists() -> Iterator[Command]:
    """Yield what makes the province's units and lists from the product's own catalogues."""
    units = load_units()
    yield from (_put(unit) for unit in units)
    yield from (
        CloseUnit(unit.id, unit.valid_to, unit.successor) for unit in units if unit.valid_to
    )
    for item in load_items():
        yield PutItem(item.id, item.list, item.code, item.label, item.data, item.valid_from)


class Administration:
    """Add and change accounts with the people behind them."""

    def __init__(self, service: Service, accounts: Accounts) -> None:
        self._service = service
        self._store = service.store
        self._accounts = accounts

    def begin(self) -> int:
        """Give an empty server its units and lists; answer how many commands that took.

        Raises `Conflict("account.not_empty")` where there are units already.
        """
        with self._store.read() as connection:
            e = tables.entity.c
            if connection.scalar(select(func.count()).where(e.kind == "unit")):
                raise Conflict("account.not_empty")
        commands = tuple(units_and_lists())
        self._service.run_as_system(*commands)
        return len(commands)

    def add(self, login: str, password: str, person: str = "", new: NewPost | None = None) -> str:
        """Make an account of a person of the directory, or of a new one; answer the person's id.

        Raises `Conflict("account.exists")`, `RuleViolation` of login, password or directory;
        then nothing was written.
        """
        if _LOGIN.fullmatch(login) is None:
            raise RuleViolation("account.login", field="login")
        hashed = self._accounts.hashed(checked(password))
        now = self._service.clock.now()
        named = person or new_id(now)
        commands = self._entering(named, login, new) if new is not None else ()

        def work(connection: Connection) -> None:
            if self._accounts.find(connection, login) is not None:
                raise Conflict("account.exists")
            if commands:
                self._service.push.system(connection, commands, now)
            elif self._get(connection, "person", named) is None:
                raise RuleViolation("person.unknown", field="person")
            self._accounts.write(connection, login, named, hashed, "add", active=True)

        self._store.retrying(work)
        return named

    def password(self, login: str, password: str) -> None:
        """Set a password anew; every sign-in of the account ends."""
        hashed = self._accounts.hashed(checked(password))

        def work(connection: Connection) -> None:
            row = self._known(connection, login)
            self._accounts.write(
                connection, login, row.person, hashed, "password", active=row.active
            )

        self._store.retrying(work)

    def set_active(self, login: str, *, active: bool) -> None:
        """Close an account, which ends every sign-in of it, or open it again."""
        what = "unlock" if active else "lock"

        def work(connection: Connection) -> None:
            row = self._known(connection, login)
            self._accounts.write(connection, login, row.person, row.password, what, active=active)

        self._store.retrying(work)

    def set_roles(self, login: str, roles: tuple[str, ...], post: str = "") -> str:
        """Give a post other roles, the person's only one of today by default; answer its id.

        Raises `RuleViolation("account.unknown" | "post.unknown" | "post.role_unknown")`.
        """
        now = self._service.clock.now()

        def work(connection: Connection) -> str:
            who = self._get(connection, "person", self._known(connection, login).person)
            held = (self._get(connection, "post", p) for p in (who.posts if who else ()))
            open_ = [p for p in held if p is not None and valid(p.valid_from, p.valid_to, now)]
            chosen = [p for p in open_ if post in ("", p.id)]
            if len(chosen) != 1:
                raise RuleViolation("post.unknown", field="post")
            p = chosen[0]
            put = PutPost(
                p.id, p.person, p.unit, p.agency, p.title, roles, p.valid_from, p.valid_to
            )
            self._service.push.system(connection, (put,), now)
            return str(p.id)

        return self._store.retrying(work)

    def accounts(self) -> list[dict[str, Any]]:
        """List every account with its person and posts; nothing secret."""
        a = tables.account.c
        with self._store.read() as connection:
            found = connection.execute(select(a.login, a.person, a.active).order_by(a.login)).all()
            return [self._row(connection, r.login, r.person, active=r.active) for r in found]

    def units(self, query: str) -> list[dict[str, Any]]:
        """List the units that are open today and whose name has these words."""
        today, wanted = local_date(self._service.clock.now()), fold(query)
        e = tables.entity.c
        with self._store.read() as connection:
            found = connection.scalars(select(e.data).where(e.kind == "unit").order_by(e.id))
            units = [from_json(Unit, json.loads(data)) for data in found]
        return [
            {"unit": u.id, "name": u.name, "agency": u.is_agency, "parent": u.parent}
            for u in units
            if (u.valid_to is None or u.valid_to >= today) and wanted in fold(u.name)
        ]

    def _entering(self, person: str, login: str, new: NewPost) -> tuple[Command, ...]:
        now = self._service.clock.now()
        post = PutPost(
            new_id(now),
            person,
            new.unit or new.agency,
            new.agency,
            new.title,
            new.roles,
            new.since or local_date(now),
        )
        return (PutPerson(person, new.name, login), post)

    def _known(self, connection: Connection, login: str) -> Any:
        row = self._accounts.find(connection, login)
        if row is None:
            raise RuleViolation("account.unknown", field="login")
        return row

    def _row(
        self, connection: Connection, login: str, person: str, *, active: bool
    ) -> dict[str, Any]:
        who: Person | None = self._get(connection, "person", person)
        held = [self._get(connection, "post", p) for p in (who.posts if who is not None else ())]
        return {
            "login": login,
            "active": active,
            "person": person,
            "name": who.name if who is not None else "",
            "posts": [
                {"post": p.id, "title": p.title, "agency": p.agency, "roles": list(p.roles)}
                for p in held
                if p is not None
            ],
        }

    def _get(self, connection: Connection, kind: str, entity: str) -> Any:
        return self._service.push.unit(connection).get(kind, entity)


def _put(unit: Unit) -> PutUnit:
    return PutUnit(
        unit.id, unit.code, unit.name, unit.short, unit.abbr, unit.kind, unit.parent,
        unit.is_agency, unit.place, unit.valid_from, unit.edxml_code,
    )  # fmt: skip
