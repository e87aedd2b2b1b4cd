"""Files in sealed leaves: whole, seekable, verified, resumed, never plain."""

from __future__ import annotations

import hashlib
import io
import random
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest

from app.kernel.clock import FixedClock
from app.kernel.errors import Damaged, Unavailable
from app.store.desk import DeskStore
from app.store.sealed import LEAF, Manifest, measure
from app.store.vault import Vault

DATA = random.Random(7).randbytes(2 * LEAF + 1000)


@pytest.fixture
def vault(store: DeskStore) -> Vault:
    return store.vault


def sealed(folder: Path, sha256: str) -> Path:
    return folder / "vault" / sha256[:2] / sha256


class Pipe(io.RawIOBase):
    """A stream that cannot be read twice."""

    def __init__(self, data: bytes) -> None:
        self._inner = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        piece = self._inner.read(min(len(buffer), 1000))
        buffer[: len(piece)] = piece
        return len(piece)


@pytest.mark.parametrize("size", [0, 1, LEAF - 1, LEAF, LEAF + 1, len(DATA)])
@pytest.mark.parametrize("way", ["bytes", "path", "stream", "pipe"])
def test_comes_back_whole(vault: Vault, tmp_path: Path, size: int, way: str) -> None:
    data = DATA[:size]
    source = tmp_path / "source"
    source.write_bytes(data)
    given = {"bytes": data, "path": source, "stream": io.BytesIO(data), "pipe": Pipe(data)}[way]
    ref = vault.put(given, name="a.pdf")
    assert (ref.sha256, ref.size) == (hashlib.sha256(data).hexdigest(), size)
    with vault.open(ref.sha256) as reader:
        assert reader.read() == data
    assert {p.name for p in (tmp_path / "vault").rglob("*") if p.is_file()} == {ref.sha256}


def test_seeks_anywhere(vault: Vault) -> None:
    ref = vault.put(DATA)
    places = random.Random(3)
    with vault.open(ref.sha256) as reader:
        for _ in range(50):
            at, size = places.randrange(len(DATA)), places.randrange(5000)
            reader.seek(at)
            assert reader.read(size) == DATA[at : at + size]
        reader.seek(-10, io.SEEK_END)
        assert reader.read() == DATA[-10:]
        reader.seek(len(DATA) + 5)
        assert reader.read() == b""


def test_same_content_is_kept_once(vault: Vault, tmp_path: Path) -> None:
    first = vault.put(DATA)
    before = sealed(tmp_path, first.sha256).stat().st_mtime_ns
    assert vault.put(DATA).sha256 == first.sha256
    assert sealed(tmp_path, first.sha256).stat().st_mtime_ns == before


@pytest.mark.parametrize("place", [0, LEAF + 40, -1])
def test_flipped_bit(vault: Vault, tmp_path: Path, place: int) -> None:
    ref = vault.put(DATA)
    path = sealed(tmp_path, ref.sha256)
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(raw)
    with vault.open(ref.sha256) as reader, pytest.raises(Damaged, match=r"vault\.damaged"):
        reader.read()


def test_leaves_cannot_change_places(vault: Vault, tmp_path: Path) -> None:
    ref = vault.put(DATA)
    path = sealed(tmp_path, ref.sha256)
    raw, leaf = path.read_bytes(), LEAF + 16
    path.write_bytes(raw[leaf : 2 * leaf] + raw[:leaf] + raw[2 * leaf :])
    with vault.open(ref.sha256) as reader, pytest.raises(Damaged):
        reader.read(1)


def test_large_file_uses_little_memory(vault: Vault, tmp_path: Path) -> None:
    source = tmp_path / "large"
    with source.open("wb") as target:
        target.truncate(40 * 1024 * 1024)
    tracemalloc.start()
    ref = vault.put(source)
    with vault.open(ref.sha256) as reader:
        assert sum(len(piece) for piece in iter(lambda: reader.read(LEAF), b"")) == ref.size
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * 1024 * 1024


