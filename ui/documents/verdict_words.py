"""What is said of one signature, in plain sentences that eyes and screen readers both take."""

from __future__ import annotations

from datetime import datetime

from app.kernel.clock import VIETNAM
from app.kernel.ports import ShownChange, SignatureReport, StatusFact
from app.kernel.texts import Texts
from ui.documents.words import full_moment
from ui.kit.pdfview.frames import Frame

_LEVELS = frozenset({"B-B", "B-T", "B-LT", "B-LTA"})
_TIMES = frozenset({"timestamp", "document", "claimed"})
_PERMITTED = "permitted"


def verdict_of(texts: Texts, report: SignatureReport) -> str:
    """Return the verdict in a word or two."""
    return texts(f"verify.verdict.{report.verdict.value}")


def signer_of(texts: Texts, report: SignatureReport) -> str:
    """Return who signed, or that nobody knows."""
    return report.signer or texts("pages.verify.no_name")


def reasons_of(texts: Texts, report: SignatureReport) -> tuple[str, ...]:
    """Return why the verdict is what it is."""
    return tuple(texts(f"verify.reason.{reason}") for reason in report.reasons)


def facts_of(texts: Texts, report: SignatureReport) -> tuple[str, ...]:
    """Return what is known besides: time and its source, level, certificate, status, changes."""
    lines = (
        _time(texts, report),
        _level(texts, report.level),
        _certificate(texts, report),
        _status(texts, report.status),
        texts(f"pages.verify.changes.{report.changes}"),
        texts("pages.verify.shown", n=len(report.shown)) if report.shown else "",
    )
    return tuple(line for line in lines if line)


def spoken(texts: Texts, number: int, report: SignatureReport) -> str:
    """Return the whole signature as a screen reader says it: sentence after sentence."""
    who = signer_of(texts, report)
    if report.organisation:
        who = f"{who}, {report.organisation}"
    head = texts("pages.verify.spoken", n=number, who=who, verdict=verdict_of(texts, report))
    said = (head, *reasons_of(texts, report), *facts_of(texts, report))
    return " ".join(line if line.endswith(".") else f"{line}." for line in said)


def frames_of(texts: Texts, reports: tuple[SignatureReport, ...]) -> tuple[Frame, ...]:
    """Return the places that changed, each once, with a word; what is allowed has a mild tone."""
    found: dict[ShownChange, Frame] = {}
    for report in reports:
        tone = "info" if report.changes == _PERMITTED else "bad"
        for change in report.shown:
            if change not in found or tone == "bad":
                word = texts(f"pages.verify.change.{change.kind}")
                found[change] = Frame(change.box, word, tone)
    return tuple(found.values())


def _time(texts: Texts, report: SignatureReport) -> str:
    known = report.signed_at is not None and report.time_source in _TIMES
    source = report.time_source if known else "none"
    return texts(f"pages.verify.time.{source}", at=full_moment(report.signed_at))


def _level(texts: Texts, level: str) -> str:
    return texts(f"pages.verify.level.{level}") if level in _LEVELS else ""


def _certificate(texts: Texts, report: SignatureReport) -> str:
    parts = [texts("pages.verify.issuer", name=report.issuer)] if report.issuer else []
    if report.valid_from is not None and report.valid_until is not None:
        first, last = _day(report.valid_from), _day(report.valid_until)
        parts.append(texts("pages.verify.validity", first=first, last=last))
    return " ".join(parts)


def _status(texts: Texts, status: StatusFact | None) -> str:
    if status is None:
        return ""
    if not status.source:
        return texts("pages.verify.status.none")
    at = full_moment(status.produced_at)
    said = texts(f"pages.verify.status.{_whence(status)}", source=status.source.upper(), at=at)
    if status.next_update is None:
        return said
    return f"{said} {texts('pages.verify.status.next', at=full_moment(status.next_update))}"


def _whence(status: StatusFact) -> str:
    if status.in_file:
        return "in_file"
    return "kept" if status.kept else "asked"


def _day(at: datetime) -> str:
    return f"{at.astimezone(VIETNAM):%d/%m/%Y}"
