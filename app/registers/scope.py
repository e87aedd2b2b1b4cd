"""What the rules of books ask first: is there such a book, whose is it, which are beside it."""

from __future__ import annotations

from app.kernel.errors import NotPermitted, RuleViolation
from app.kernel.feature import Context
from app.registers.model import Register, register_id

ADMINISTRATOR = "administrator"


def known(register: Register | None) -> Register:
    """Return the book; `RuleViolation("register.unknown")` where there is none."""
    if register is None:
        raise RuleViolation("register.unknown", field="id")
    return register


def own(agency: str, context: Context) -> None:
    """Raise `NotPermitted` for another agency's book, except to an administrator."""
    actor = context.actor
    if actor.agency != agency and not actor.is_system and ADMINISTRATOR not in actor.roles:
        raise NotPermitted("register.other_agency")


def line(book: Register, context: Context) -> list[Register]:
    """Return the book with those of the year before and after, where they exist."""
    ids = (register_id(book.agency, book.year + step, book.book) for step in (-1, 1))
    others = (context.get("register", i) for i in ids)
    return [book, *(b for b in others if b is not None)]
