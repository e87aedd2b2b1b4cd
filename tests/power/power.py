"""The disk that forgets (`power.c`) from Python: built, preloaded, cut, and looked at again."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

_SOURCE = Path(__file__).with_name("power.c")
_NEVER = "-shm"
_MISSING = 1


def build(folder: Path) -> Path:
    """Compile the library; answer its path."""
    built = folder / "power.so"
    flags = ["-std=c11", "-O1", "-fPIC", "-shared", "-fvisibility=hidden", "-Wall", "-Wextra"]
    subprocess.run(
        ["cc", *flags, "-Werror", "-o", str(built), str(_SOURCE), "-ldl", "-lpthread"], check=True
    )
    return built


def preloaded(built: Path) -> Mapping[str, str]:
    """Return the environment of a process whose disk is to forget."""
    return {**os.environ, "LD_PRELOAD": str(built), "PYTHONHASHSEED": "0"}


class Power:
    """The disk below one folder, in a process that has the library preloaded."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None)
        self._library.power_losses.restype = ctypes.c_ulong

    @property
    def out(self) -> bool:
        """Tell whether an armed fault has struck."""
        return bool(self._library.power_out())

    @property
    def losses(self) -> int:
        """Return how many writes were lost or torn in all images so far."""
        return int(self._library.power_losses())

    def watch(self, folder: Path) -> None:
        """Watch a folder from now on, and forget all others."""
        self._library.power_watch(os.fsencode(folder))

    def arm(self, folder: Path, nth: int, error: int) -> None:
        """Let every write below a folder fail from the nth on."""
        self._library.power_arm(os.fsencode(folder), ctypes.c_long(nth), error)

    def on(self) -> None:
        """Let writes reach the disk again."""
        self._library.power_on()

    def image(self, source: Path, target: Path, seed: int) -> None:
        """Make in `target` what the disk of `source` would hold if the power failed now."""
        target.mkdir()
        there = {p.name for p in source.iterdir() if p.is_file() and not p.name.endswith(_NEVER)}
        for name in sorted(there | {"desk.db-wal", "server.db-wal"}):
            copy = target / name
            if name in there:
                shutil.copyfile(source / name, copy)
            found = self._library.power_image(
                os.fsencode(source / name), os.fsencode(copy), ctypes.c_uint64(seed)
            )
            if found == _MISSING:
                copy.unlink(missing_ok=True)
        self.settle(target)

    def settle(self, folder: Path) -> None:
        """Take what lies below a folder now for what its disk holds."""
        self._library.power_settle(os.fsencode(folder))
