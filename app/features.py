"""The features of the product: an explicit tuple, one line each."""

from __future__ import annotations

from app.bulletins.feature import FEATURE as BULLETINS
from app.catalogues.feature import FEATURE as CATALOGUES
from app.documents.feature import FEATURE as DOCUMENTS
from app.identity.feature import FEATURE as IDENTITY
from app.kernel.feature import Registry
from app.parties.feature import FEATURE as PARTIES
from app.registers.feature import FEATURE as REGISTERS

FEATURES = (
    IDENTITY,
    CATALOGUES,
    REGISTERS,
    PARTIES,
    DOCUMENTS,
    BULLETINS,
)


def registry() -> Registry:
    """Build the registry of all features."""
    return Registry(FEATURES)
