"""Whose key a certificate is: a personal key is offered to its owner alone."""

from __future__ import annotations

from app.kernel.text import normal

# Entries of this catalogue list give the name in a certificate where it differs from the
# directory's; the entry's code is the id of the person or the unit
KEY_HOLDER = "key_holder"


def same_holder(holder: str, name: str) -> bool:
    """Tell whether a certificate's holder is this person or agency.

    Authorities write names in capitals or not; letters and tones must agree.
    """
    return bool(name) and normal(holder).casefold() == normal(name).casefold()
