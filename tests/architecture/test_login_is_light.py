"""What comes before the login loads nothing that the login does not need."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("sqlalchemy", "requests", "keyring", "pypdfium2", "pyhanko", "typst", "sqlcipher3")
BEFORE = "import app.entry.cli, app.entry.first, ui.shell.application"


@pytest.mark.parametrize("library", HEAVY)
def test_the_login_comes_before(library: str) -> None:
    found = subprocess.run(
        [sys.executable, "-c", f"{BEFORE}\nimport sys\nprint({library!r} in sys.modules)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.stdout == "False\n"