class Changing(io.BytesIO):
    """A source that somebody edits between the two readings."""

    def seek(self, offset: int, whence: int = 0) -> int:
        self.getbuffer()[:3] = b"new"
        return super().seek(offset, whence)


def test_source_that_changes(vault: Vault, tmp_path: Path) -> None:
    with pytest.raises(Damaged, match=r"vault\.source_changed"):
        vault.put(Changing(DATA))
    assert [p for p in (tmp_path / "vault").rglob("*") if p.is_file()] == []


def manifest_of(data: bytes) -> Manifest:
    return measure(io.BytesIO(data), "application/pdf")


def leaf(number: int) -> bytes:
    return DATA[number * LEAF : (number + 1) * LEAF]


def test_download_resumes_leaf_by_leaf(store: DeskStore, tmp_path: Path, clock: FixedClock) -> None:
    manifest = manifest_of(DATA)
    part = store.vault.part(manifest)
    part.write(2, leaf(2))
    part.write(0, leaf(0))
    with pytest.raises(Unavailable, match=r"vault\.incomplete"):
        part.finish()
    assert not store.vault.has(manifest.sha256)
    with pytest.raises(Unavailable, match=r"vault\.missing"):
        store.vault.open(manifest.sha256)
    store.vault.settle()
    again = store.vault.part(manifest)
    assert again.missing() == [1]
    with pytest.raises(Damaged, match=r"vault\.leaf"):
        again.write(1, b"<html>")
    again.write(1, leaf(1))
    assert again.finish().sha256 == manifest.sha256
    with store.vault.open(manifest.sha256) as reader:
        assert reader.read() == DATA
    assert store.vault.to_upload() == []


def test_leaf_that_a_power_cut_spoiled_comes_again(vault: Vault, tmp_path: Path) -> None:
    manifest = manifest_of(DATA)
    part = vault.part(manifest)
    for number in range(3):
        part.write(number, leaf(number))
    path = sealed(tmp_path, manifest.sha256)
    path = path.with_name(path.name + ".part")
    raw = bytearray(path.read_bytes())
    raw[LEAF + 16 : LEAF + 600] = bytes(584)
    path.write_bytes(raw)
    with pytest.raises(Unavailable):
        part.finish()
    assert part.missing() == [1]
    part.write(1, leaf(1))
    part.finish()


def test_announcement_that_lies(vault: Vault) -> None:
    true = manifest_of(DATA)
    part = vault.part(Manifest("ab" * 32, true.size, true.media, true.leaves))
    for number in range(3):
        part.write(number, leaf(number))
    with pytest.raises(Damaged, match=r"vault\.leaf"):
        part.finish()
    assert not vault.has("ab" * 32)


def test_eviction_spares_what_the_server_lacks(vault: Vault, clock: FixedClock) -> None:
    refs = []
    for number in range(4):
        refs.append(vault.put(bytes([number]) * 1000).sha256)
        clock.advance(timedelta(hours=2))
    assert vault.evict(0) == []
    for sha256 in refs[1:]:
        vault.mark_on_server(sha256)
    vault.open(refs[1]).close()
    assert vault.evict(3000) == [refs[2]]
    assert vault.evict(0, keep=frozenset({refs[3]})) == [refs[1]]
    assert [vault.has(sha256) for sha256 in refs] == [True, False, False, True]
    assert vault.to_upload() == [refs[0]]


def test_sweep_takes_what_no_row_knows(vault: Vault, tmp_path: Path) -> None:
    ref = vault.put(DATA)
    stray = tmp_path / "vault" / "ab" / "stray.new"
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"x")
    vault.settle()
    assert not stray.exists()
    assert vault.has(ref.sha256)
    vault.remove(ref.sha256)
    assert not sealed(tmp_path, ref.sha256).exists()
