"""What is known of the signatures of a file: checked once, kept by the file's hash.

A verdict "unknown" is not kept for long: it is checked again when the document is opened on
another day, since what was missing (a root, a list of revoked certificates) may have come.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.desk import Desk
from app.kernel.clock import local_date
from app.kernel.codec import from_json, to_json
from app.kernel.ports import FileReport, Verdict
from app.kernel.texts import Texts
from app.store import meta
from ui.documents.words import full_moment

_KEY = "verdict:"
_SETTLED = frozenset({Verdict.VALID, Verdict.INVALID, Verdict.NOT_COMPLIANT, Verdict.UNSIGNED})
TONES = {
    Verdict.VALID: "ok",
    Verdict.INVALID: "bad",
    Verdict.NOT_COMPLIANT: "warn",
    Verdict.UNKNOWN: "warn",
    Verdict.UNSIGNED: "info",
    Verdict.UNREADABLE: "bad",
}
ICONS = {"ok": "shield-check", "bad": "shield-x", "warn": "shield-alert", "info": "shield"}
SHIELDS = {"ok": "ok", "bad": "bad", "warn": "warn", "info": "neutral"}


@dataclass(frozen=True, slots=True)
class Summary:
    """The strip over a document: first words, further words, tone."""

    strong: str
    text: str
    tone: str

    @property
    def icon(self) -> str:
        """Return the icon that goes with the tone."""
        return ICONS[self.tone]


class _InVault:
    """A file of the vault where the verifier expects a path to open."""

    def __init__(self, desk: Desk, sha256: str) -> None:
        self._desk = desk
        self._sha256 = sha256

    def open(self, mode: str = "rb") -> Any:
        """Return a reader that decrypts as it goes; nothing plain touches the disk."""
        return self._desk.store.vault.open(self._sha256)


def check(desk: Desk, sha256: str) -> FileReport:
    """Return what is known of a file's signatures, checking them where that is not settled.

    Raises `Unavailable("vault.missing")` while the file is not here. Not for the GUI thread.
    """
    kept = _kept(desk.store.meta(_KEY + sha256))
    today = local_date(desk.clock.now())
    if kept is not None and (kept.verdict in _SETTLED or _day(kept.checked_at) == today):
        return kept
    desk.store.vault.open(sha256).close()
    source: Any = _InVault(desk, sha256)
    report = desk.verifier.verify(source)
    desk.store.set_meta(_KEY + sha256, json.dumps(to_json(report)))
    return report


def known(desk: Desk, hashes: Iterable[str]) -> dict[str, Verdict]:
    """Return the verdicts that are kept, by hash."""
    found: dict[str, Verdict] = {}
    with desk.store.reader() as connection:
        for sha256 in filter(None, hashes):
            kept = _kept(meta.read(connection, _KEY + sha256, ""))
            if kept is not None:
                found[sha256] = kept.verdict
    return found


def _kept(text: str) -> FileReport | None:
    return from_json(FileReport, json.loads(text)) if text else None


def _day(at: datetime | None) -> object:
    return None if at is None else local_date(at)


def summary(texts: Texts, report: FileReport) -> Summary:
    """Put a report into one line."""
    tone = TONES[report.verdict]
    count = len(report.signatures)
    strong = texts(f"pages.verdict.{report.verdict.value}", n=count)
    return Summary(strong, " · ".join(_details(texts, report)), tone)


def _details(texts: Texts, report: FileReport) -> list[str]:
    if report.verdict is not Verdict.VALID:
        reasons = [*report.reasons]
        for signature in report.signatures:
            if signature.verdict is report.verdict:
                reasons += signature.reasons
        kept = dict.fromkeys(reasons)
        return [texts(f"verify.reason.{r}").rstrip(".") for r in list(kept)[:1]]
    changed = any(s.changes != "none" for s in report.signatures)
    words = [texts("pages.verdict.permitted" if changed else "pages.verdict.unchanged")]
    times = [s.signed_at for s in report.signatures if s.signed_at is not None]
    if times:
        stamped = any(s.time_source == "timestamp" for s in report.signatures)
        key = "pages.verdict.stamped" if stamped else "pages.verdict.claimed"
        words.append(texts(key, at=full_moment(max(times))))
    return words
