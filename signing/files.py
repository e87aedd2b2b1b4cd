"""Sign what is no PDF, by the same tokens and dialogs: any file (CAdES) and XML (XAdES)."""

from __future__ import annotations

import hashlib

from app.kernel.errors import Damaged, Unavailable
from app.kernel.levels import reaches
from app.kernel.ports import SignedFile, SignJob
from signing import cades, xades
from signing.kinds import is_xml
from signing.openkey import Unlock
from signing.plain import Judges
from signing.streams import reading, working_copy
from signing.trust.stamps import CheckedTimeStamper


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
    if job.require_time and not (job.tsa and judges.http):
        raise Unavailable("timestamp_required")
    data, stamped = (_xml if is_xml(job) else _detached)(job, unlock, judges)
    if job.require_time and not stamped:
        raise Unavailable("timestamp_required")
    with working_copy(job.target) as copy:
        copy.stream.write(data)
        path = copy.keep()
    level = "B-T" if stamped else "B-B"
    warnings = ("timestamp_unavailable",) if _wants_time(job) and not stamped else ()
    digest, holder = hashlib.sha256(data).hexdigest(), job.certificate.holder
    return SignedFile(path, digest, level, "1", holder, None, warnings)


def _wants_time(job: SignJob) -> bool:
    return job.require_time or reaches(job.level or ("B-T" if job.tsa else "B-B"), "B-T")


def _stamper(job: SignJob, judges: Judges) -> CheckedTimeStamper | None:
    if not (_wants_time(job) and job.tsa and judges.http):
        return None
    return CheckedTimeStamper(judges.http, job.tsa)


def _detached(job: SignJob, unlock: Unlock, judges: Judges) -> tuple[bytes, bool]:
    key = unlock()
    begun = cades.begin_detached(job.source, job.certificate.der, judges, pss=key.pss)
    return cades.end_detached(begun, key.sign(begun.attributes), _stamper(job, judges))


def _xml(job: SignJob, unlock: Unlock, judges: Judges) -> tuple[bytes, bool]:
    with reading(job.source) as stream:
        data = stream.read()
    xades.check_xml(data)
    key = unlock()
    begun = xades.begin_xml(data, job.certificate.der, judges, pss=key.pss)
    return xades.end_xml(begun, key.sign(begun.octets), _stamper(job, judges))
