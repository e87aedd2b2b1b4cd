"""The shim, and an office whose tokens stand behind it."""

from __future__ import annotations

from tests.shim.fixtures import shim, shim_library
from tests.signing.conftest import office, shared_office

__all__ = ["office", "shared_office", "shim", "shim_library"]
