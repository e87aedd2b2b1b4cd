"""Which file came of which: signing and completing put a new file in the place of another."""

from __future__ import annotations

from app.documents.model import Document
from app.files.model import FileRef


def current_file(document: Document, sha256: str) -> FileRef | None:
    """Return the file that stands for these bytes now: itself, or what completed it."""
    after = {c.source: c.sha256 for c in document.completed}
    held = {f.sha256: f for f in document.files}
    seen: set[str] = set()
    while sha256 not in held and sha256 in after and sha256 not in seen:
        seen.add(sha256)
        sha256 = after[sha256]
    return held.get(sha256)


def ancestors(document: Document, sha256: str) -> frozenset[str]:
    """Return the hashes of a file and of every file that it was made of by adding."""
    before = {s.sha256: s.source for s in document.signatures}
    before |= {c.sha256: c.source for c in document.completed}
    found = {sha256}
    while (sha256 := before.get(sha256, "")) and sha256 not in found:
        found.add(sha256)
    return frozenset(found)
