"""Fold events into documents: the only place where a document changes.

Each function answers the document after one event; events come from `decide`, so nothing is
checked again here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from app.documents.model import (
    Approval,
    Delivery,
    DeliveryStatus,
    Document,
    Item,
    Particulars,
    Reading,
    Role,
    SignatureMark,
    State,
    Step,
    Version,
)
from app.documents.rules import completing, marking, merging, states, twins
from app.files.model import FileRef
from app.kernel.clock import local_date
from app.kernel.codec import from_json, to_json
from app.kernel.event import Event

Fold = Callable[[Document, Event], Document]


def apply(document: Document | None, event: Event) -> Document:
    """Return the document after an event."""
    name = event.name.removeprefix("document.")
    if document is None:
        return from_json(Document, event.data["document"])
    fold = FOLDS.get(name)
    return document if fold is None else fold(document, event)


def apply_reading(reading: Reading | None, event: Event) -> Reading:
    """Return the reading; the first one stays."""
    return reading or from_json(Reading, event.data["reading"])


def _items(data: dict[str, Any]) -> tuple[Item, ...]:
    return tuple(from_json(Item, i) for i in data.get("items", ()))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _with_items(document: Document, items: tuple[Item, ...]) -> Document:
    return replace(document, items=items, state=states.document_state(items))


def _refused(document: Document, event: Event) -> Document:
    return replace(document, state=State.RETURNED, reason=event.data["reason"])


def _registered(document: Document, event: Event) -> Document:
    data = event.data
    corrected = data.get("particulars")
    return replace(
        document,
        state=State.WAITING,
        register=data["register"],
        arrival_number=data.get("number"),
        arrival_date=_day(data["arrival_date"]),
        registered_at=event.at,
        particulars=from_json(Particulars, corrected) if corrected else document.particulars,
    )


def _presented(document: Document, event: Event) -> Document:
    item = from_json(Item, event.data["item"])
    moved = _with_items(document, (*document.items, item))
    return replace(moved, reason="", transferred_on=local_date(event.at))


def _taken_away(document: Document, event: Event) -> Document:
    gone = frozenset(event.data["items"])
    return _with_items(document, states.without(document.items, gone))


def _instruction_withdrawn(document: Document, event: Event) -> Document:
    items = states.without(document.items, frozenset(event.data.get("items", ())))
    held = event.data["item"]
    items = states.reopened(items, held) if not event.data.get("items") else items
    return replace(_with_items(document, items), instruction="")


def _instructed(document: Document, event: Event) -> Document:
    data = event.data
    root = data.get("root")
    items = (*document.items, from_json(Item, root)) if root else document.items
    new = _items(data)
    if new:
        items = states.given_on(items, data["item"], new, event.at)
    else:
        items = states.finished(items, data["item"], event.at)
    due = _day(data.get("due"))
    slip = data.get("slip")
    files = document.files
    if slip and all(f.sha256 != slip["sha256"] for f in files):
        files = (*files, from_json(FileRef, slip))
    moved = _with_items(document, items)
    return replace(
        moved,
        files=files,
        instruction=data["text"],
        transferred_on=local_date(event.at),
        particulars=replace(document.particulars, due=due) if due else document.particulars,
    )


def _given(document: Document, event: Event) -> Document:
    data = event.data
    items = states.given_on(document.items, data["item"], _items(data), event.at)
    return _with_items(document, items)


def _role(document: Document, event: Event, role: Role) -> Document:
    def turn(item: Item) -> Item:
        turned = replace(item, role=role)
        if role is Role.INFO and item.opened_at is not None:
            return replace(turned, state=State.DONE, done_at=event.at)
        if role is not Role.INFO and item.state is State.DONE:
            return replace(turned, state=State.IN_PROGRESS, done_at=None)
        return turned

    return _with_items(document, states.change(document.items, {event.data["item"]}, turn))


def _taken_as_info(document: Document, event: Event) -> Document:
    return _role(document, event, Role.INFO)


def _role_restored(document: Document, event: Event) -> Document:
    return _role(document, event, Role(event.data["role"]))


def _opened(document: Document, event: Event) -> Document:
    return _with_items(document, states.opened(document.items, event.data["items"], event.at))


def _begun(item: Item, event: Event, **values: Any) -> Item:
    state = item.state
    if state is State.WAITING and not item.presented:
        state = State.IN_PROGRESS
    return replace(item, state=state, opened_at=item.opened_at or event.at, **values)


def _progressed(document: Document, event: Event) -> Document:
    text = event.data["text"]
    items = states.change(
        document.items, {event.data["item"]}, lambda i: _begun(i, event, progress=text)
    )
    return _with_items(document, items)


def _reported(document: Document, event: Event) -> Document:
    result = event.data["result"]
    items = states.change(
        document.items, {event.data["item"]}, lambda i: _begun(i, event, result=result)
    )
    held = {f.sha256 for f in document.files}
    new = (from_json(FileRef, f) for f in event.data.get("files", ()))
    files = (*document.files, *(f for f in new if f.sha256 not in held))
    return replace(_with_items(document, items), files=files)


def _returned(document: Document, event: Event) -> Document:
    reason = event.data["reason"]
    items = states.returned(document.items, event.data["item"], reason, event.at)
    moved = _with_items(document, items)
    return replace(moved, reason=reason if moved.state is State.RETURNED else document.reason)


def _return_withdrawn(document: Document, event: Event) -> Document:
    items = states.taken_again(document.items, event.data["item"])
    return replace(_with_items(document, items), reason="")


def _finished(document: Document, event: Event) -> Document:
    result = event.data.get("result", "")
    items = document.items
    if result:
        items = states.change(items, {event.data["item"]}, lambda i: replace(i, result=result))
    return _with_items(document, states.finished(items, event.data["item"], event.at))


def _reopened(document: Document, event: Event) -> Document:
    return _with_items(document, states.reopened(document.items, event.data["item"]))


def _answered(document: Document, event: Event) -> Document:
    if event.data["reply"] in document.replies:
        return document
    return replace(
        document,
        replies=(*document.replies, event.data["reply"]),
        reply_numbers=(*document.reply_numbers, event.data.get("symbol", "")),
    )


def _edited(document: Document, event: Event) -> Document:
    values = {**to_json(document.particulars), **event.data["changes"]}
    return merging.settled(replace(document, particulars=from_json(Particulars, values)))


def _attached(document: Document, event: Event) -> Document:
    return replace(document, files=(*document.files, from_json(FileRef, event.data["file"])))


def _detached(document: Document, event: Event) -> Document:
    kept = tuple(f for f in document.files if f.sha256 != event.data["sha256"])
    return replace(document, files=kept)


def _discarded(document: Document, _: Event) -> Document:
    return replace(document, state=State.DISCARDED)


def _revised(document: Document, event: Event) -> Document:
    data = event.data
    file = from_json(FileRef, data["file"])
    version = Version(data["n"], file, event.person, event.at, data.get("text", ""))
    others = tuple(f for f in document.files if f.role != "main")
    state = document.state if document.state is not State.DECLINED else State.DRAFT
    alarm = document.alarm
    gone = alarm is not None and all(f.sha256 != alarm.sha256 for f in others)
    return replace(
        document,
        state=state,
        alarm=None if gone else alarm,
        files=(file, *others),
        versions=(*document.versions, version),
        form_values=data.get("form_values") or document.form_values,
    )


def _version_kept(document: Document, event: Event) -> Document:
    data = event.data
    file = from_json(FileRef, data["file"])
    version = Version(data["n"], file, event.person, event.at, data.get("text", ""))
    return replace(document, versions=(*document.versions, version))


def _recipients_set(document: Document, event: Event) -> Document:
    given = event.data.get("deliveries", ())
    return replace(document, deliveries=tuple(from_json(Delivery, d) for d in given))


def _submitted(document: Document, event: Event) -> Document:
    approval = from_json(Approval, event.data["approval"])
    return replace(document, state=State.SUBMITTED, approval=approval, reason="")


def _decided(state: State) -> Fold:
    """Make the fold of a leader's word, or of taking it back."""

    def fold(document: Document, event: Event) -> Document:
        reason = event.data.get("reason", "")
        at = event.at if state in (State.APPROVED, State.DECLINED) else None
        approval = document.approval
        if approval is not None:
            approval = replace(approval, decided_at=at, reason=reason)
        return replace(document, state=state, approval=approval, reason=reason)

    return fold


