"""How a server process deals with memory."""

from __future__ import annotations

import gc

# A batch of a thousand commands makes some hundred thousand objects and keeps them to its end.
_YOUNG, _MIDDLE, _OLD = 50_000, 20, 100


def collect_rarely() -> None:
    """Look for cyclic garbage seldom, and never among what lives as long as the process.

    The rules make hardly any cycles: with Python's own figures a batch is searched for them
    over and over, which takes up to a third of its time.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
