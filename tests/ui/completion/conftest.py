"""The commune's desk and people, as for the pages of outgoing documents."""

from tests.ui.outgoing.conftest import begin, office, show

__all__ = ["begin", "office", "show"]
