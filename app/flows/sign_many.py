"""The leader signs many documents with one PIN; each goes by the rules of a single one.

All get their numbers first, in the order of the list, so that the book has them in that order.
Then one key signs them; what a document is left with is decided at the end, the last number
first: a number goes back into the book only while none has followed it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import BinaryIO

from app.documents.model import Document, State
from app.documents.rules.checks import in_state
from app.files.model import FileRef
from app.flows.ports import SigningPorts
from app.flows.sign_document import (
    SignRequest,
    bearing_number,
    content_of,
    current,
    give_back,
    recorded,
    reserved,
    with_its_number,
)
from app.flows.signing import GROWTH, check_owner, job_of, names_of, noted, taken
from app.kernel.actor import Actor
from app.kernel.batch import BatchControl, BatchSigner
from app.kernel.command import Command
from app.kernel.errors import Cancelled, Damaged, HoaBanError
from app.kernel.ports import Box, CancelToken, Progress, Purpose, SignedFile, SignJob
from app.store.spool import spool

FindPlace = Callable[[Document, BinaryIO], Box | None]


@dataclass(frozen=True, slots=True)
class Seen:
    """A document of a run; `content` is what the person looked at (`content_of`), "" if nothing."""

    request: SignRequest
    content: str = ""


def number_many(
    ports: SigningPorts,
    actor: Actor,
    documents: Sequence[str],
    reason: str,
    cancel: CancelToken,
    told: Progress,
) -> Mapping[str, HoaBanError]:
    """Reserve numbers in order; return what stands against each document that has none.

    Raises `Cancelled` after giving back, for `reason`, what was reserved.
    """
    refused: dict[str, HoaBanError] = {}
    waiting: list[str] = []
    try:
        for place, document in enumerate(documents):
            cancel.raise_if_cancelled()
            told(place, len(documents))
            try:
                if reserved(ports, actor, document).state is State.AWAITING_NUMBER:
                    waiting.append(document)
            except HoaBanError as error:
                refused[document] = error
        if waiting:
            ports.exchange()
        cancel.raise_if_cancelled()
    except Cancelled:
        give_back_many(ports, actor, documents, reason)
        raise
    for document in waiting:
        try:
            with_its_number(ports, document)
        except HoaBanError as error:
            refused[document] = error
    return refused


def sign_many(
    ports: SigningPorts,
    signer: BatchSigner,
    actor: Actor,
    run: Sequence[Seen],
    find_place: FindPlace,
    control: BatchControl,
) -> None:
    """Sign documents that bear their numbers with one key; `control` has each one's end.

    When the person stops, the numbers of what was not signed go back. When the key ends the
    run, or cannot be opened, the documents keep their numbers and wait; then what opening the
    key raised is raised.
    """
    first = run[0].request
    pieces = [DocumentPiece(ports, actor, seen, find_place) for seen in run]
    try:
        signer.sign_batch(pieces, first.certificate, ports.prompts, Purpose.APPROVE, control)
        if control.cancelled:
            raise Cancelled
    except Cancelled:
        give_back_many(ports, actor, [piece.id for piece in pieces], first.release_reason)
        raise


def give_back_many(
    ports: SigningPorts, actor: Actor, documents: Sequence[str], reason: str
) -> None:
    """Release the numbers of what was not signed, the last first, as far as the book allows."""

    def number(document: str) -> int:
        return current(ports, document).reserved or 0

    for document in sorted(documents, key=number, reverse=True):
        give_back(ports, actor, document, reason)


class DocumentPiece:
    """One document of a run, as the batch engine takes it; its bytes lie in the vault alone."""

    def __init__(
        self, ports: SigningPorts, actor: Actor, seen: Seen, find_place: FindPlace
    ) -> None:
        self._ports = ports
        self._actor = actor
        self._seen = seen
        self._find_place = find_place
        self._held = ExitStack()
        self._commands: list[Command] = []

    @property
    def id(self) -> str:
        """Return the document."""
        return self._seen.request.document

    def open(self) -> SignJob:
        """Set number and date on the page and take it from the vault.

        Raises `NotPermitted("flow.not_your_key")`, `Conflict("document.state")` for a document
        that is signed or gone back, and `Damaged("pdf_not_as_shown")` for one that has changed
        since the person looked at it.
        """
        ports, request = self._ports, self._seen.request
        check_owner(request.certificate, names_of(self._actor, request.owners))
        document = current(ports, self.id)
        in_state(document, State.NUMBERED)
        if self._seen.content not in ("", content_of(document)):
            raise Damaged("pdf_not_as_shown")
        self._source = bearing_number(ports, document, self._commands)
        shown = self._held.enter_context(ports.vault.open(self._source.sha256))
        self._target = self._held.enter_context(spool(self._source.size + GROWTH))
        box = request.look.box or self._find_place(document, shown)
        look = replace(request.look, title=document.particulars.signer_title, box=box)
        return job_of(
            ports,
            (shown, self._target),
            self._source,
            Purpose.APPROVE,
            request.certificate,
            look,
        )

    def keep(self, signed: SignedFile) -> None:
        """Check the result, keep it in the vault and record the signature."""
        ports = self._ports
        kept = taken(ports, self._source, self._target, signed)
        self._record(kept, signed)
        self._held.close()

    def _record(self, kept: FileRef, signed: SignedFile) -> None:
        ports = self._ports
        self._note("done", kept.sha256)
        attach = recorded(ports, self.id, self._source, kept, signed)
        ports.run(self._actor, *self._commands, attach)

    def drop(self, error: HoaBanError | None) -> None:
        """Let the streams go; the number is decided on when the run is over."""
        self._held.close()
        if error is not None:
            self._note(error.code)

    def _note(self, outcome: str, *more: str) -> None:
        request = self._seen.request
        noted(self._ports, self.id, Purpose.APPROVE, request.certificate, outcome, *more)
