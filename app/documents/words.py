"""How numbers and notations are compared."""

from __future__ import annotations

from app.kernel.text import fold


def symbol_key(number: str, notation: str) -> str:
    """Return number and notation folded, without leading zeros and blanks."""
    bare = fold(f"{number.lstrip('0 ')}/{notation}")
    return "".join(bare.split())
