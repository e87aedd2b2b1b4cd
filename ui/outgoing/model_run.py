"""What a run of the signing box does on the lanes: number, sign, give back. Holds no QObject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.desk import Desk
from app.files.model import FileRef
from app.flows.sign_document import SignRequest, sign_document
from app.flows.sign_many import Seen, give_back_many, number_many, sign_many
from app.flows.signing import Appearance
from app.kernel.actor import Actor
from app.kernel.batch import BatchControl, Tally
from app.kernel.errors import HoaBanError
from app.kernel.ports import Box
from ui.bridge.runner import Cancellation
from ui.outgoing import model_keys
from ui.outgoing.model_keys import AskedPin, Key, Patient, ports_of
from ui.outgoing.model_preview import Preview, places


@dataclass(frozen=True, slots=True)
class Wanted:
    """A document of a run: where its box was moved to, and what was looked at of it."""

    document: str
    box: Box | None = None
    content: str = ""


@dataclass
class Run:
    """What is being signed in one go; `reason` is what the book says of a number given back."""

    wanted: list[Wanted]
    key: Key
    prompts: AskedPin
    reason: str
    cancel: Cancellation = field(default_factory=Cancellation)
    control: BatchControl = field(default_factory=BatchControl)
    total: int = 0
    numbered: int = 0
    signing: bool = False
    heard: int = 0
    waiting: int = 0
    refused: int = 0
    shown: Preview | None = None

    @property
    def many(self) -> bool:
        """Tell whether one key signs several documents; else the page is shown first."""
        return self.total > 1

    @property
    def unseen(self) -> int:
        """Return how many documents the person has not looked at."""
        return sum(not w.content for w in self.wanted)

    @property
    def tally(self) -> Tally:
        """Return how far the run is, numbering aside."""
        now = self.control.tally
        failed = now.failed + self.refused
        return Tally(self.total, now.done, failed, now.seconds_left, now.paused)

    def stop(self) -> None:
        """Stop between two documents."""
        self.cancel.cancel()
        self.control.cancel()


def _request(
    desk: Desk, actor: Actor, run: Run, document: str, box: Box | None, title: str = ""
) -> SignRequest:
    certificate = run.key.certificate
    image = model_keys.signature_image(desk, certificate)
    look = Appearance(image=image, box=box, title=title)
    names = model_keys.person_names(actor)
    return SignRequest(document, certificate, look, run.reason, names)


def sign_shown(desk: Desk, actor: Actor, run: Run, preview: Preview, box: Box | None) -> FileRef:
    """Sign the bytes that were shown."""
    title = preview.document.particulars.signer_title
    request = _request(desk, actor, run, preview.document.id, box, title)
    ports = ports_of(desk, run.prompts, preview.sha256)
    return sign_document(ports, actor, request, run.cancel)


def release(
    desk: Desk, actor: Actor, prompts: AskedPin, documents: Sequence[str], reason: str
) -> None:
    """Give the numbers back of what was not signed."""
    give_back_many(ports_of(desk, prompts), actor, documents, reason)


def number_all(desk: Desk, actor: Actor, run: Run) -> Mapping[str, HoaBanError]:
    """Reserve the numbers of a run; return what has none, and why."""

    def told(done: int, total: int) -> None:  # noqa: ARG001 - a kernel `Progress`
        run.numbered = done

    documents = [w.document for w in run.wanted]
    ports = ports_of(desk, run.prompts)
    return number_many(ports, actor, documents, run.reason, run.cancel, told)


def sign_all(desk: Desk, actor: Actor, run: Run) -> None:
    """Sign what has its number with one key."""
    first = _request(desk, actor, run, "", None)
    seen = [Seen(_of(first, w), w.content) for w in run.wanted]
    signer = Patient(desk.signer, run.prompts)
    sign_many(ports_of(desk, run.prompts), signer, actor, seen, places(desk, actor), run.control)


def _of(first: SignRequest, wanted: Wanted) -> SignRequest:
    """Return the request of one document: the picture is read once for all."""
    look = Appearance(image=first.look.image, box=wanted.box)
    return SignRequest(wanted.document, first.certificate, look, first.release_reason, first.owners)
