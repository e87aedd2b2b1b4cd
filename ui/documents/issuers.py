"""Names of agencies as letterheads print them and as lists write them."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from app.kernel.texts import resource


def whole_issuer(issuer: str, page: str) -> str:
    """Put the kind of agency, which stands on the line above, before the name of its place."""
    if issuer.split(" ", maxsplit=1)[0] not in {unit.upper() for unit in _words()["units"]}:
        return issuer
    above = (body.upper() for body in _words()["bodies"])
    return " ".join((*(body for body in above if body in page), issuer))


def cased(issuer: str) -> str:
    """Write an issuer that stands in capitals as people write it in lists."""
    if issuer != issuer.upper():
        return issuer
    text = " ".join(issuer.lower().split())
    for body in _words()["bodies"]:
        if text.startswith(body.lower()):
            rest = text[len(body) :].split()
            place = (w if w in _words()["units"] else w.capitalize() for w in rest)
            return " ".join([body, *place])
    return text.capitalize()


def short_name(name: str) -> str:
    """Write an agency as lists do: UBND xã Mường Nhé."""
    for body, letters in _words()["bodies"].items():
        if name.startswith(body):
            return f"{letters}{name[len(body) :]}"
    return name


@cache
def _words() -> dict[str, Any]:
    text = resource("forms", "issuer-words.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
