"""Units, people and posts as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from app.kernel.clock import local_date

CLERK = "clerk"
LEADER = "leader"
OFFICE_HEAD = "office_head"
DEPARTMENT_HEAD = "department_head"
SPECIALIST = "specialist"
ONE_STOP = "one_stop"
ARCHIVIST = "archivist"
ADMINISTRATOR = "administrator"
ROLES = frozenset(
    {
        CLERK,
        LEADER,
        OFFICE_HEAD,
        DEPARTMENT_HEAD,
        SPECIALIST,
        ONE_STOP,
        ARCHIVIST,
        ADMINISTRATOR,
    }
)


class Authority(StrEnum):
    """How one acts, as written before the title (NĐ 30/2020 Art 13, PL I.II.7)."""

    ON_BEHALF = "TM."
    ACTING_HEAD = "Q."
    DEPUTY = "KT."
    BY_ORDER = "TL."
    AUTHORISED = "TUQ."
    PAPER = "paper"


@dataclass(frozen=True, slots=True)
class Unit:
    """An agency or a part of one; `is_agency` means a seal and registers of its own.

    `abbr` stands in notations ("UBND"), `place` in the date line. Codes may be used again
    after a reorganisation, so the id, never the code, names a unit. `valid_to` is the last day.
    """

    id: str
    code: str
    name: str
    short: str = ""
    abbr: str = ""
    kind: str = ""
    parent: str | None = None
    is_agency: bool = False
    place: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    successor: str | None = None
    edxml_code: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A person with a login; `posts` holds the ids of all posts he ever had."""

    id: str
    name: str
    login: str
    phone: str = ""
    email: str = ""
    active: bool = True
    posts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delegation:
    """The right to act for another person, held at the post of the one who acts.

    `principal` is the person acted for, `principal_post` the post that gives the right;
    `basis` names the written authorisation.
    """

    principal: str
    principal_post: str
    authority: Authority
    valid_from: date
    valid_to: date | None = None
    basis: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """A position of one person in a unit; `agency` is the unit whose seal it works under."""

    id: str
    person: str
    unit: str
    agency: str
    title: str
    roles: tuple[str, ...]
    valid_from: date
    valid_to: date | None = None
    delegations: tuple[Delegation, ...] = ()


def day_of(at: date | datetime) -> date:
    """Return the day itself, or the day in Vietnam of an aware time."""
    return local_date(at) if isinstance(at, datetime) else at


def valid(valid_from: date | None, valid_to: date | None, at: date | datetime) -> bool:
    """Tell whether a day lies within a validity; both ends are included, None is open."""
    day = day_of(at)
    return (valid_from is None or valid_from <= day) and (valid_to is None or day <= valid_to)
