"""What an error of the line says about it."""

from __future__ import annotations

from app.kernel.errors import Damaged, HoaBanError, NotPermitted

SIGN_IN = "sign_in"
_TRUTHS = frozenset({"offline", "portal", "proxy_auth", "tls_intercepted", "server_down"})
# The server answered: the line is good, and the server is not.
_SERVER_CODES = frozenset({"busy", "internal", "no_room", "too_fast"})


def truth(error: HoaBanError) -> str:
    """Return the state that an error of the line means."""
    if isinstance(error, NotPermitted):
        return SIGN_IN
    name = error.code.removeprefix("sync.")
    if name in _TRUTHS:
        return name
    return "server_down" if isinstance(error, Damaged) or name in _SERVER_CODES else "offline"
