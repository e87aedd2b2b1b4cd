"""The checks that many rules share."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import date
from typing import Any

from app.documents.model import (
    LIMITS,
    PARTICULARS,
    Assignee,
    Channel,
    Direction,
    Document,
    Item,
    Particulars,
    Role,
    Secrecy,
    State,
)
from app.files.model import FileRef
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.kernel.codec import from_json, to_json
from app.kernel.errors import Conflict, NotPermitted, RuleViolation
from app.kernel.event import NewEvent
from app.kernel.feature import Context

LEADER, OFFICE_HEAD, DEPARTMENT_HEAD, CLERK = "leader", "office_head", "department_head", "clerk"
AGENCY_READERS = frozenset({CLERK, LEADER, OFFICE_HEAD, "archivist"})
MIN_REASON = 10
MAX_TEXT = 4000
MAX_FILES = 200
# What a delivered original says of itself is not for its receiver to change
LOCKED = frozenset(
    {"subject", "type", "type_name", "number", "notation", "issued", "issuer", "issuer_unit",
     "issuer_code", "signer", "signer_title", "language"}
)  # fmt: skip
_TEXTS = tuple(f.name for f in fields(Particulars) if f.type == "str")


def event(document: str, name: str, ctx: Context, /, **data: Any) -> NewEvent:
    """Make an event of a document; empty values are left out, the actor's name is kept."""
    kept = {k: v for k, v in data.items() if v not in (None, "", (), [], {})}
    if ctx.actor.name:
        kept["by"] = ctx.actor.name
    return NewEvent("document", document, f"document.{name}", kept)


def existing(document: Document | None) -> Document:
    """Return the document; `RuleViolation("document.unknown")` if there is none."""
    if document is None:
        raise RuleViolation("document.unknown")
    return document


def absent(document: Document | None) -> None:
    """Raise `Conflict("document.exists")` if the document is there already."""
    if document is not None:
        raise Conflict("document.exists")


def own(document: Document | None, actor: Actor, direction: Direction | None = None) -> Document:
    """Return the document if it is of the actor's agency, and of that direction.

    Raises `NotPermitted("document.agency")` or `RuleViolation("document.direction")`.
    """
    found = existing(document)
    if found.agency != actor.agency:
        raise NotPermitted("document.agency")
    if direction is not None and found.direction is not direction:
        raise RuleViolation("document.direction")
    return found


def in_state(document: Document, *states: State) -> None:
    """Raise `Conflict("document.state")` unless the document stands in one of the states."""
    if document.state not in states:
        raise Conflict("document.state", state=document.state.value)


def has_role(actor: Actor, *roles: str) -> None:
    """Raise `NotPermitted("document.role")` unless the actor has one of the roles."""
    if not actor.roles & frozenset(roles):
        raise NotPermitted("document.role")


def people_of(actor: Actor) -> frozenset[str]:
    """Return the ids of the actor and of the one he acts for."""
    return frozenset(p for p in (actor.person, actor.acting_for) if p)


def holds(item: Item, actor: Actor) -> bool:
    """Tell whether an item is the actor's: his own, or that of the unit that he heads."""
    if item.person:
        return item.person in people_of(actor)
    return item.unit == actor.unit and bool(actor.roles & {DEPARTMENT_HEAD, LEADER, OFFICE_HEAD})


def held_item(document: Document, item_id: str, actor: Actor) -> Item:
    """Return the actor's item; raises `document.no_item` or `document.not_yours`."""
    item = document.item(item_id)
    if item is None:
        raise RuleViolation("document.no_item", field="item")
    if not holds(item, actor):
        raise NotPermitted("document.not_yours")
    return item


def open_item(document: Document, item_id: str, actor: Actor) -> Item:
    """Return the actor's item that he still owes; `Conflict("document.item_closed")` else."""
    item = held_item(document, item_id, actor)
    if not item.is_open:
        raise Conflict("document.item_closed", state=item.state.value)
    return item


def clean_text(text: str, field: str, limit: int = MAX_TEXT) -> str:
    """Return the text in NFC; `RuleViolation("document.too_long")` beyond the limit."""
    tidy = unicodedata.normalize("NFC", text).strip()
    if len(tidy) > limit:
        raise RuleViolation("document.too_long", field=field, limit=limit)
    return tidy


def needed_text(text: str, field: str) -> str:
    """Return the text; `RuleViolation("document.text_missing")` if it is empty."""
    tidy = clean_text(text, field)
    if not tidy:
        raise RuleViolation("document.text_missing", field=field)
    return tidy


def reason_of(text: str) -> str:
    """Return a reason of at least ten characters; `RuleViolation("document.reason")` else."""
    tidy = clean_text(text, "reason")
    if len(tidy) < MIN_REASON:
        raise RuleViolation("document.reason", field="reason", least=MIN_REASON)
    return tidy


