"""What the audit log writes down, by name; apart, since the login names some before it loads a store."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """What is written down (security: who, when, what, from which device)."""

    LOGIN = "login"
    LOGIN_FAILED = "login_failed"
    LOCK = "lock"
    UNLOCK = "unlock"
    SWITCH = "switch"
    SIGN_IN = "sign_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    SIGN_OUT = "sign_out"
    COMMAND = "command"
    COMMAND_REFUSED = "command_refused"
    SIGN = "sign"
    EXPORT = "export"
    PUSH = "push"
    PUSH_REFUSED = "push_refused"
    SYSTEM = "system"
    ACCOUNT = "account"
    DEVICE = "device"
    MEND = "mend"
    RECOVER = "recover"
