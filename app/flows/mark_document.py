"""Sign beside the way of a document: an opinion, the mark of arrival, a copy.

The rules are asked before the key is, so that nobody types a PIN for what is refused anyway.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.documents.commands import SignArrival, SignCopy, SignOpinion
from app.documents.model import CopyForm, Document
from app.documents.rules.completing import marks_in
from app.documents.rules.marking import (
    COPY,
    as_received,
    may_copy,
    may_mark_arrival,
    may_opine,
)
from app.files.model import FileRef
from app.flows.ports import SigningPorts
from app.flows.sign_document import current
from app.flows.signing import Appearance, check_owner, make, names_of, with_role
from app.forms.marks import arrival_lines, copy_lines
from app.kernel.actor import Actor
from app.kernel.errors import Conflict, RuleViolation
from app.kernel.levels import least
from app.kernel.ports import Box, CancelToken, CertificateInfo, Purpose, SignedFile


@dataclass(frozen=True, slots=True)
class OpinionRequest:
    """An opinion on a draft in review; `owners` are the names that the personal key may bear."""

    document: str
    certificate: CertificateInfo
    text: str
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MarkRequest:
    """A mark of the agency; `owners` are its names, `agency` the one that the page shows."""

    document: str
    certificate: CertificateInfo
    agency: str
    owners: tuple[str, ...]
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """A copy in some form; `extract` is the page of an extract, and kept in the vault."""

    mark: MarkRequest
    form: CopyForm
    extract: FileRef | None = None


def sign_opinion(
    ports: SigningPorts,
    actor: Actor,
    request: OpinionRequest,
    cancel: CancelToken | None = None,
) -> FileRef:
    """Sign an opinion with the actor's own key and answer the file that bears it.

    Raises `NotPermitted` with `flow.not_your_key` or what the rule says,
    `RuleViolation("document.text_missing")`, and what the signer raises.
    """
    check_owner(request.certificate, names_of(actor, request.owners))
    document = current(ports, request.document)
    source = may_opine(document, actor)
    if not request.text.strip():
        raise RuleViolation("document.text_missing", field="text")
    look = Appearance(reason=request.text)
    kept, signed = make(
        ports, document.id, source, Purpose.COMMENT, request.certificate, look, cancel
    )
    file = with_role(kept, source.name, source.role)
    _later(ports, document, source, file, signed)
    command = SignOpinion(
        document.id, file, source.sha256, signed.signer, request.text, signed.level, signed.field
    )
    ports.run(actor, command)
    return file


def sign_arrival(
    ports: SigningPorts, actor: Actor, request: MarkRequest, cancel: CancelToken | None = None
) -> FileRef:
    """Put the agency's mark with number and day of arrival on the received file."""
    check_owner(request.certificate, request.owners)
    document = current(ports, request.document)
    source = may_mark_arrival(document, actor)
    number, day = document.arrival_number, document.arrival_date
    if number is None or day is None:
        raise Conflict("document.number_waiting")
    lines = arrival_lines(number, day, request.agency, ports.clock.now())
    look = Appearance(box=request.box, lines=lines)
    kept, signed = make(
        ports, document.id, source, Purpose.INCOMING, request.certificate, look, cancel
    )
    file = with_role(kept, source.name, source.role)
    _later(ports, document, source, file, signed)
    command = SignArrival(
        document.id, file, source.sha256, signed.signer, number, day, signed.level, signed.field
    )
    ports.run(actor, command)
    return file


def sign_copy(
    ports: SigningPorts, actor: Actor, request: CopyRequest, cancel: CancelToken | None = None
) -> FileRef:
    """Make a copy with the agency's signature; the document's own file stays as it is."""
    mark = request.mark
    check_owner(mark.certificate, mark.owners)
    document = current(ports, mark.document)
    may_copy(document, actor, request.form)
    source = source_of(ports, document, request.form, request.extract)
    lines = copy_lines(request.form.value, mark.agency, ports.clock.now())
    look = Appearance(box=mark.box, lines=lines)
    kept, signed = make(ports, document.id, source, Purpose.COPY, mark.certificate, look, cancel)
    file = with_role(kept, source.name, COPY)
    ports.later(document.id, file.sha256, signed.level)
    command = SignCopy(
        document.id,
        file,
        request.form,
        signed.signer,
        "" if request.form is CopyForm.EXTRACT else source.sha256,
        signed.level,
        signed.field,
    )
    ports.run(actor, command)
    return file


def source_of(
    ports: SigningPorts, document: Document, form: CopyForm, extract: FileRef | None
) -> FileRef:
    """Return what is copied: the extract, or the page as it came, without the arrival mark.

    Raises `RuleViolation("document.file_missing")` where there is none.
    """
    if form is CopyForm.EXTRACT:
        if extract is None:
            raise RuleViolation("document.file_missing", field="extract")
        return extract
    main = document.main_file
    if main is None:
        raise RuleViolation("document.file_missing", field="files")
    sha256 = as_received(document)
    if sha256 == main.sha256:
        return main
    with ports.vault.open(sha256) as stream:
        size = stream.seek(0, 2)
    return replace(main, sha256=sha256, size=size)


def _later(
    ports: SigningPorts, document: Document, source: FileRef, file: FileRef, signed: SignedFile
) -> None:
    borne = [m.level for m in marks_in(document, source.sha256)]
    ports.later(document.id, file.sha256, least((*borne, signed.level)))
