"""Whose key a certificate is: a personal key is offered to its owner alone."""

from __future__ import annotations

from app.kernel.text import normal


def same_holder(holder: str, name: str) -> bool:
    """Tell whether a certificate's holder is this person or agency.

    Authorities write names in capitals or not; letters and tones must agree.
    """
    return bool(name) and normal(holder).casefold() == normal(name).casefold()
