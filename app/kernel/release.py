"""Which release of the program this is."""

from __future__ import annotations

# As in pyproject.toml; a test holds both together.
VERSION = "0.1.0"
