"""The form of a file on the disk: leaves of 256 KiB, each sealed with its number as nonce."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.kernel.errors import Damaged
from app.store.faults import typed

if TYPE_CHECKING:
    # The standard library has it from 3.12 on.
    from typing_extensions import Buffer

LEAF = 256 * 1024
TAG = 16
HASH = 32


@dataclass(frozen=True, slots=True)
class Manifest:
    """The hashes of a file's plain leaves, as the wire carries them."""

    sha256: str
    size: int
    media: str
    leaves: tuple[str, ...]

    def leaf_size(self, number: int) -> int:
        """Return the plain size of a leaf."""
        return min(LEAF, self.size - number * LEAF)


def cipher_of(vault_key: bytes, sha256: str) -> AESGCM:
    """Return the cipher of one file: its key grows from the vault's key and its hash."""
    info = b"hoa-ban file " + bytes.fromhex(sha256)
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(vault_key))


def nonce(number: int) -> bytes:
    """Return the nonce of a leaf."""
    return number.to_bytes(12, "big")


def unseal(cipher: AESGCM, number: int, sealed: bytes) -> bytes:
    """Return a plain leaf; raises `Damaged("vault.damaged")` for one that was altered."""
    try:
        return cipher.decrypt(nonce(number), sealed, None)
    except InvalidTag as error:
        raise Damaged("vault.damaged") from error


def leaves_of(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the plain leaves of a stream from where it stands."""
    while True:
        leaf = bytearray()
        while len(leaf) < LEAF:
            piece = stream.read(LEAF - len(leaf))
            if not piece:
                break
            leaf += piece
        if leaf:
            yield bytes(leaf)
        if len(leaf) < LEAF:
            return


def measure(stream: BinaryIO, media: str) -> Manifest:
    """Read a stream once for its hashes."""
    whole = hashlib.sha256()
    size = 0
    hashes: list[str] = []
    for leaf in leaves_of(stream):
        whole.update(leaf)
        size += len(leaf)
        hashes.append(hashlib.sha256(leaf).hexdigest())
    return Manifest(whole.hexdigest(), size, media, tuple(hashes))


def sync(stream: BinaryIO) -> None:
    """Bring what was written to the disk itself."""
    stream.flush()
    os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Bring a rename to the disk; Windows does so by itself and cannot be asked."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Reading(Protocol):
    """Hears what becomes of a reader."""

    def damaged(self, number: int) -> None:
        """Hear that a leaf is not what was kept."""

    def closed(self) -> None:
        """Hear that it is read no more."""


class LeafReader(io.RawIOBase):
    """Read a sealed file as plain bytes, one leaf in memory at a time."""

    def __init__(
        self, source: BinaryIO, cipher: AESGCM, size: int, told: Reading | None = None
    ) -> None:
        self._source = source
        self._told = told
        self._cipher = cipher
        self._size = size
        self._at = 0
        self._number = -1
        self._leaf = b""

    def readable(self) -> bool:
        """Tell that this can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that this can be sought in."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move and return the new place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("a place before the beginning")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """Return the place."""
        return self._at

    def readinto(self, buffer: Buffer) -> int:
        """Fill the buffer up to the end of the leaf."""
        view = memoryview(buffer).cast("B")
        if self._at >= self._size or not len(view):
            return 0
        number, start = divmod(self._at, LEAF)
        piece = self._plain(number)[start : start + len(view)]
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        """Close the sealed file."""
        if not self.closed and self._told is not None:
            self._told.closed()
        self._source.close()
        super().close()

    def _plain(self, number: int) -> bytes:
        if number != self._number:
            with typed():
                self._source.seek(number * (LEAF + TAG))
                sealed = self._source.read(min(LEAF, self._size - number * LEAF) + TAG)
            try:
                self._leaf = unseal(self._cipher, number, sealed)
            except Damaged:
                if self._told is not None:
                    self._told.damaged(number)
                raise
            self._number = number
        return self._leaf
