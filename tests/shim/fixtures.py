"""The shim as fixtures; a `conftest.py` that wants them imports them by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shim.shim import Shim, build


@pytest.fixture(scope="session")
def shim_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library, compiled once for all tests."""
    return build(tmp_path_factory.mktemp("shim"))


@pytest.fixture
def shim(shim_library: Path, tmp_path: Path) -> Shim:
    """A library over SoftHSM2 without faults yet."""
    return Shim.install(shim_library, tmp_path / "library")