def _number_reserved(document: Document, event: Event) -> Document:
    data = event.data
    number: int | None = data.get("number")
    return replace(
        document,
        state=State.AWAITING_NUMBER if number is None else State.NUMBERED,
        number_register=data["register"],
        reserved=number,
        particulars=replace(
            document.particulars,
            number=data.get("written", ""),
            issued=None if number is None else _day(data["issued"]),
        ),
    )


def _number_released(document: Document, _: Event) -> Document:
    decided = document.approval is not None and document.approval.decided_at is not None
    return replace(
        document,
        state=State.APPROVED if decided else State.SUBMITTED,
        number_register="",
        reserved=None,
        particulars=replace(document.particulars, number="", issued=None),
    )


def _marked(state: State | None) -> Fold:
    """Make the fold of a signature: the signed file takes the place of its source."""

    def fold(document: Document, event: Event) -> Document:
        mark = from_json(SignatureMark, event.data["mark"])
        particulars = document.particulars
        if mark.purpose == "approve" and not particulars.signer:
            particulars = replace(particulars, signer=mark.signer[:50])
        return replace(
            marking.placed(document, event),
            state=state or document.state,
            particulars=particulars,
            sealed_by=event.person if mark.purpose == "issue" else document.sealed_by,
        )

    return fold


