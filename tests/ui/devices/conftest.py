"""The commune's desk and people, as for the pages of outgoing documents."""

from tests.ui.outgoing.conftest import begin, keyed, keys, office, show

__all__ = ["begin", "keyed", "keys", "office", "show"]