def checked(particulars: Particulars) -> Particulars:
    """Return the particulars in NFC within the lengths of Annex VI.

    Raises `RuleViolation` with `document.secret`, `document.too_long`, `document.too_great`
    or `document.subject_missing`.
    """
    if particulars.secrecy is not Secrecy.NONE:
        raise RuleViolation("document.secret", field="secrecy")
    tidy: dict[str, Any] = {
        name: clean_text(getattr(particulars, name), name, LIMITS[name]) for name in _TEXTS
    }
    for name in ("pages", "copies"):
        if not 0 <= getattr(particulars, name) <= LIMITS[name]:
            raise RuleViolation("document.too_great", field=name, limit=LIMITS[name])
    if not tidy["subject"]:
        raise RuleViolation("document.subject_missing", field="subject")
    moved = {name: text for name, text in tidy.items() if text != getattr(particulars, name)}
    return replace(particulars, **moved) if moved else particulars


def not_future(day: date | None, ctx: Context, field: str) -> None:
    """Raise `RuleViolation("document.date_future")` for a day after that of the act."""
    if day is not None and day > local_date(ctx.now):
        raise RuleViolation("document.date_future", field=field)


def checked_files(files: Iterable[FileRef]) -> tuple[FileRef, ...]:
    """Return the files; `document.file_empty`, `document.file_twice`, `document.file_count`."""
    held = tuple(files)
    if any(f.size <= 0 or len(f.sha256) != 64 for f in held):
        raise RuleViolation("document.file_empty", field="files")
    if len({f.sha256 for f in held}) != len(held):
        raise RuleViolation("document.file_twice", field="files")
    if len(held) > MAX_FILES:
        raise RuleViolation("document.file_count", field="files", limit=MAX_FILES)
    return held


def changed(document: Document, new: Particulars) -> Particulars:
    """Return new particulars for a document, checked; a delivered original stays as it is.

    Raises `RuleViolation("document.locked", field)`.
    """
    tidy = checked(new)
    if document.channel is Channel.SYSTEM and document.source:
        for name in sorted(LOCKED):
            if getattr(tidy, name) != getattr(document.particulars, name):
                raise RuleViolation("document.locked", field=name)
    return tidy


def patched(document: Document, changes: dict[str, Any]) -> Particulars:
    """Return the particulars with some fields changed; `RuleViolation("argument")` for others."""
    before = to_json(document.particulars)
    for name in changes:
        if name not in PARTICULARS:
            raise RuleViolation("argument", field=name[:40])
    return changed(document, from_json(Particulars, {**before, **changes}))


def check_assignees(
    assignees: Iterable[Assignee], document: Document, ctx: Context, whole: date | None
) -> None:
    """Check whom a giver names: exactly one lead unless all are informed, dates within his.

    Raises `RuleViolation` with `document.lead`, `document.nobody`, `document.twice`,
    `document.due_past`, `document.due_beyond`, `document.not_in_agency`.
    """
    named = tuple(assignees)
    leads = sum(a.role is Role.LEAD for a in named)
    if leads > 1 or (leads == 0 and any(a.role is Role.CO for a in named)):
        raise RuleViolation("document.lead", field="assignees")
    if any(not (a.person or a.unit) for a in named):
        raise RuleViolation("document.nobody", field="assignees")
    if len({a.person or a.unit for a in named}) != len(named):
        raise RuleViolation("document.twice", field="assignees")
    for assignee in named:
        clean_text(assignee.name, "assignees", 200)
        check_due(assignee.due, ctx, whole)
        if assignee.person and not serves(ctx, assignee.person, document.agency):
            raise RuleViolation("document.not_in_agency", field="assignees")


def check_due(due: date | None, ctx: Context, whole: date | None) -> None:
    """Check a deadline: not past, and within that of the whole unless that has passed."""
    if due is None:
        return
    today = local_date(ctx.now)
    if due < today:
        raise RuleViolation("document.due_past", field="due")
    if whole is not None and today <= whole < due:
        raise RuleViolation("document.due_beyond", field="due")


def serves(ctx: Context, person: str, agency: str, *roles: str) -> bool:
    """Tell whether the directory has the person at a post of the agency, in one of the roles."""
    who = ctx.get("person", person)
    today = local_date(ctx.now)
    for post_id in who.posts if who is not None else ():
        post = ctx.get("post", post_id)
        if post is None or post.agency != agency or post.valid_from > today:
            continue
        if post.valid_to is not None and post.valid_to < today:
            continue
        if not roles or set(post.roles) & set(roles):
            return True
    return False


def may_close(document: Document, item: Item) -> None:
    """Raise `RuleViolation("document.reply_missing")`: a reply is required and not issued."""
    if document.particulars.requires_reply and not document.replies and item.role is Role.LEAD:
        raise RuleViolation("document.reply_missing")
