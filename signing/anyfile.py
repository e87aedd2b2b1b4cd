"""One checker for every kind of signed file: PDF, a file with its `.p7s`, XML."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from app.kernel.ports import FileReport, Verifier
from signing import cades, xades
from signing.kinds import XML
from signing.plain import Judges, file_report

_MOST_XML = (32 << 20) + 1
_MOST_P7S = (4 << 20) + 1


class AnyVerifier:
    """The kernel's `Verifier`: chooses by the name of a file, and takes a stream for a PDF."""

    def __init__(self, pdf: Verifier, judges: Judges) -> None:
        self._pdf = pdf
        self._judges = judges

    def verify(
        self,
        source: Path | BinaryIO,
        at: datetime | None = None,
        *,
        offline: bool = False,
        password: str = "",
    ) -> FileReport:
        """Verify; bad files come back as verdicts, never as exceptions.

        A `.p7s` is checked over the file beside it that bears its name without the ending.
        """
        ending = source.suffix.lower() if isinstance(source, Path) else ""
        if isinstance(source, Path) and ending == cades.ENDING:
            beside = source.with_suffix("")
            return self._read(
                source,
                _MOST_P7S,
                lambda data: cades.verify_detached(data, beside, self._judges, at, offline=offline),
            )
        if isinstance(source, Path) and ending == XML:
            return self._read(
                source,
                _MOST_XML,
                lambda data: xades.verify_xml(data, self._judges, at, offline=offline),
            )
        return self._pdf.verify(source, at, offline=offline, password=password)

    def _read(self, path: Path, most: int, check: Callable[[bytes], FileReport]) -> FileReport:
        try:
            with path.open("rb") as stream:
                data = stream.read(most)
        except OSError:
            return file_report([], "", self._judges.clock.now(), "file_missing")
        return check(data)
