"""The texts that the window speaks: one `Texts`, set at start and by the language setting."""

from __future__ import annotations

from functools import lru_cache

from app.kernel.errors import HoaBanError
from app.kernel.texts import Texts


class _Voice:
    """Hold the texts in use; the GUI thread alone reads and sets them."""

    texts: Texts | None = None


@lru_cache(maxsize=1)
def _default() -> Texts:
    return Texts()


def use(texts: Texts) -> None:
    """Speak these texts from now on; windows built before keep what they show."""
    _Voice.texts = texts


def texts() -> Texts:
    """Return the texts in use, Vietnamese when none were set."""
    return _Voice.texts or _default()


def tr(key: str, **values: object) -> str:
    """Return the text of a key in the language in use."""
    return texts()(key, **values)


def error_text(error: HoaBanError) -> str:
    """Return what happened and what the person can do."""
    return texts().error(error)
