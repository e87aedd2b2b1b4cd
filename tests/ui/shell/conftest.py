from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.ui.stage import Opening, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path / "profiles")
    made.seed("mai")
    return made


@pytest.fixture
def opening(stage: Stage, qapp: object) -> Iterator[Callable[[], Opening]]:
    """Return a function that starts the application on the stage; closed afterwards."""
    started: list[Opening] = []

    def start() -> Opening:
        started.append(Opening(stage))
        return started[-1]

    yield start
    for each in started:
        each.close()
