"""The features of the product: one line each, which alone makes a feature part of it."""

from __future__ import annotations

from app.bulletins.feature import FEATURE as BULLETINS
from app.catalogues.feature import FEATURE as CATALOGUES
from app.documents.feature import FEATURE as DOCUMENTS
from app.identity.feature import FEATURE as IDENTITY
from app.kernel.feature import Feature, Registry
from app.parties.feature import FEATURE as PARTIES
from app.registers.feature import FEATURE as REGISTERS

# The lines above are the list; their order does not matter
FEATURES: tuple[Feature, ...] = tuple(
    found for found in tuple(globals().values()) if isinstance(found, Feature)
)


def registry() -> Registry:
    """Build the registry of all features."""
    return Registry(FEATURES)
