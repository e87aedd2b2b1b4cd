"""Who acts: from the ids on an envelope to an `Actor`, or a refusal. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from app.identity.model import (
    ADMINISTRATOR,
    ARCHIVIST,
    CLERK,
    DEPARTMENT_HEAD,
    LEADER,
    OFFICE_HEAD,
    Authority,
    Person,
    Post,
    Unit,
    valid,
)
from app.kernel.actor import Actor
from app.kernel.errors import NotPermitted

Get = Callable[[str, str], Any]

# Buckets that every desk holds come first: nothing can be shown without the directory.
PRIORITY_PROVINCE = 0
PRIORITY_PERSON = 1
PRIORITY_UNIT = 2
PRIORITY_AGENCY = 3
PRIORITY_ADMINISTRATION = 4

ADMINISTRATION = "administration"
_READS_AGENCY = frozenset({CLERK, LEADER, OFFICE_HEAD, ARCHIVIST})
_ENTERS_PAPER = frozenset({CLERK, OFFICE_HEAD})
# Signing styles of a leader's own office; they name no other person (Art 13.1, PL I.II.7)
_OWN_STYLES = frozenset({"", Authority.ON_BEHALF, Authority.ACTING_HEAD})


def resolve(
    get: Get,
    person: str,
    post: str,
    at: date | datetime,
    acting_for: str | None = None,
    authority: str = "",
) -> Actor:
    """Return the actor that these ids name on that day.

    Raises `NotPermitted` with `identity.person`, `identity.post`, `identity.authority`,
    `identity.delegation` or `identity.paper`.
    """
    who: Person | None = get("person", person)
    if who is None or not who.active:
        raise NotPermitted("identity.person")
    place: Post | None = get("post", post)
    if place is None or place.person != person or not valid(place.valid_from, place.valid_to, at):
        raise NotPermitted("identity.post")
    _check_acting(get, place, at, acting_for, authority)
    return Actor(
        person=person,
        post=post,
        agency=place.agency,
        unit=place.unit,
        roles=frozenset(place.roles),
        name=who.name,
        title=place.title,
        acting_for=acting_for,
        authority=authority,
    )


def _check_acting(
    get: Get, post: Post, at: date | datetime, acting_for: str | None, authority: str
) -> None:
    if acting_for is None:
        if authority not in _OWN_STYLES or (authority and LEADER not in post.roles):
            raise NotPermitted("identity.authority")
    elif authority == Authority.PAPER:
        if not _ENTERS_PAPER & set(post.roles) or not _leads(get, acting_for, post.agency, at):
            raise NotPermitted("identity.paper")
    elif not _delegated(get, post, at, acting_for, authority):
        raise NotPermitted("identity.delegation")


def _leads(get: Get, person: str, agency: str, at: date | datetime) -> bool:
    who: Person | None = get("person", person)
    posts = (get("post", post) for post in (who.posts if who is not None else ()))
    return any(
        p is not None
        and p.agency == agency
        and LEADER in p.roles
        and valid(p.valid_from, p.valid_to, at)
        for p in posts
    )


def _delegated(get: Get, post: Post, at: date | datetime, acting_for: str, authority: str) -> bool:
    """Tell whether a delegation and the post that gave it are both valid on that day."""
    for given in post.delegations:
        if (given.principal, str(given.authority)) != (acting_for, authority):
            continue
        source: Post | None = get("post", given.principal_post)
        if (
            source is not None
            and source.person == acting_for
            and valid(source.valid_from, source.valid_to, at)
            and valid(given.valid_from, given.valid_to, at)
        ):
            return True
    return False


def memberships(posts: Iterable[Post], at: date | datetime) -> tuple[tuple[str, int], ...]:
    """Return the buckets that the holder of these posts holds, most urgent first.

    Each bucket comes once with its priority, 0 first. Administrators hold no documents,
    only `administration`: what they keep in order without reading it.
    """
    found: dict[str, int] = {"province": PRIORITY_PROVINCE}
    for post in posts:
        found[f"person:{post.person}"] = PRIORITY_PERSON
        if not valid(post.valid_from, post.valid_to, at):
            continue
        roles = set(post.roles)
        if DEPARTMENT_HEAD in roles:
            found[f"unit:{post.unit}"] = PRIORITY_UNIT
        if roles & _READS_AGENCY:
            found[f"agency:{post.agency}"] = PRIORITY_AGENCY
        if ADMINISTRATOR in roles:
            found[ADMINISTRATION] = PRIORITY_ADMINISTRATION
    return tuple(sorted(found.items(), key=lambda item: (item[1], item[0])))


def current(get: Get, unit: str, at: date | datetime) -> Unit | None:
    """Follow the successors of a unit to the one that is valid on that day, or None."""
    seen: set[str] = set()
    step: str | None = unit
    while step is not None and step not in seen:
        seen.add(step)
        found: Unit | None = get("unit", step)
        if found is None:
            return None
        if valid(found.valid_from, found.valid_to, at):
            return found
        step = found.successor
    return None
