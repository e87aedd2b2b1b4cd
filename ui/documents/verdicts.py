"""What is known of the signatures of a file, and how it is said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.desk import Desk
from app.files import checks
from app.kernel.clock import local_date
from app.kernel.ports import FileReport, Verdict
from app.kernel.texts import Texts
from ui.documents.words import full_moment

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


def check(desk: Desk, sha256: str) -> FileReport:
    """Return what is known of a file's signatures, looking at them where nobody did yet.

    What was "unknown" is looked at again with a line, or on another day. Raises
    `Unavailable("vault.missing")` while the file is not here. Not for the GUI thread.
    """
    with desk.store.reader() as connection:
        kept = checks.report_of(connection, sha256)
    if kept is not None and (kept.verdict in _SETTLED or _today(desk, kept.checked_at)):
        return kept
    return desk.arrivals.check(sha256)


def known(desk: Desk, hashes: Iterable[str]) -> dict[str, str]:
    """Return what is kept of files, by hash: a verdict, or `SECRET`."""
    with desk.store.reader() as connection:
        return checks.verdicts(connection, hashes)


def is_secret(desk: Desk, sha256: str) -> bool:
    """Tell whether a file bears a mark of secrecy and is kept back."""
    with desk.store.reader() as connection:
        return checks.is_secret(connection, sha256)


def shield(texts: Texts, kept: str) -> tuple[str, str]:
    """Return shield and words of what is kept of a file, both "" where nothing is."""
    if not kept:
        return "", ""
    if kept == checks.SECRET:
        return "bad", texts("pages.secret")
    return SHIELDS[TONES[Verdict(kept)]], texts(f"verify.verdict.{kept}")


def _today(desk: Desk, at: datetime | None) -> bool:
    return at is not None and local_date(at) == local_date(desk.clock.now())


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
