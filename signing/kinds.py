"""Which form of signature a file gets, by its names alone: nothing is opened for it."""

from __future__ import annotations

from pathlib import Path

from app.kernel.ports import Purpose, SignJob

PDF = ".pdf"
XML = ".xml"


def is_other(job: SignJob) -> bool:
    """Tell whether a job is for a file apart: a list of files, or by both its names no PDF."""
    if job.purpose is Purpose.FILES:
        return True
    if isinstance(job.target, Path) and job.target.suffix.lower() == PDF:
        return False
    return isinstance(job.source, Path) and job.source.suffix.lower() not in ("", PDF)


def is_xml(job: SignJob) -> bool:
    """Tell whether a file apart bears its signature itself."""
    named = isinstance(job.source, Path) and job.source.suffix.lower() == XML
    return named and job.purpose is not Purpose.FILES
