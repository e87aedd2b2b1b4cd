"""A small province for proofs: communes, each with its people, its book and their accounts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from argon2 import PasswordHasher

from app.features import registry
from app.identity.commands import PutPerson, PutPost, PutUnit
from app.kernel.actor import Actor
from app.kernel.clock import Clock
from app.kernel.command import Command
from app.registers.commands import OpenRegister
from app.registers.model import RegisterMode, register_id
from sync.server.accounts import Accounts
from sync.server.directory import People
from sync.server.service import Service
from sync.server.store import Store
from tests.bench.desks import batches

PASSWORD = "mat-khau-mau"
YEAR = 2026
_EACH = 20
_BATCH = 100


def commune(number: int) -> str:
    """Return the commune of a person."""
    return f"mau-xa-{number // _EACH}"


def login(number: int) -> str:
    """Return the login of a person, which is his id too."""
    return f"mau-{number}"


def book(agency: str) -> str:
    """Return the incoming book of a commune, numbered by the server."""
    return register_id(agency, YEAR, "incoming")


def actor(number: int) -> Actor:
    """Return a person at his post: each is a clerk of his commune."""
    name, agency = login(number), commune(number)
    return Actor(name, f"post-{name}", agency, agency, frozenset({"clerk"}), f"Mẫu {name}")


def build(url: str, people: int, clock: Clock) -> None:
    """Make the database with so many people and their accounts, by commands as any other."""
    store = Store(url, clock)
    try:
        service = Service(store, registry(), People(), clock)
        for part in batches(_commands(people), _BATCH):
            service.run_as_system(*part)
        # The proof is not about passwords: hashing them well would be most of its work.
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        accounts = Accounts(store, clock, hasher)
        for number in range(people):
            accounts.put(login(number), login(number), PASSWORD)
    finally:
        store.close()


def _commands(people: int) -> Iterator[Command]:
    for agency in dict.fromkeys(commune(n) for n in range(people)):
        yield PutUnit(agency, agency, f"Đơn vị {agency}", abbr="UBND", is_agency=True)
        yield OpenRegister(book(agency), "Sổ mẫu", RegisterMode.SERVER)
    for number in range(people):
        who = actor(number)
        yield PutPerson(who.person, who.name, who.person)
        begins = date(YEAR - 1, 7, 1)
        yield PutPost(who.post, who.person, who.unit, who.agency, "Mẫu", tuple(who.roles), begins)
