"""What the check of the signing devices says, on the screen and in the report for support."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import datetime

from app.kernel.clock import VIETNAM
from app.kernel.ports import Finding
from app.kernel.texts import Texts
from ui.kit.findings import FAIL, WARN, Told


def told(texts: Texts, finding: Finding) -> Told:
    """Put a finding into words."""
    values = finding.params
    return Told(
        texts(f"devices.step.{finding.step}"),
        finding.state,
        texts(f"devices.state.{finding.state}"),
        texts(f"diagnosis.{finding.code}", **values),
        texts(f"diagnosis.{finding.code}.do", **values),
    )


def summary(texts: Texts, found: Sequence[Told]) -> tuple[str, str]:
    """Return what all findings come to, and its tone."""
    failed = sum(f.state == FAIL for f in found)
    warned = sum(f.state == WARN for f in found)
    if failed:
        return texts("devices.summary.fail", n=failed, warned=warned), "bad"
    if warned:
        return texts("devices.summary.warn", n=warned), "warn"
    return texts("devices.summary.ok"), "ok"


def report(texts: Texts, found: Sequence[Told], at: datetime) -> str:
    """Return the findings as plain text that a person hands to support."""
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    when = f"{at.astimezone(VIETNAM):%d/%m/%Y %H:%M}"
    lines = [texts("devices.report", at=when), system, ""]
    for one in found:
        lines.append(f"[{one.state_text}] {one.step}: {one.text}")
        if one.remedy:
            lines.append(f"    → {one.remedy}")
    return "\n".join(lines) + "\n"
