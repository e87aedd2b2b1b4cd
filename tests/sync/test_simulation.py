"""Seeded lives over a line that lies; every promise is judged at the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sync.simulator import World

LIVES = 24


@pytest.mark.parametrize("group", range(2))
def test_every_life_ends_with_all_promises_kept(tmp_path: Path, group: int) -> None:
    hits: dict[str, int] = {}
    for seed in range(group * LIVES // 2, (group + 1) * LIVES // 2):
        folder = tmp_path / str(seed)
        folder.mkdir()
        world = World(folder, seed)
        try:
            world.live(120)
            world.settle()
            world.judge()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
        finally:
            world.close()
        for fault, times in world.hits.items():
            hits[fault] = hits.get(fault, 0) + times
    assert set(hits) == {
        "lost request",
        "lost reply",
        "cut",
        "half a frame",
        "late duplicate",
        "role change",
        "crash",
        "clone",
        "restore",
        "fold",
    }
