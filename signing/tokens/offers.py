"""Which certificates are offered for signing, and when one is warned of; pure rules."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from app.kernel.ports import CertificateInfo

WARNING_DAYS = (7, 30, 60)


def expiry_warning(not_after: datetime, now: datetime) -> int | None:
    """Return the warning that is due: 60, 30 or 7 days before the end, 0 after it, else None."""
    left = not_after - now
    if left < timedelta():
        return 0
    return next((days for days in WARNING_DAYS if left <= timedelta(days=days)), None)


def usable(certificates: Iterable[CertificateInfo], now: datetime) -> tuple[CertificateInfo, ...]:
    """Return those that may sign now: use, validity, accepted issuer; the longest valid first."""
    fit = (
        c for c in certificates if c.may_sign and c.accepted and c.not_before <= now <= c.not_after
    )
    return tuple(sorted(fit, key=lambda c: c.not_after, reverse=True))
