"""The rules of the directory: pure decisions and their effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date
from typing import Any

from app.identity.commands import (
    CloseUnit,
    Delegate,
    EndDelegation,
    EndPost,
    PutPerson,
    PutPost,
    PutUnit,
    SetPersonActive,
)
from app.identity.model import (
    ADMINISTRATOR,
    LEADER,
    ROLES,
    Authority,
    Delegation,
    Person,
    Post,
    Unit,
)
from app.kernel.codec import from_json, to_json
from app.kernel.errors import NotPermitted, RuleViolation
from app.kernel.event import Event, NewEvent
from app.kernel.feature import Context
from app.kernel.text import normal

# Only these are given from one post to another; TM. and Q. belong to the post itself.
_GIVEN = frozenset({Authority.DEPUTY, Authority.BY_ORDER, Authority.AUTHORISED})


def put_unit(unit: Unit | None, command: PutUnit, context: Context) -> Sequence[NewEvent]:
    """Create or correct a unit; its parent must exist and must not lie below it."""
    name = _text(command.name, "name")
    step = command.parent
    while step is not None:
        if step == command.id:
            raise RuleViolation("unit.circle", field="parent")
        parent: Unit | None = context.get("unit", step)
        if parent is None:
            raise RuleViolation("unit.unknown", field="parent")
        step = parent.parent
    ends = (unit.valid_to, unit.successor) if unit is not None else (None, None)
    put = Unit(**{**_fields(command), "name": name}, valid_to=ends[0], successor=ends[1])
    return [NewEvent("unit", command.id, "unit.put", to_json(put))]


def close_unit(unit: Unit | None, command: CloseUnit, context: Context) -> Sequence[NewEvent]:
    """End a unit; its chain of successors must not lead back to it."""
    if unit is None:
        raise RuleViolation("unit.unknown", field="id")
    _ordered(unit.valid_from, command.valid_to)
    step = command.successor
    while step is not None:
        if step == unit.id:
            raise RuleViolation("unit.circle", field="successor")
        successor: Unit | None = context.get("unit", step)
        if successor is None:
            raise RuleViolation("unit.unknown", field="successor")
        step = successor.successor
    closed = replace(unit, valid_to=command.valid_to, successor=command.successor)
    return [NewEvent("unit", unit.id, "unit.closed", to_json(closed))]


def put_person(person: Person | None, command: PutPerson, _: Context) -> Sequence[NewEvent]:
    """Enter or correct a person; blocking and posts are kept."""
    put = replace(
        person if person is not None else Person(command.id, "", ""),
        name=_text(command.name, "name"),
        login=_text(command.login, "login").lower(),
        phone=normal(command.phone),
        email=normal(command.email),
    )
    return [NewEvent("person", command.id, "person.put", to_json(put))]


def set_active(
    person: Person | None, command: SetPersonActive, context: Context
) -> Sequence[NewEvent]:
    """Block or open a person; nobody blocks himself."""
    if person is None:
        raise RuleViolation("person.unknown", field="id")
    if person.id == context.actor.person and not command.active:
        raise RuleViolation("person.own_account", field="active")
    return [NewEvent("person", person.id, "person.active_set", {"active": command.active})]


def put_post(post: Post | None, command: PutPost, context: Context) -> Sequence[NewEvent]:
    """Appoint or correct; the person hears of a new post."""
    if post is not None and post.person != command.person:
        raise RuleViolation("post.person_fixed", field="person")
    if context.get("person", command.person) is None:
        raise RuleViolation("person.unknown", field="person")
    agency: Unit | None = context.get("unit", command.agency)
    if context.get("unit", command.unit) is None or agency is None:
        raise RuleViolation("unit.unknown", field="unit")
    if not agency.is_agency:
        raise RuleViolation("post.no_seal", field="agency")
    if not command.roles or not ROLES.issuperset(command.roles):
        raise RuleViolation("post.role_unknown", field="roles")
    _ordered(command.valid_from, command.valid_to)
    held = post.delegations if post is not None else ()
    put = Post(**{**_fields(command), "title": _text(command.title, "title")}, delegations=held)
    events = [NewEvent("post", command.id, "post.put", to_json(put))]
    if post is None:
        events.append(NewEvent("person", command.person, "person.appointed", {"post": command.id}))
    return events


def end_post(post: Post | None, command: EndPost, _: Context) -> Sequence[NewEvent]:
    """End a post; what it gave and held by delegation ends with it."""
    if post is None:
        raise RuleViolation("post.unknown", field="id")
    _ordered(post.valid_from, command.valid_to)
    return [NewEvent("post", post.id, "post.ended", {"valid_to": command.valid_to.isoformat()})]


def delegate(post: Post | None, command: Delegate, context: Context) -> Sequence[NewEvent]:
    """Give the right to act for a post's holder (NĐ 30/2020 Art 13).

    KT. goes to a deputy in the same agency, TL. and TUQ. to others in it; TUQ. needs a
    written basis and an end, and may not be given on by whoever acts for another.
    """
    source: Post | None = context.get("post", command.principal_post)
    if post is None or source is None:
        raise RuleViolation("post.unknown", field="principal_post")
    _may_give(source, context)
    if command.authority not in _GIVEN:
        raise RuleViolation("delegation.authority", field="authority")
    if source.agency != post.agency or source.person == post.person:
        raise RuleViolation("delegation.agency", field="principal_post")
    if LEADER not in source.roles:
        raise RuleViolation("delegation.not_leader", field="principal_post")
    if command.authority is Authority.DEPUTY and LEADER not in post.roles:
        raise RuleViolation("delegation.deputy", field="authority")
    if command.authority is Authority.AUTHORISED and not (command.valid_to and command.basis):
        raise RuleViolation("delegation.basis", field="basis")
    _ordered(command.valid_from, command.valid_to)
    given = Delegation(
        principal=source.person,
        principal_post=source.id,
        authority=command.authority,
        valid_from=command.valid_from,
        valid_to=command.valid_to,
        basis=normal(command.basis),
        scope=normal(command.scope),
    )
    return [NewEvent("post", post.id, "post.delegated", to_json(given))]


def end_delegation(
    post: Post | None, command: EndDelegation, context: Context
) -> Sequence[NewEvent]:
    """End delegations from one post that are still open after that day."""
    source: Post | None = context.get("post", command.principal_post)
    if post is None or source is None:
        raise RuleViolation("post.unknown", field="principal_post")
    _may_give(source, context)
    if not any(_same(d, command.principal_post, command.authority) for d in post.delegations):
        raise RuleViolation("delegation.unknown", field="authority")
    data = {
        "principal_post": command.principal_post,
        "authority": command.authority.value,
        "valid_to": command.valid_to.isoformat(),
    }
    return [NewEvent("post", post.id, "post.delegation_ended", data)]


def apply_unit(_: Unit | None, event: Event) -> Unit:
    """Return the unit as the event says; both events carry it whole."""
    return from_json(Unit, event.data)


def apply_person(person: Person | None, event: Event) -> Person:
    """Return the person after an event."""
    if event.name == "person.put":
        return from_json(Person, event.data)
    if person is None:
        raise RuleViolation("person.unknown", field="id")
    if event.name == "person.appointed":
        posts = (*person.posts, event.data["post"])
        return replace(person, posts=tuple(dict.fromkeys(posts)))
    return replace(person, active=event.data["active"])


def apply_post(post: Post | None, event: Event) -> Post:
    """Return the post after an event."""
    if event.name == "post.put":
        return from_json(Post, event.data)
    if post is None:
        raise RuleViolation("post.unknown", field="id")
    if event.name == "post.delegated":
        return replace(post, delegations=(*post.delegations, from_json(Delegation, event.data)))
    last = date.fromisoformat(event.data["valid_to"])
    if event.name == "post.ended":
        return replace(post, valid_to=last)
    return replace(post, delegations=tuple(_cut(d, event, last) for d in post.delegations))


def _cut(given: Delegation, event: Event, last: date) -> Delegation:
    named = _same(given, event.data["principal_post"], event.data["authority"])
    open_after = given.valid_to is None or given.valid_to > last
    return replace(given, valid_to=last) if named and open_after else given


def _same(given: Delegation, principal_post: str, authority: str) -> bool:
    return (given.principal_post, str(given.authority)) == (principal_post, str(authority))


def _may_give(source: Post, context: Context) -> None:
    """Let the holder himself, not one acting for him, or an administrator give his right."""
    actor = context.actor
    own = actor.post == source.id and actor.acting_for is None
    if not (own or actor.is_system or ADMINISTRATOR in actor.roles):
        raise NotPermitted("delegation.not_own")


def _fields(command: Any) -> dict[str, Any]:
    return {field.name: getattr(command, field.name) for field in fields(command)}


def _text(value: str, field: str) -> str:
    text = normal(value)
    if not text:
        raise RuleViolation("identity.empty", field=field)
    return text


def _ordered(first: date | None, last: date | None) -> None:
    if first is not None and last is not None and last < first:
        raise RuleViolation("identity.dates", field="valid_to")
