"""How sensitive a field is (Law 91/2025/QH15, Decree 356/2025): marks in the model itself.

Indexing, masking, logging and export ask here, so that no list of fields is kept twice.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

T = TypeVar("T")

_KEY = "sensitivity"
_MASK = "***"
# Enough of a long number to tell two apart: 0110******23
_SHOWN_FIRST, _SHOWN_LAST, _LONG = 4, 2, 9


class Sensitivity(StrEnum):
    """Plain data, basic personal data, sensitive personal data."""

    PLAIN = "plain"
    PERSONAL = "personal"
    SENSITIVE = "sensitive"

    @property
    def rank(self) -> int:
        """Return 0 for plain up to 2 for sensitive."""
        return list(Sensitivity).index(self)


def mark(level: Sensitivity) -> Mapping[str, Sensitivity]:
    """Return the metadata of a dataclass field of that level."""
    return {_KEY: level}


def sensitivity_of(model: Any) -> dict[str, Sensitivity]:
    """Return the level of every field of a dataclass; plain where nothing is marked."""
    return {f.name: f.metadata.get(_KEY, Sensitivity.PLAIN) for f in dataclasses.fields(model)}


def masked(entity: T, allowed: Sensitivity) -> T:
    """Return the dataclass value with every field above the allowed level masked.

    Texts keep their ends when they are long numbers; other values become None.
    """
    hidden = [name for name, level in sensitivity_of(entity).items() if level.rank > allowed.rank]
    values = {name: _mask(getattr(entity, name)) for name in hidden}
    return dataclasses.replace(entity, **values)  # type: ignore[type-var]


def _mask(value: Any) -> Any:
    if not isinstance(value, str):
        return None
    if value.isdigit() and len(value) >= _LONG:
        stars = "*" * (len(value) - _SHOWN_FIRST - _SHOWN_LAST)
        return value[:_SHOWN_FIRST] + stars + value[-_SHOWN_LAST:]
    return _MASK if value else ""
