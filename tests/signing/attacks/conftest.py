"""Files that were signed as they should be, for attacks and for legitimate sequences."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.kernel.ports import Purpose
from tests.signing.attacks.document import rich_letter
from tests.signing.conftest import Office


@pytest.fixture(scope="session")
def victim(shared_office: Office, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A letter signed by the person and sealed by the agency, with all that proves it."""
    source = tmp_path_factory.mktemp("victim") / "letter.pdf"
    source.write_bytes(rich_letter())
    tsa = shared_office.authority.tsa_url
    signed = shared_office.sign(source, Purpose.APPROVE, tsa=tsa)
    return shared_office.sign(signed.path, Purpose.ISSUE, tsa=tsa).path.read_bytes()


@pytest.fixture(scope="session")
def one_signature(shared_office: Office, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A letter signed by the person alone, the line being cut."""
    source = tmp_path_factory.mktemp("one") / "letter.pdf"
    source.write_bytes(rich_letter())
    tsa = shared_office.authority.tsa_url
    return shared_office.sign(source, Purpose.APPROVE, tsa=tsa).path
