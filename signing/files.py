"""Sign what is no PDF, by the same tokens and dialogs: any file (CAdES) and XML (XAdES)."""

from __future__ import annotations

import hashlib

from app.kernel.errors import Damaged, Unavailable
from app.kernel.ports import SignedFile, SignJob
from signing import cades, xades
from signing.kinds import is_xml
from signing.openkey import Unlock
from signing.plain import Judges
from signing.streams import reading, working_copy


def sign_other(job: SignJob, unlock: Unlock, judges: Judges) -> SignedFile:
    """Sign one file: XML into itself, any other by a signature beside it in the target.

    Raises `Damaged` for a file that is missing, not as it was shown or no sound XML, and what
    the key raises; then the target has not been written.
    """
    try:
        with reading(job.source) as stream:
            shown = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    except FileNotFoundError as problem:
        raise Damaged("sign_file_missing") from problem
    except OSError as problem:
        raise Unavailable("sign_no_room") from problem
    if job.expected_sha256 not in ("", shown):
        raise Damaged("pdf_not_as_shown")
    signed = _xml(job, unlock, judges) if is_xml(job) else _detached(job, unlock, judges)
    with working_copy(job.target) as copy:
        copy.stream.write(signed.data)
        path = copy.keep()
    digest = hashlib.sha256(signed.data).hexdigest()
    holder = job.certificate.holder
    return SignedFile(path, digest, signed.level, "1", holder, None, signed.warnings)


def _detached(job: SignJob, unlock: Unlock, judges: Judges) -> cades.SignatureFile:
    if job.require_time and not (job.tsa and judges.http):
        raise Unavailable("timestamp_required")
    key = unlock()
    begun = cades.begin_detached(job.source, job.certificate.der, judges, pss=key.pss)
    level = job.level or ("B-T" if job.tsa else "B-B")
    return cades.end_detached(
        begun,
        key.sign(begun.attributes),
        judges,
        level=level,
        tsa=job.tsa,
        require_time=job.require_time,
    )


def _xml(job: SignJob, unlock: Unlock, judges: Judges) -> cades.SignatureFile:
    if job.require_time:
        raise Unavailable("timestamp_required")  # this form carries none
    with reading(job.source) as stream:
        data = stream.read()
    xades.check_xml(data)
    key = unlock()
    begun = xades.begin_xml(data, job.certificate.der, judges, pss=key.pss)
    return cades.SignatureFile(xades.end_xml(begun, key.sign(begun.octets)), "B-B")
