"""The disk forgets what was not synced, and nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.power.power import build, preloaded

LONG = 40
PROGRAM = """
import errno, os, sys
from pathlib import Path
from tests.power.power import Power

folder = Path(sys.argv[1]).resolve()
power, disk = Power(), folder / "disk"
disk.mkdir()
power.watch(folder)
file = os.open(disk / "a", os.O_RDWR | os.O_CREAT)
os.write(file, b"s" * 2048)
os.fsync(file)
place = os.open(disk, os.O_RDONLY)
os.fsync(place)
os.pwrite(file, b"u" * 2048, 0)
os.pwrite(file, b"v" * 2048, 2048)
new = os.open(disk / "b", os.O_RDWR | os.O_CREAT)
os.fsync(new)
(disk / "desk.db-wal").write_bytes(b"c")
power.settle(disk)
os.pwrite(file, b"w" * 1024, 512)
os.ftruncate(file, 1024)
(disk / "desk.db-wal").unlink()
seen = set()
for seed in range(int(sys.argv[2])):
    power.image(disk, folder / f"image{seed}", seed * 7919)
    image = folder / f"image{seed}"
    text = (image / "a").read_bytes()
    seen.add((len(text), text.count(b"w"), (image / "desk.db-wal").exists()))
print(sorted(seen))
power.arm(disk, 1, errno.ENOSPC)
os.pwrite(file, b"x", 0)
try:
    os.pwrite(file, b"x", 1)
except OSError as error:
    print(error.errno == errno.ENOSPC, power.out)
os.fsync(file)
power.on()
os.pwrite(file, b"y", 1)
print((disk / "a").read_bytes()[:2])
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("power")
    words = [sys.executable, "-c", PROGRAM, str(folder), str(LONG)]
    done = subprocess.run(
        words, env=preloaded(build(folder)), capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_unsynced_writes_are_there_or_lost_or_torn(told: list[str]) -> None:
    seen = eval(told[0])
    sizes = {size for size, _, _ in seen}
    written = {w for _, w, _ in seen}
    # The truncation held or not; the write is whole, gone, or one of its two sectors.
    assert sizes == {1024, 4096}
    assert written == {0, 512, 1024}
    assert {back for _, _, back in seen} == {False, True}


def test_a_full_disk_fails_until_there_is_room(told: list[str]) -> None:
    assert told[1:] == ["True True", "b'xy'"]
