"""The clerk puts the agency's signature, after the person's and on attachments apart (Art 32)."""

from __future__ import annotations

from dataclasses import dataclass

from app.documents.commands import AttachSignature, Seal
from app.documents.model import Document
from app.documents.rules.completing import marks_in
from app.documents.rules.issuing import symbol_of, unsigned_attachments
from app.files.model import FileRef
from app.flows.ports import SigningPorts
from app.flows.sign_document import current
from app.flows.signing import Appearance, check_owner, make, with_role
from app.forms.marks import time_line
from app.kernel.actor import Actor
from app.kernel.command import Command
from app.kernel.errors import Damaged, NotPermitted, RuleViolation
from app.kernel.levels import least
from app.kernel.ports import CancelToken, CertificateInfo, Purpose, Verdict


@dataclass(frozen=True, slots=True)
class SealRequest:
    """Which document, with the agency's key; `owners` are the names of the agency."""

    document: str
    certificate: CertificateInfo
    look: Appearance
    owners: tuple[str, ...]


def seal_document(
    ports: SigningPorts, actor: Actor, request: SealRequest, cancel: CancelToken | None = None
) -> FileRef:
    """Seal a signed document and its separate PDF attachments; answer the sealed file.

    Raises `NotPermitted` with `flow.not_your_key` or `document.role`,
    `RuleViolation("document.not_signed")`, `Damaged("flow.signature_broken")` when the
    person's signature no longer holds, and what the signer raises. Nothing is recorded then.
    """
    check_owner(request.certificate, request.owners)
    if "clerk" not in actor.roles:
        raise NotPermitted("document.role")
    document = current(ports, request.document)
    main = document.main_file
    if main is None or not document.is_signed:
        raise RuleViolation("document.not_signed")
    check_person_signed(ports, main)
    kept, signed = make(
        ports, document.id, main, Purpose.ISSUE, request.certificate, request.look, cancel
    )
    sealed = with_role(kept, main.name, "signed")
    borne = [m.level for m in marks_in(document, main.sha256)]
    ports.later(document.id, sealed.sha256, least((*borne, signed.level)))
    commands: list[Command] = [
        Seal(document.id, sealed, main.sha256, signed.signer, signed.level, signed.field)
    ]
    commands.extend(
        _sign_attachment(ports, document, attachment, request, cancel)
        for attachment in unsigned_attachments(document)
    )
    ports.run(actor, *commands)
    return sealed


def check_person_signed(ports: SigningPorts, file: FileRef) -> None:
    """Raise `Damaged("flow.signature_broken")` unless the file bears an unbroken signature."""
    with ports.vault.open(file.sha256) as stream:
        report = ports.verifier.verify(stream, offline=True)
    broken = report.verdict in (Verdict.INVALID, Verdict.UNSIGNED, Verdict.UNREADABLE)
    if broken or not report.signatures:
        raise Damaged("flow.signature_broken")


def _sign_attachment(
    ports: SigningPorts,
    document: Document,
    attachment: FileRef,
    request: SealRequest,
    cancel: CancelToken | None,
) -> AttachSignature:
    kept, signed = make(
        ports,
        document.id,
        attachment,
        Purpose.ATTACHMENT,
        request.certificate,
        Appearance(lines=attachment_lines(ports, document)),
        cancel,
    )
    file = with_role(kept, attachment.name, "attachment")
    ports.later(document.id, file.sha256, signed.level)
    return AttachSignature(
        document.id,
        file,
        attachment.sha256,
        Purpose.ATTACHMENT.value,
        signed.signer,
        signed.level,
        signed.field,
    )


def attachment_lines(ports: SigningPorts, document: Document) -> tuple[str, ...]:
    """Return the text on a separate attachment: number and notation, then the time (PL I.III)."""
    return (symbol_of(document), time_line(ports.clock.now()))
