"""The features of the product: one line each, which alone makes a feature part of it."""

from __future__ import annotations

from importlib import import_module

from app.kernel.feature import Feature, Registry

# Each module's `FEATURE`; their order does not matter
MODULES = (
    "app.bulletins.feature",
    "app.catalogues.feature",
    "app.documents.feature",
    "app.identity.feature",
    "app.parties.feature",
    "app.registers.feature",
)
FEATURES: tuple[Feature, ...] = tuple(import_module(name).FEATURE for name in MODULES)


def registry() -> Registry:
    """Build the registry of all features."""
    return Registry(FEATURES)
