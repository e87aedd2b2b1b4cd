"""Make one PAdES signature: check and copy the file, find the place, sign, complete, put it down.

pyHanko prepares everything in this process; only the signed attributes go to the key, between
`begin` and `end`, so that many documents can be under way at once. The source is never touched:
the signature is made in a copy, beside the target or in the caller's stream.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import SEEK_END, BytesIO
from typing import Any, BinaryIO

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.sign.fields import (
    InvisSigSettings,
    SigFieldSpec,
    SigSeedSubFilter,
    VisibleSigSettings,
)
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.signers.pdf_byterange import PreparedByteRangeDigest
from pyhanko.stamp import StaticStampStyle

from app.kernel.clock import VIETNAM, Clock
from app.kernel.errors import Damaged, RuleViolation, Unavailable
from app.kernel.levels import reaches
from app.kernel.ports import Box, Http, Purpose, SignedFile, SignJob
from app.kernel.purposes import AGENCY_FIELD
from signing.openkey import Unlock
from signing.pdf.appearance import Stamp, stamp_pdf
from signing.pdf.archive import archive_part
from signing.pdf.blanks import find_template
from signing.pdf.cms import KeySigner
from signing.pdf.completion import Means, complete
from signing.pdf.forms import seal_box
from signing.pdf.layout import NO_MARGINS
from signing.pdf.opening import CHUNK, open_repaired, open_writer
from signing.pdf.order import check_order, free_name
from signing.pdf.pages import (
    BAD_FILE,
    StampPage,
    filled_fields,
    open_reader,
    page_object,
    shape_of,
    value_of,
)
from signing.pdf.permissions import check_field
from signing.pdf.placement import find_box
from signing.pdf.templates import empty_fields, field_at, meet_terms
from signing.pdf.wholeness import check_whole
from signing.streams import WorkingCopy, reading, working_copy
from signing.trust.stamps import CheckedTimeStamper
from signing.trust.store import TrustStore

_ROOM = 16384
_ROOM_WITH_TIME = 32768


@dataclass(slots=True)
class Prepared:
    """A checked copy of a document, ready for `begin`, once.

    `template` tells that the field is one that the document brought, empty.
    """

    job: SignJob
    copy: WorkingCopy
    writer: IncrementalPdfFileWriter
    field_name: str
    box: Box | None
    template: bool = False
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ToSign:
    """What the key has to sign for one document; the rest is for `end`."""

    attributes: bytes
    signer: KeySigner
    place: PreparedByteRangeDigest
    pss: bool


@contextmanager
def prepare(job: SignJob) -> Iterator[Prepared]:
    """Copy and check a document; everything that can be refused is refused here, before a PIN.

    Raises `Damaged` for files that are no sound PDF, cut short or not the bytes that were shown,
    and `RuleViolation` for a signature out of order. The copy is removed whatever comes.
    """
    with working_copy(job.target) as copy:
        _copy(job, copy.stream)
        check_whole(copy.stream)
        opened = open_writer(copy.stream, job.password)
        writer, fields = opened.writer, opened.fields
        check_order(job.purpose, writer.prev, fields)
        box = _place(job, copy.stream, writer, fields)
        empty = empty_fields(writer.prev)
        template = field_at(writer, box, job.purpose, empty)
        if template is None:
            name = free_name(job.purpose, {f[0] for f in fields} | {f.name for f in empty})
        else:
            name, job = template.name, meet_terms(template, job)
        check_field(name, fields)
        warnings = ["pdf_repaired"] if opened.repaired else []
        yield Prepared(job, copy, writer, name, box, template is not None, warnings)


def begin(
    prepared: Prepared, *, pss: bool, clock: Clock, trust: TrustStore, http: Http | None
) -> ToSign:
    """Write everything but the signature into the copy and return what the key has to sign.

    No key is needed yet. Without a line no room is kept for a time stamp.
    """
    job = prepared.job
    signer = KeySigner(job.certificate.der, trust, pss=pss)
    line = http if _wants_time(job) else None
    if job.require_time and not (line and job.tsa):
        raise Unavailable("timestamp_required")
    room = _ROOM_WITH_TIME if job.tsa and line else _ROOM
    size = prepared.copy.stream.seek(0, SEEK_END)
    try:
        try:
            digest = _write(prepared, signer, room, clock)
        except BAD_FILE as problem:
            prepared.copy.stream.truncate(size)
            prepared.writer = open_repaired(prepared.copy.stream, problem).writer
            prepared.warnings.append("pdf_repaired")
            digest = _write(prepared, signer, room, clock)
    except (SigningError, *BAD_FILE) as problem:
        raise Damaged("pdf_refuses_signature") from problem
    return ToSign(signer.attributes(digest.document_digest), signer, digest, pss)


def _write(
    prepared: Prepared, signer: KeySigner, room: int, clock: Clock
) -> PreparedByteRangeDigest:
    session = _pdf_signer(prepared, signer).init_signing_session(prepared.writer)
    session.system_time = clock.now().astimezone(VIETNAM)
    tbs = session.prepare_tbs_document(validation_info=None, bytes_reserved=room)
    digest, _ = tbs.digest_tbs_document(in_place=True, chunk_size=CHUNK)
    _check_seen(prepared)
    return digest


def _check_seen(prepared: Prepared) -> None:
    """Raise `PdfReadError` unless a reader finds the new field: damage can hide what is added."""
    reader = open_reader(prepared.copy.stream)
    if reader.encrypted:
        reader.decrypt(prepared.job.password)
    if prepared.field_name not in [name for name, _, _ in filled_fields(reader)]:
        raise PdfReadError("the new field is not seen")


def end(
    prepared: Prepared,
    begun: ToSign,
    signature: bytes,
    *,
    clock: Clock,
    trust: TrustStore,
    http: Http | None,
) -> SignedFile:
    """Fill in the signature, complete as far as the line allows, and give the file its name."""
    job, signer, stream = prepared.job, begun.signer, prepared.copy.stream
    timed, wanted = _wants_time(job), _wanted(job)
    stamper = CheckedTimeStamper(http, job.tsa) if timed and job.tsa and http else None
    begun.place.fill_with_cms(stream, signer.content(begun.attributes, signature, stamper))
    level = "B-B"
    if timed and (signer.no_time or stamper is None):
        if job.require_time:
            raise Unavailable("timestamp_required")
        prepared.warnings.append("timestamp_unavailable")
    elif timed:
        means = Means(trust, clock, http, job.tsa, job.password)
        level = complete(stream, prepared.field_name, wanted, means, prepared.warnings)
    if job.password and not reaches(level, wanted):
        # What completes later opens files without a password: none is kept anywhere.
        prepared.warnings.append("password_not_kept")
    if not begun.pss and job.certificate.token.mechanisms and signer.is_rsa:
        prepared.warnings.append("pkcs1")
    digest = _digest(stream)
    path = prepared.copy.keep()
    return SignedFile(
        path,
        digest,
        level,
        prepared.field_name,
        job.certificate.holder,
        prepared.box,
        tuple(prepared.warnings),
    )


def _wanted(job: SignJob) -> str:
    return job.level or ("B-LT" if job.tsa else "B-B")


def _wants_time(job: SignJob) -> bool:
    return job.require_time or reaches(_wanted(job), "B-T")


def sign(
    job: SignJob, unlock: Unlock, *, clock: Clock, trust: TrustStore, http: Http | None
) -> SignedFile:
    """Prepare, and sign with a key between `begin` and `end`."""
    with prepare(job) as prepared:
        key = unlock()
        begun = begin(prepared, pss=key.pss, clock=clock, trust=trust, http=http)
        signature = key.sign(begun.attributes)
        return end(prepared, begun, signature, clock=clock, trust=trust, http=http)


def _pdf_signer(prepared: Prepared, signer: KeySigner) -> PdfSigner:
    job, box = prepared.job, prepared.box
    metadata = PdfSignatureMetadata(
        field_name=prepared.field_name,
        md_algorithm="sha256",
        location=job.location or None,
        reason=job.reason or None,
        name=job.certificate.holder or None,
        subfilter=SigSeedSubFilter.PADES,
        signer_key_usage=set(),
    )
    place, style = None, None
    if box is not None:
        shape = shape_of(page_object(prepared.writer, box.page))
        place = tuple(round(value, 2) for value in shape.to_own(box))
        stamp = Stamp(box.width, box.height, job.image, job.lines)
        archive = archive_part(prepared.writer.root)
        picture = stamp_pdf(stamp, shape.rotation, archive=archive)
        style = StaticStampStyle(
            background=StampPage(BytesIO(picture), opaque=archive == 1),
            background_layout=NO_MARGINS,
            border_width=0,
        )
    spec = SigFieldSpec(
        prepared.field_name,
        on_page=box.page if box else 0,
        box=place,  # type: ignore[arg-type]
        invis_sig_settings=InvisSigSettings(set_print_flag=True),
        visible_sig_settings=VisibleSigSettings(rotate_with_page=True),
    )
    new = None if prepared.template else spec
    return PdfSigner(metadata, signer, stamp_style=style, new_field_spec=new)


def _copy(job: SignJob, sink: BinaryIO) -> None:
    """Copy while hashing: what is signed are the very bytes that were shown."""
    digest = hashlib.sha256()
    size = 0
    try:
        with reading(job.source) as source:
            while block := source.read(CHUNK):
                if size == 0 and b"%PDF-" not in block[:1024]:
                    raise Damaged("pdf_not_pdf")
                digest.update(block)
                sink.write(block)
                size += len(block)
    except FileNotFoundError as problem:
        raise Damaged("pdf_missing") from problem
    except OSError as problem:
        raise Unavailable("sign_no_room") from problem
    if size == 0:
        raise Damaged("pdf_empty")
    if job.expected_sha256 and digest.hexdigest() != job.expected_sha256:
        raise Damaged("pdf_not_as_shown")


def _place(
    job: SignJob, stream: BinaryIO, writer: Any, fields: list[tuple[str, Any, Any]]
) -> Box | None:
    """Return where the picture goes; None makes an invisible signature, having nothing to show."""
    if not job.image and not job.lines:
        return None
    box = job.box
    if box is None and job.purpose is Purpose.ISSUE:
        box = find_template(stream, job.purpose, job.password) or _seal_place(writer, fields)
    if box is None:
        box = find_box(
            stream, job.signer_name, job.signer_title, job.purpose, len(job.lines), job.password
        )
    if box is None:
        raise RuleViolation("sign_place_unknown", "box")
    return box


def _seal_place(writer: Any, fields: list[tuple[str, Any, Any]]) -> Box | None:
    """Return the place over the left third of the last person's visible signature."""
    for name, _, widget in reversed(fields):
        page, rect = value_of(widget, "/P"), value_of(widget, "/Rect")
        if name.startswith(AGENCY_FIELD) or page is None or rect is None:
            continue
        left, bottom, right, top = (float(value) for value in rect)
        number = _page_number(writer, widget)
        if right > left and top > bottom and number is not None:
            shape = shape_of(page_object(writer, number))
            x1, y1, x2, y2 = shape.to_shown((left, bottom, right, top))
            return seal_box(Box(number, x1, y1, x2 - x1, y2 - y1))
    return None


def _page_number(writer: Any, widget: Any) -> int | None:
    wanted = widget.raw_get("/P").reference
    for number in range(int(writer.root["/Pages"]["/Count"])):
        if writer.find_page_for_modification(number)[0].reference == wanted:
            return number
    return None


def _digest(stream: BinaryIO) -> str:
    stream.seek(0)
    return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
