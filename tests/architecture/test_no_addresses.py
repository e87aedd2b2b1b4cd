"""A clone works anywhere: no registry's address, no path of one machine, locks with hashes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, name_of, tracked

# Options and forms of address alone: the names themselves do not belong here either
FORBIDDEN = re.compile(
    r"--index-url|--find-links|extra-index|https?://\S+/simple/|(?<![\w.:/~])/(?:home|root)/\w"
)
THIS = "tests/architecture/test_no_addresses.py"
LOCKS = sorted((ROOT / "locks").glob("*.txt"))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_no_address_and_no_machine_path():
    found = {
        name_of(path): hit.group()
        for path in tracked()
        if name_of(path) != THIS and (hit := FORBIDDEN.search(_text(path)))
    }
    assert not found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda p: p.name)
def test_locks_hold_hashes_and_no_address(lock):
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) > 20
    pinned = re.compile(r"\S+==\S+.*--hash=sha256:", re.DOTALL)
    assert not [e.split()[0] for e in entries if not pinned.match(e)]


def test_every_run_lock_has_its_dev_lock_holding_it():
    for run in (p for p in LOCKS if p.name.startswith("run-") and "linux" in p.name):
        dev = (run.parent / run.name.replace("run-", "dev-")).read_text(encoding="utf-8")
        names = re.findall(r"^\S+==\S+", run.read_text(encoding="utf-8"), re.MULTILINE)
        assert not [n for n in names if n not in dev]
