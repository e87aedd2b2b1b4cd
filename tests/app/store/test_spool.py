"""Bytes on their way: what lies on the disk is never plain, and what is read is what was written."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest

from app.store.spool import IN_MEMORY, SealedFile, spool

DATA = random.Random(11).randbytes(3_000_017)


def on_disk(file: SealedFile) -> bytes:
    return Path(f"/proc/self/fd/{file._file.fileno()}").read_bytes()


def test_small_ones_stay_in_memory_and_large_ones_do_not() -> None:
    with spool(IN_MEMORY) as small, spool(IN_MEMORY + 1) as large:
        assert isinstance(small, io.BytesIO)
        assert isinstance(large, io.BufferedRandom)
        assert isinstance(large.raw, SealedFile)


def test_reads_what_was_written_anywhere_and_again() -> None:
    rng = random.Random(5)
    plain = io.BytesIO()
    with io.BufferedRandom(SealedFile(), 4096) as sealed:
        for stream in (plain, sealed):
            stream.write(DATA)
        for _ in range(200):
            at, size = rng.randrange(len(DATA)), rng.randrange(9000)
            piece = rng.randbytes(size)
            for stream in (plain, sealed):
                stream.seek(at)
                if at % 2:
                    stream.write(piece)
            at = rng.randrange(len(DATA))
            plain.seek(at)
            sealed.seek(at)
            assert sealed.read(size) == plain.read(size)
        assert sealed.seek(0, io.SEEK_END) == plain.seek(0, io.SEEK_END)
        sealed.seek(0)
        assert sealed.read() == plain.getvalue()


def test_the_disk_holds_nothing_plain_and_no_key_serves_twice() -> None:
    file = SealedFile()
    words = b"Danh muc nguoi thu huong (mau) " * 100
    file.write(words)
    first = on_disk(file)
    assert len(first) == len(words)
    assert b"nguoi" not in first
    file.seek(0)
    file.truncate()
    file.write(words)
    assert on_disk(file) != first
    file.seek(0)
    assert file.read() == words
    file.close()
    assert file._key == b""


def test_a_full_disk_has_a_code(monkeypatch: pytest.MonkeyPatch) -> None:
    from app.kernel.errors import Unavailable

    with Path("/dev/full").open("r+b", buffering=0) as full:
        file = SealedFile()
        file._file.close()
        file._file = full
        with pytest.raises(Unavailable, match=r"store\.disk_full"):
            file.write(b"x" * 5000)
