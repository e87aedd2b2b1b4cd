"""The flows stand on the same authority and tokens as signing."""

from __future__ import annotations

from tests.signing.conftest import letter, office, shared_office

__all__ = ["letter", "office", "shared_office"]
