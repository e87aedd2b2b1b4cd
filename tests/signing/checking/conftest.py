"""The signed letter of the attacks serves the parts of the checker too."""

from tests.signing.attacks.conftest import victim

__all__ = ["victim"]