def _issued(document: Document, event: Event) -> Document:
    deliveries = tuple(from_json(Delivery, d) for d in event.data["deliveries"])
    return replace(document, state=State.ISSUED, issued_at=event.at, deliveries=deliveries)


def _delivery_reported(document: Document, event: Event) -> Document:
    data = event.data
    status = DeliveryStatus(data["status"])
    step = Step(
        status, datetime.fromisoformat(data["on"]), data.get("reason", ""), data.get("number")
    )

    def tell(delivery: Delivery) -> Delivery:
        if delivery.unit != data["agency"]:
            return delivery
        return replace(delivery, status=status, steps=(*delivery.steps, step))

    return replace(document, deliveries=tuple(tell(d) for d in document.deliveries))


FOLDS: dict[str, Fold] = {
    "refused": _refused,
    "registered": _registered,
    "presented": _presented,
    "present_withdrawn": _taken_away,
    "instructed": _instructed,
    "instruction_withdrawn": _instruction_withdrawn,
    "assigned": _given,
    "handed_on": _given,
    "assign_withdrawn": _taken_away,
    "taken_as_info": _taken_as_info,
    "role_restored": _role_restored,
    "opened": _opened,
    "progressed": _progressed,
    "reported": _reported,
    "returned": _returned,
    "return_withdrawn": _return_withdrawn,
    "finished": _finished,
    "reopened": _reopened,
    "answered": _answered,
    "edited": _edited,
    "attached": _attached,
    "detached": _detached,
    "discarded": _discarded,
    "revised": _revised,
    "recipients_set": _recipients_set,
    "submitted": _submitted,
    "submit_withdrawn": _decided(State.DRAFT),
    "approved": _decided(State.APPROVED),
    "approval_withdrawn": _decided(State.SUBMITTED),
    "declined": _decided(State.DECLINED),
    "decline_withdrawn": _decided(State.SUBMITTED),
    "number_reserved": _number_reserved,
    "number_released": _number_released,
    "signed": _marked(State.SIGNED),
    "sealed": _marked(State.SEALED),
    "attachment_signed": _marked(None),
    "issued": _issued,
    "delivery_reported": _delivery_reported,
    "version_kept": _version_kept,
    "proposed": merging.fold_proposed,
    "proposal_passed": merging.fold_proposed,
    "proposal_taken": merging.fold_taken,
    "proposal_left": merging.fold_left,
    **completing.FOLDS,
    **marking.FOLDS,
    **twins.FOLDS,
}
