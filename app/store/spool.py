"""A place for bytes on their way: in memory, or on the disk under a key that dies with it.

A signer needs a seekable file to write in. Small ones stay in memory; a large one goes to a
temporary file without a name, and what lies there is AES-CTR under a random key that is held in
memory alone.
"""

from __future__ import annotations

import io
import secrets
import tempfile
from typing import TYPE_CHECKING, BinaryIO

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from app.store.faults import typed

if TYPE_CHECKING:
    # The standard library has it from 3.12 on.
    from typing_extensions import Buffer

IN_MEMORY = 64 << 20
_BUFFER = 1 << 20
_BLOCK = 16


def spool(size: int) -> BinaryIO:
    """Return an empty seekable file for about `size` bytes; closing it forgets them.

    Writing raises `Unavailable("store.disk_full")` where the disk has no room.
    """
    if size <= IN_MEMORY:
        return io.BytesIO()
    return io.BufferedRandom(SealedFile(), _BUFFER)


class SealedFile(io.RawIOBase):
    """A temporary file, encrypted; gaps that were never written read as nothing sensible."""

    def __init__(self) -> None:
        with typed():
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed by `close`
        self._renew()
        self._at = 0

    def readable(self) -> bool:
        """Tell that this can be read."""
        return True

    def writable(self) -> bool:
        """Tell that this can be written."""
        return True

    def seekable(self) -> bool:
        """Tell that this can be sought in."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move and return the new place."""
        self._at = self._file.seek(offset, whence)
        return self._at

    def tell(self) -> int:
        """Return the place."""
        return self._at

    def readinto(self, buffer: Buffer) -> int:
        """Fill the buffer as far as there is something."""
        view = memoryview(buffer).cast("B")
        with typed():
            self._file.seek(self._at)
            sealed = self._file.read(len(view))
        view[: len(sealed)] = self._crypt(sealed)
        self._at += len(sealed)
        return len(sealed)

    def write(self, data: Buffer) -> int:
        """Write all of it."""
        sealed = self._crypt(bytes(data))
        done = 0
        with typed():
            self._file.seek(self._at)
            while done < len(sealed):
                done += self._file.write(sealed[done:])
        self._at += done
        return done

    def truncate(self, size: int | None = None) -> int:
        """Cut the file; an empty one gets a new key, so that no key stream serves twice."""
        left = self._at if size is None else size
        with typed():
            self._file.truncate(left)
        if left == 0:
            self._renew()
        return left

    def close(self) -> None:
        """Forget the bytes and their key."""
        if not self.closed:
            try:
                super().close()
            finally:
                self._file.close()
                self._key = b""

    def _renew(self) -> None:
        self._key = secrets.token_bytes(32)

    def _crypt(self, data: bytes) -> bytes:
        """Put the key stream of this place over some bytes; it takes itself away again."""
        block, skip = divmod(self._at, _BLOCK)
        mode = modes.CTR(block.to_bytes(_BLOCK, "big"))
        stream = Cipher(algorithms.AES(self._key), mode).encryptor()
        stream.update(bytes(skip))
        return stream.update(data)
