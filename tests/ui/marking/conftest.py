"""The commune's desk with tokens, and its sessions, as for the pages of outgoing documents."""

from __future__ import annotations

from tests.ui.outgoing.conftest import begin, keyed, keys, show

__all__ = ["begin", "keyed", "keys", "show"]
