"""What signing on a document does off the GUI thread: what is seen, whose keys, the signing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from app.desk import Desk
from app.documents.model import KIND, CopyForm, Document
from app.documents.rules.marking import as_received, may_copy, may_mark_arrival, may_opine
from app.files.model import FileRef
from app.files.pdf import MAX_BYTES, check_size, opened, read_text
from app.flows.mark_document import (
    CopyRequest,
    MarkRequest,
    OpinionRequest,
    sign_arrival,
    sign_copy,
    sign_opinion,
)
from app.flows.receive_file import refuse_secret
from app.forms.marks import arrival_lines, copy_lines
from app.identity.model import Unit
from app.kernel.actor import Actor
from app.kernel.errors import RuleViolation, Unavailable
from app.kernel.ports import Box, Purpose
from signing.pdf.placement import locate
from ui.bridge.runner import Cancellation
from ui.outgoing import model_keys
from ui.outgoing.model_keys import AskedPin, Key, ports_of
from ui.outgoing.owners import owners_of


@dataclass(frozen=True, slots=True)
class Ask:
    """What the person wants to sign; `form` and `extract` are of a copy."""

    purpose: Purpose
    document: str
    form: CopyForm = CopyForm.TRUE
    extract: FileRef | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """The bytes that will be signed, and what will stand on them; `data` b"" for no page yet."""

    ask: Ask
    document: Document
    data: bytes
    sha256: str
    box: Box | None
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class With:
    """What the person gives to the signature: his key, his words, the place that he moved it to."""

    key: Key
    text: str = ""
    box: Box | None = None


def keys_of(desk: Desk, actor: Actor, purpose: Purpose) -> tuple[Key, ...]:
    """Return the keys in the slots now that may sign for this purpose."""
    owners = owners_of(desk, actor, purpose)
    return model_keys.keys_of(desk, owners) if owners else ()


def forms_of(desk: Desk, actor: Actor, document_id: str) -> tuple[CopyForm, ...]:
    """Return the forms in which a document may be copied, the usual one first."""
    document = _document(desk, document_id)
    found = []
    for form in CopyForm:
        try:
            may_copy(document, actor, form)
        except RuleViolation:
            continue
        found.append(form)
    return tuple(found)


def see(desk: Desk, actor: Actor, ask: Ask) -> Seen:
    """Ask the rules, read what will be signed, and find the place of its lines.

    Raises what stands against it, `Unavailable("vault.missing")`, and as
    `app.files.pdf.opened` does.
    """
    document = _document(desk, ask.document)
    sha256 = _to_sign(document, actor, ask)
    lines = lines_of(desk, actor, document, ask)
    if not sha256:
        return Seen(ask, document, b"", "", None, lines)
    with desk.open_file(sha256) as stream:
        data = stream.read(MAX_BYTES + 1)
    check_size(len(data))
    box = None
    with opened(data) as pages:
        if lines:
            box = locate(pages, "", "", ask.purpose, len(lines))
    return Seen(ask, document, data, hashlib.sha256(data).hexdigest(), box, lines)


def lines_of(desk: Desk, actor: Actor, document: Document, ask: Ask) -> tuple[str, ...]:
    """Return what the page will show, with the time as it is now."""
    name, now = _agency(desk, actor), desk.clock.now()
    if ask.purpose is Purpose.COPY:
        return copy_lines(ask.form.value, name, now)
    number, day = document.arrival_number, document.arrival_date
    if ask.purpose is Purpose.INCOMING and number is not None and day is not None:
        return arrival_lines(number, day, name, now)
    return ()


def take_extract(desk: Desk, path: Path) -> FileRef:
    """Keep the page of an extract in the vault; marks of secrecy are refused."""
    try:
        check_size(path.stat().st_size)
    except OSError as problem:
        raise Unavailable("file.unreadable") from problem
    refuse_secret(read_text(path))
    kept = desk.store.vault.put(path, name=path.name[:120])
    return replace(kept, name=path.name[:120], role="copy")


def sign(
    desk: Desk,
    actor: Actor,
    seen: Seen,
    given: With,
    prompts: AskedPin,
    cancel: Cancellation,
) -> FileRef:
    """Sign the bytes that were shown and no others; answer the signed file."""
    ask, certificate = seen.ask, given.key.certificate
    ports = ports_of(desk, prompts, seen.sha256)
    owners = owners_of(desk, actor, ask.purpose)
    if ask.purpose is Purpose.COMMENT:
        opinion = OpinionRequest(ask.document, certificate, given.text, owners)
        return sign_opinion(ports, actor, opinion, cancel)
    box = given.box or seen.box
    mark = MarkRequest(ask.document, certificate, _agency(desk, actor), owners, box)
    if ask.purpose is Purpose.INCOMING:
        return sign_arrival(ports, actor, mark, cancel)
    return sign_copy(ports, actor, CopyRequest(mark, ask.form, ask.extract), cancel)


def _to_sign(document: Document, actor: Actor, ask: Ask) -> str:
    if ask.purpose is Purpose.COMMENT:
        return may_opine(document, actor).sha256
    if ask.purpose is Purpose.INCOMING:
        return may_mark_arrival(document, actor).sha256
    may_copy(document, actor, ask.form)
    if ask.form is CopyForm.EXTRACT:
        return ask.extract.sha256 if ask.extract is not None else ""
    return as_received(document)


def _document(desk: Desk, document_id: str) -> Document:
    found: Document | None = desk.store.get(KIND, document_id)
    if found is None:
        raise RuleViolation("document.unknown")
    return found


def _agency(desk: Desk, actor: Actor) -> str:
    unit: Unit | None = desk.store.get("unit", actor.agency)
    return unit.name if unit is not None else ""
