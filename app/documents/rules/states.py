"""The automatic state rules over the items of one document.

The items form trees: an item's `parent` is that of its giver. Invariants:
- an item that is PASSED has a live lead below it, or it is not PASSED;
- when the last live lead below a giver is done, the giver is done, and so are those who
  co-operate or were informed beside that lead;
- an item passed on "for information" only is done: nobody owes anything for it any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from app.documents.model import Item, Role, State

Items = tuple[Item, ...]


def find(items: Items, item_id: str) -> Item | None:
    """Return an item by id, or None."""
    return next((i for i in items if i.id == item_id), None)


def children(items: Items, parent: str) -> Items:
    """Return what was given on from an item; the presented ones for ""."""
    return tuple(i for i in items if i.parent == parent)


def last_given(items: Items, parent: str) -> Items:
    """Return what was given on from an item by its holder's last act."""
    given = children(items, parent)
    return tuple(i for i in given if i.given_at == given[-1].given_at)


def below(items: Items, item_id: str) -> frozenset[str]:
    """Return the ids of everything that came from an item."""
    found: set[str] = set()
    rest = [item_id]
    while rest:
        parent = rest.pop()
        new = [i.id for i in items if i.parent == parent and i.id not in found]
        found.update(new)
        rest += new
    return frozenset(found)


def has_acted(items: Items, item: Item) -> bool:
    """Tell whether the holder did more than open the file."""
    if item.progress or item.result or children(items, item.id):
        return True
    return item.state in (State.PASSED, State.RETURNED) or (
        item.state is State.DONE and item.role is not Role.INFO
    )


def change(items: Items, ids: Iterable[str], how: Callable[[Item], Item]) -> Items:
    """Return the items with `how` applied to those of these ids."""
    chosen = frozenset(ids)
    return tuple(how(i) if i.id in chosen else i for i in items)


def given_on(items: Items, giver: str, new: Items, at: datetime) -> Items:
    """Add what an item's holder hands to others, and move his item on.

    Given on with a lead it is PASSED; for information only it is done, which may complete
    what it came from.
    """
    held = find(items, giver)
    grown = (*items, *new)
    if any(i.role is Role.LEAD for i in new):
        return change(grown, {giver}, lambda i: replace(i, state=State.PASSED, reason=""))
    if held is not None and held.is_open and all(i.role is Role.INFO for i in new):
        return finished(grown, giver, at, keep_below=True)
    return grown


def finished(items: Items, item_id: str, at: datetime, *, keep_below: bool = False) -> Items:
    """Finish an item with all that depends on it; see the invariants above.

    `keep_below` leaves those open who are still to take note.
    """
    held = items if keep_below else _close_all(items, below(items, item_id), item_id, at)
    return _close_up(held, item_id, "", item_id, at)


def _close_up(items: Items, item_id: str, own: str, cause: str, at: datetime) -> Items:
    """Close an item, and where it was the last lead, its neighbours and its giver."""
    done = change(items, {item_id}, lambda i: _closed(i, at, own))
    item = find(done, item_id)
    if item is None or item.role is not Role.LEAD or not item.parent:
        return done
    beside = children(done, item.parent)
    if any(i.role is Role.LEAD and i.is_live for i in beside):
        return done
    for other in beside:
        if other.is_live:
            done = _close_all(done, {other.id, *below(done, other.id)}, cause, at)
    giver = find(done, item.parent)
    if giver is None or not giver.is_live:
        return done
    return _close_up(done, giver.id, cause, cause, at)


def reopened(items: Items, item_id: str) -> Items:
    """Open a done item again with all that was completed by it, up to the root."""
    with_it = {i.id for i in items if i.done_with == item_id and i.state is State.DONE}
    opened = change(items, {item_id, *with_it}, _opened)
    above = _ancestors(opened, item_id)
    opened = change(opened, above, _opened)
    return settled(opened)


def settled(items: Items) -> Items:
    """Mark each open item that has a live lead below it as PASSED, and none other."""
    leading = {i.parent for i in items if i.role is Role.LEAD and i.is_live}

    def settle(item: Item) -> Item:
        if item.id in leading and item.is_open:
            return replace(item, state=State.PASSED)
        if item.state is State.PASSED and item.id not in leading:
            return _opened(item)
        return item

    return tuple(settle(i) for i in items)


def returned(items: Items, item_id: str, reason: str, at: datetime) -> Items:
    """Give an item back; its giver owes it again unless another lead goes on."""
    held = _close_all(items, below(items, item_id), item_id, at)
    return settled(
        change(held, {item_id}, lambda i: replace(i, state=State.RETURNED, reason=reason))
    )


def taken_again(items: Items, item_id: str) -> Items:
    """Undo `returned`."""
    with_it = {i.id for i in items if i.done_with == item_id and i.state is State.DONE}
    return settled(change(items, {item_id, *with_it}, lambda i: replace(_opened(i), reason="")))


def without(items: Items, ids: frozenset[str]) -> Items:
    """Take items away that nobody acted on; their giver owes his own again."""
    parents = [i.parent for i in items if i.id in ids]
    kept = tuple(i for i in items if i.id not in ids)
    for parent in parents:
        held = find(kept, parent)
        if held is not None and held.state is State.DONE:
            kept = reopened(kept, parent)
    return settled(kept)


def opened(items: Items, ids: Iterable[str], at: datetime) -> Items:
    """Note that holders opened the file: work begins, what was for information is done."""

    def note(item: Item) -> Item:
        seen = replace(item, opened_at=item.opened_at or at)
        if item.role is Role.INFO:
            return _closed(seen, at, "")
        if item.presented or item.state is not State.WAITING:
            return seen
        return replace(seen, state=State.IN_PROGRESS)

    return change(items, ids, note)


def document_state(items: Items) -> State:
    """Return where a registered document stands, from its items."""
    if not items:
        return State.WAITING
    roots = children(items, "")
    live = [i for i in roots if i.is_live]
    if not live:
        return State.DONE if any(i.state is State.DONE for i in roots) else State.RETURNED
    if any(i.is_open and i.presented for i in live):
        return State.WAITING
    if any(i.state is State.IN_PROGRESS for i in items):
        return State.IN_PROGRESS
    return State.PASSED


def _closed(item: Item, at: datetime, cause: str) -> Item:
    return replace(item, state=State.DONE, done_at=at, done_with=cause)


def _close_all(items: Items, ids: Iterable[str], cause: str, at: datetime) -> Items:
    return change(items, ids, lambda i: _closed(i, at, cause) if i.is_live else i)


def _opened(item: Item) -> Item:
    begun = item.opened_at is not None and not item.presented
    state = State.IN_PROGRESS if begun else State.WAITING
    return replace(item, state=state, done_at=None, done_with="")


def _ancestors(items: Items, item_id: str) -> frozenset[str]:
    found: set[str] = set()
    step = find(items, item_id)
    while step is not None and step.parent:
        found.add(step.parent)
        step = find(items, step.parent)
    return frozenset(found)
