"""What signing files does off the GUI thread: whose keys, what is seen, the signing itself."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from app.desk import Desk
from app.files import completions
from app.files.pdf import MAX_BYTES, check_size, opened, password_for, without_password
from app.flows.places import KeptPlace, kept_place
from app.flows.sign_files import PDF, FilePorts, FileRequest, sign_files, write_list
from app.flows.signing import Appearance
from app.identity.model import Unit
from app.kernel.actor import Actor
from app.kernel.batch import BatchControl
from app.kernel.clock import VIETNAM
from app.kernel.errors import Unavailable
from app.kernel.ports import Box, CertificateInfo, Purpose
from app.kernel.purposes import FORMS, Look, Place
from signing.pdf.placement import locate
from ui.outgoing import model_keys
from ui.outgoing.model_keys import AskedPin, Key, Patient
from ui.outgoing.owners import owners_of

# A file of the disk has no type that its place could go by
KIND = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """What the person chose: the key, the words, the level, and the page that was shown.

    `level` is "" for the one that the province wants. `mark` and `listed` name the results.
    """

    purpose: Purpose
    certificate: CertificateInfo
    mark: str
    listed: str
    text: str = ""
    level: str = ""
    box: Box | None = None
    shown: str = ""
    passwords: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Seen:
    """A PDF as it lies on the disk, and where the words of its page put a signature.

    `sha256` is that of the file; `data` are its pages, without the password that it may have.
    """

    path: Path
    data: bytes
    sha256: str
    box: Box | None
    kept: KeptPlace | None


def files_in(folder: Path) -> tuple[Path, ...]:
    """Return the files of a folder that are not hidden; raises `Unavailable("file.unreadable")`."""
    try:
        return tuple(sorted(p for p in folder.iterdir() if p.is_file() and p.name[0] != "."))
    except OSError as problem:
        raise Unavailable("file.unreadable") from problem


def keys_of(desk: Desk, actor: Actor, purpose: Purpose) -> tuple[Key, ...]:
    """Return the keys in the slots now that may sign for this purpose, the longest lived first."""
    owners = owners_of(desk, actor, purpose)
    return model_keys.keys_of(desk, owners) if owners else ()


def see(
    desk: Desk, actor: Actor, purpose: Purpose, path: Path, passwords: tuple[str, ...] = ()
) -> Seen:
    """Read a PDF and look for the place of its signature.

    The words tell nothing of a seal: it goes over the signature that the file bears. Raises as
    `app.files.pdf.opened` does.
    """
    try:
        check_size(path.stat().st_size)
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as problem:
        raise Unavailable("file.unreadable") from problem
    box = None
    sha256, password = hashlib.sha256(data).hexdigest(), password_for(data, passwords)
    with opened(data, password) as document:
        if purpose is not Purpose.ISSUE and FORMS[purpose].place is not Place.NOWHERE:
            # One line will be typed
            lines = len(_lines(desk, actor, " "))
            box = locate(document, actor.name, actor.title, purpose, lines)
        if password:
            data = without_password(document)
    kept = kept_place(desk.store, actor.agency, KIND, purpose)
    return Seen(path, data, sha256, box, kept)


def look_of(desk: Desk, actor: Actor, ask: Ask) -> Appearance:
    """Return what is seen of a signature (Decree 30/2020, Annex I, II.7-8 and III.1)."""
    image = b""
    lines: tuple[str, ...] = ()
    unit: Unit | None = desk.store.get("unit", actor.agency)
    match FORMS[ask.purpose].look:
        case Look.SIGNATURE:
            image = model_keys.signature_image(desk, ask.certificate)
        case Look.SEAL:
            agency = unit.name if unit is not None else ask.certificate.holder
            image = model_keys.seal_image(desk, ask.certificate, agency)
        case Look.LINES:
            lines = _lines(desk, actor, ask.text)
    return Appearance(image, ask.box, actor.title, lines)


def _lines(desk: Desk, actor: Actor, text: str) -> tuple[str, ...]:
    """Return the block at the top right: what was typed, the agency, the time of signing."""
    unit: Unit | None = desk.store.get("unit", actor.agency)
    at = desk.clock.now().astimezone(VIETNAM)
    typed = tuple(line for line in text.splitlines() if line)
    agency = (unit.name,) if unit is not None else ()
    return (*typed, *agency, f"{at:%d/%m/%Y %H:%M:%S} +07:00")


def sign(
    desk: Desk,
    actor: Actor,
    ask: Ask,
    paths: Sequence[Path],
    prompts: AskedPin,
    control: BatchControl,
) -> dict[Path, Path]:
    """Sign files; answer where the result of each lies. Raises what opening the key raises."""
    signer = Patient(desk.signer, prompts)
    ports = FilePorts(signer, signer, desk.verifier, prompts, desk.note, desk.completions.add_file)
    request = _request(desk, actor, ask)
    with desk.signer.one_pin():
        if ask.purpose is not Purpose.FILES:
            made = sign_files(ports, actor, request, paths, control)
            return {p.source: p.target for p in made if p.target is not None}
        return _sign_list(desk, actor, request, ports, ask.listed, paths, control)


def _sign_list(
    desk: Desk,
    actor: Actor,
    request: FileRequest,
    ports: FilePorts,
    name: str,
    paths: Sequence[Path],
    control: BatchControl,
) -> dict[Path, Path]:
    written = write_list(paths, name, desk.clock.now())
    target: Path | None = None
    try:
        target = sign_files(ports, actor, request, [written], control)[0].target
    finally:
        if target is None:
            written.unlink()
    return dict.fromkeys(paths, target) if target is not None else {}


def _request(desk: Desk, actor: Actor, ask: Ask) -> FileRequest:
    settings = desk.settings
    return FileRequest(
        ask.purpose,
        ask.certificate,
        owners_of(desk, actor, ask.purpose),
        look_of(desk, actor, ask),
        ask.mark,
        reason=ask.text if ask.purpose is Purpose.COMMENT else "",
        # The agency's name stands in the head of its papers, where no seal belongs
        signer_name="" if ask.purpose is Purpose.ISSUE else actor.name,
        shown=ask.shown,
        tsa=settings.text("tsa_url"),
        level=wanted_level(desk, ask),
        require_time=settings.get("require_timestamp") is True,
        place=kept_place(desk.store, actor.agency, KIND, ask.purpose),
        passwords=ask.passwords,
    )


def wanted_level(desk: Desk, ask: Ask) -> str:
    """Return the level that was chosen, else the province's where there is a time stamp."""
    settings = desk.settings
    return ask.level or (settings.text("signature_level") if settings.text("tsa_url") else "")


def standings(
    connection: Connection, _: Actor, paths: Sequence[Path]
) -> dict[Path, completions.Job]:
    """Return how the completion of signed files stands, of those that are in the queue."""
    found = {p: completions.job_of(connection, completions.FILE, str(p.absolute())) for p in paths}
    return {path: job for path, job in found.items() if job is not None}


def is_pdf(path: Path) -> bool:
    """Tell by its name whether a file is a PDF."""
    return path.suffix.lower() == PDF
