"""The commune's desk with its tokens, a signer of many files, and a checker of every kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from signing.anyfile import AnyVerifier
from signing.checking.verify import PdfVerifier
from signing.plain import Judges
from tests.ui.outgoing.conftest import begin, keys, office, show
from tests.ui.outgoing.keys import Keys
from tests.ui.outgoing.office import Office, open_office

__all__ = ["begin", "keys", "office", "show"]


def signing_desk(folder: Path, keys: Keys) -> Office:
    """Open a desk whose signer and checker are those of the product."""
    folder.mkdir()
    made = open_office(folder, signer=keys.signer(), trust=keys.trust)
    made.desk.verifier = AnyVerifier(
        PdfVerifier(keys.trust, made.clock), Judges(keys.trust, made.clock)
    )
    return made


@pytest.fixture
def signing(tmp_path: Path, keys: Keys) -> Iterator[Office]:
    """A desk with both tokens plugged in."""
    made = signing_desk(tmp_path / "desk", keys)
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for the files to sign."""
    made = tmp_path / "tai-lieu"
    made.mkdir()
    return made
