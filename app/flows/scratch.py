"""A folder for bytes that a signer must find by a path; nothing of it stays.

Memory stands behind it where the system offers that as a folder; elsewhere the files are
written over before they are removed. The vault's rule, no plain copy on disk, is kept on
every system with `/dev/shm`; `in_memory` says whether this is one.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of memory, made private below
_BLOCK = 1 << 20


def in_memory() -> bool:
    """Tell whether this system has a folder of memory."""
    return _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK)


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a private folder and remove it with all that is in it."""
    base = str(_MEMORY) if in_memory() else None
    with tempfile.TemporaryDirectory(prefix="hb-", dir=base) as folder:
        try:
            yield Path(folder)
        finally:
            for file in Path(folder).rglob("*"):
                if file.is_file():
                    _write_over(file)


def _write_over(file: Path) -> None:
    left = file.stat().st_size
    with file.open("r+b") as stream:
        while left > 0:
            left -= stream.write(bytes(min(left, _BLOCK)))
        stream.flush()
        if not in_memory():
            os.fsync(stream.fileno())
