"""Every benchmark answers in the form of the contract; how fast it was is no test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench import peers
from tests.bench.__main__ import Plan

ROOT = Path(__file__).resolve().parents[2]
KEYS = {"what", "value", "unit", "budget", "ok", "compared_with"}


@pytest.mark.parametrize(
    "name", ["list", "search", "act", "push", "blob", "verify", "sign", "batch", "memory"]
)
def test_a_benchmark_answers_one_json_object(name: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.bench", name, "--json", "--size", "12"],
        cwd=ROOT,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    answer = json.loads(run.stdout)
    assert answer["name"] == name
    assert answer["figures"]
    for figure in answer["figures"]:
        assert set(figure) == KEYS
        assert isinstance(figure["value"], int | float)
        assert figure["value"] > 0
        assert (figure["ok"] is None) == (figure["budget"] is None)


def test_peers_that_are_not_there_are_said_to_be_missing(tmp_path: Path) -> None:
    figures = peers.pull(Plan(tmp_path / "scratch", peers=tmp_path), 1000.0)
    assert [f.compared_with for f in figures] == [
        "not run: there is no kinto-venv in the folder",
        "not run: there is no anki-venv in the folder",
    ]
    assert peers.pull(Plan(tmp_path / "scratch"), 1000.0) == []


def test_wrong_use_is_said() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.bench", "nothing"],
        cwd=ROOT, capture_output=True, check=False, timeout=600,
    )  # fmt: skip
    assert run.returncode == 2
