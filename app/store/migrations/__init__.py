"""The numbered steps from an empty database to today's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from app.store.migrations import (
    m0001_first,
    m0002_file_checks,
    m0003_audit,
    m0004_completions,
    m0005_digests,
    m0007_snapshots,
    m0008_files,
)


@dataclass(frozen=True, slots=True)
class Migration:
    """One step; its number never changes and its text is never edited once released."""

    number: int
    name: str
    run: Callable[[Connection], None]


MIGRATIONS: tuple[Migration, ...] = (
    Migration(1, "first", m0001_first.run),
    Migration(2, "file_checks", m0002_file_checks.run),
    Migration(3, "audit", m0003_audit.run),
    Migration(4, "completions", m0004_completions.run),
    Migration(5, "digests", m0005_digests.run),
    Migration(7, "snapshots", m0007_snapshots.run),
    Migration(8, "files", m0008_files.run),
)
