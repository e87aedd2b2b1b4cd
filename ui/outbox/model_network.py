"""The network check in words, and the report that a person hands to those who help."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from app.desk import Desk
from app.kernel.clock import VIETNAM
from app.kernel.errors import Unavailable
from app.kernel.network import NetworkFinding
from app.kernel.ports import CancelToken
from app.kernel.texts import Texts
from ui.bridge.steps import Walk
from ui.kit.findings import FAIL, WARN, Told


def walk(desk: Desk, cancel: CancelToken) -> Walk:
    """Yield what is found on the way to this desk's server."""
    if desk.network is not None:
        yield from desk.network(cancel)


def told(texts: Texts, finding: NetworkFinding) -> Told:
    """Put a finding into words."""
    part = texts(f"netpage.part.{finding.part}")
    return Told(
        f"{part} · {texts(f'netpage.step.{finding.step}')}",
        finding.state,
        texts(f"netpage.state.{finding.state}"),
        texts(f"network.{finding.code}", **finding.params),
        texts(f"network.{finding.code}.do", **finding.params),
    )


def verdict(texts: Texts, found: Sequence[NetworkFinding]) -> tuple[str, str]:
    """Return whose fault it is, and its tone."""
    for finding in found:
        if finding.state == FAIL:
            return texts(f"netpage.verdict.{finding.part}"), "bad"
    if any(f.state == WARN for f in found):
        return texts("netpage.verdict.warn"), "warn"
    return texts("netpage.verdict.ok"), "ok"


def report(texts: Texts, found: Sequence[NetworkFinding], at: datetime) -> str:
    """Return the findings as plain text; of documents and persons nothing is asked or said."""
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    when = f"{at.astimezone(VIETNAM):%d/%m/%Y %H:%M}"
    lines = [texts("netpage.report", at=when), system, "", verdict(texts, found)[0], ""]
    for finding in found:
        one = told(texts, finding)
        lines.append(f"[{one.state_text}] {one.step}: {one.text} ({finding.code})")
        if one.remedy:
            lines.append(f"    → {one.remedy}")
    return "\n".join(lines) + "\n"


def write(path: Path, text: str) -> None:
    """Write a report; raises `Unavailable("report.unwritable")`."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Unavailable("report.unwritable") from error


def remember(desk: Desk, user: str, password: str) -> None:
    """Keep what the system's proxy wants to hear, and have the line tried again."""
    if desk.network is not None:
        desk.network.remember_proxy(user, password)
    if desk.sync is not None:
        desk.sync.line_changed()
