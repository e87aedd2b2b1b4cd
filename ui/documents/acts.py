"""Which acts a document offers to whom; the rules decide again when one is done.

Nobody is offered another's act: the first offer is the primary one of his role.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.documents.grants import GRANTS
from app.documents.model import CopyForm, Direction, Document, Item, Role, State
from app.documents.rows import Detail
from app.documents.rules import marking
from app.kernel.actor import Actor
from app.kernel.errors import HoaBanError

CLERK, LEADER, OFFICE_HEAD = "clerk", "leader", "office_head"
DEPARTMENT_HEAD = "department_head"
Check = Callable[[Document, Actor], object]
_SIGNING: dict[str, tuple[str, Check]] = {
    "comment": ("document.sign_opinion", marking.may_opine),
    "arrive": ("document.sign_arrival", marking.may_mark_arrival),
    "copy": ("document.sign_copy", lambda d, a: marking.may_copy(d, a, CopyForm.EXTRACT)),
}


@dataclass(frozen=True, slots=True)
class Offer:
    """One act by name, with the item that it is about."""

    name: str
    item: str = ""


def offers(detail: Detail, actor: Actor) -> tuple[Offer, ...]:
    """Return the acts on an incoming document, the primary one first."""
    document = detail.document
    if document.direction is not Direction.INCOMING or document.agency != actor.agency:
        return ()
    item = document.item(detail.my_item)
    found: list[Offer] = [*_clerks(document, actor), *_leaders(document, item, actor)]
    if item is not None:
        found += _holders(item, actor)
    found += _paper(document, actor)
    if document.state is not State.DISCARDED:
        found.append(Offer("note"))
        if document.register and actor.roles & {CLERK, OFFICE_HEAD}:
            found.append(Offer("edit"))
    found += [Offer(name) for name in signable(document, actor)]
    return tuple(dict.fromkeys(found))


def signable(document: Document, actor: Actor) -> tuple[str, ...]:
    """Return what the actor may sign on a document, beside its signature and seal."""
    return tuple(
        name
        for name, (permission, check) in _SIGNING.items()
        if actor.roles & GRANTS[permission] and _allowed(check, document, actor)
    )


def _allowed(check: Check, document: Document, actor: Actor) -> bool:
    try:
        check(document, actor)
    except HoaBanError:
        return False
    return True


def _clerks(document: Document, actor: Actor) -> Iterator[Offer]:
    if CLERK not in actor.roles:
        return
    if document.state in (State.TO_RECEIVE, State.TO_REGISTER):
        yield Offer("register")
        yield Offer("refuse")
    elif may_present(document):
        yield Offer("present")


def may_present(document: Document) -> bool:
    """Tell whether a registered document waits to be put before a leader."""
    live = any(i.is_live for i in document.items if not i.parent)
    return bool(document.register) and not live and document.state is not State.DONE


def _leaders(document: Document, item: Item | None, actor: Actor) -> Iterator[Offer]:
    if not actor.roles & {LEADER, OFFICE_HEAD}:
        return
    mine = item is not None and item.presented and item.is_open
    if mine or (LEADER in actor.roles and may_present(document)):
        yield Offer("instruct", item.id if mine and item is not None else "")


def _holders(item: Item, actor: Actor) -> Iterator[Offer]:
    if item.state is State.DONE:
        yield Offer("reopen", item.id)
    if not item.is_open:
        return
    heads = bool(actor.roles & {DEPARTMENT_HEAD, LEADER, OFFICE_HEAD})
    if heads and not item.presented and item.role is not Role.INFO:
        yield Offer("assign", item.id)
    if item.role is not Role.INFO:
        yield Offer("reply", item.id)
    if item.presented:
        yield Offer("return", item.id)
        yield Offer("finish", item.id)
        return
    yield from (Offer(name, item.id) for name in ("report", "progress", "finish", "return"))
    if not heads:
        yield Offer("hand_on", item.id)
    if item.role is Role.CO:
        yield Offer("as_info", item.id)


def _paper(document: Document, actor: Actor) -> Iterator[Offer]:
    """Let the clerk or the head of office enter what a leader wrote by hand."""
    if LEADER in actor.roles or not actor.roles & {CLERK, OFFICE_HEAD}:
        return
    waits = next((i for i in document.items if i.presented and i.is_open), None)
    if waits is not None and waits.person != actor.person:
        yield Offer("paper", waits.id)
