"""What the page of books asks the desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from app.kernel.actor import Actor
from app.registers.queries import RegisterRow, books


def books_with_holders(
    connection: Connection, actor: Actor, get: Callable[[str, str], Any], year: int
) -> tuple[list[RegisterRow], dict[str, str]]:
    """Return the books of a year, and the names of the people who hold them."""
    found = books(connection, actor, year)
    holders = ((row.holder, get("person", row.holder)) for row in found if row.holder)
    return found, {person: who.name for person, who in holders if who is not None}
