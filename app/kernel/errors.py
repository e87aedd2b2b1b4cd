"""The one tree of errors that the product raises on purpose.

Every error carries a code. `resources/texts/*/…json` holds two texts for each code:
`error.<code>` says what happened, `error.<code>.do` says what the person can do.
A test walks all constructor calls and fails when either text is missing.
"""

from __future__ import annotations

from datetime import datetime


class HoaBanError(Exception):
    """Carry a code and the plain values that its text needs; never document content."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.params: dict[str, str | int] = dict(params)


class RuleViolation(HoaBanError):
    """Say that a rule of the domain refuses the act; `field` names the input at fault."""

    def __init__(self, code: str, field: str = "", **params: str | int) -> None:
        super().__init__(code, **params)
        self.field = field


class NotPermitted(HoaBanError):
    """Say that the actor may not do or see this."""


class Conflict(HoaBanError):
    """Say that someone else's act came first, or that something is in use."""


class Unavailable(HoaBanError):
    """Say that a line, a server or a resource cannot be reached now."""

    def __init__(self, code: str, retry_at: datetime | None = None, **params: str | int) -> None:
        super().__init__(code, **params)
        self.retry_at = retry_at


class Damaged(HoaBanError):
    """Say that stored or received data is not what it should be."""


class DeviceProblem(HoaBanError):
    """Say that a signing device or another device of the PC failed; `kind` is its class."""

    def __init__(self, code: str, kind: str = "", **params: str | int) -> None:
        super().__init__(code, **params)
        self.kind = kind


class Cancelled(HoaBanError):
    """Say that the person stopped the work; nothing was changed."""

    def __init__(self) -> None:
        super().__init__("cancelled")
