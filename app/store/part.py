"""A file that is coming: leaf by leaf, each verified, resumed where it stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from app.kernel.errors import Damaged, Unavailable
from app.kernel.fileref import FileRef
from app.store.faults import typed
from app.store.sealed import LEAF, TAG, Manifest, nonce, sync, sync_folder, unseal

Transaction = Callable[[], AbstractContextManager[Connection]]


class Part:
    """The leaves of one download; what was verified survives a crash."""

    def __init__(
        self,
        path: Path,
        cipher: AESGCM,
        manifest: Manifest,
        writing: Transaction,
        reading: Transaction,
    ) -> None:
        self.manifest = manifest
        self._final = path
        self._path = path.with_name(f"{path.name}.part")
        self._cipher = cipher
        self._writing = writing
        self._reading = reading
        with typed():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch()

    def missing(self) -> list[int]:
        """Return the numbers of the leaves still to come."""
        return [number for number, there in enumerate(self._have()) if not there]

    def write(self, number: int, leaf: bytes) -> None:
        """Keep a leaf; raises `Damaged("vault.leaf")` for one with another hash."""
        if hashlib.sha256(leaf).hexdigest() != self.manifest.leaves[number]:
            raise Damaged("vault.leaf")
        with typed(), self._path.open("r+b") as target:
            target.seek(number * (LEAF + TAG))
            target.write(self._cipher.encrypt(nonce(number), leaf, None))
            sync(target)
        self._mark([number], b"\x01")

    def finish(self) -> FileRef:
        """Check the whole file and give it its name.

        Raises `Unavailable("vault.incomplete")` while leaves are missing; leaves that a power
        cut has spoiled count as missing again.
        """
        if self.missing() or self._spoiled():
            raise Unavailable("vault.incomplete")
        manifest = self.manifest
        with typed():
            self._path.replace(self._final)
            sync_folder(self._final.parent)
        with self._writing() as connection:
            connection.exec_driver_sql(
                "UPDATE file SET whole = 1, on_server = 1 WHERE sha256 = ?", (manifest.sha256,)
            )
        return FileRef(manifest.sha256, manifest.size, manifest.media)

    def _spoiled(self) -> bool:
        whole = hashlib.sha256()
        bad: list[int] = []
        with typed(), self._path.open("rb") as source:
            for number in range(len(self.manifest.leaves)):
                sealed = source.read(self.manifest.leaf_size(number) + TAG)
                try:
                    whole.update(unseal(self._cipher, number, sealed))
                except Damaged:
                    bad.append(number)
        self._mark(bad, b"\x00")
        if bad:
            return True
        if whole.hexdigest() != self.manifest.sha256:
            # Every leaf is what was announced, so the announcement itself was wrong.
            self._mark(list(range(len(self.manifest.leaves))), b"\x00")
            raise Damaged("vault.leaf")
        return False

    def _have(self) -> bytes:
        with self._reading() as connection:
            have = connection.exec_driver_sql(
                "SELECT have FROM file WHERE sha256 = ?", (self.manifest.sha256,)
            ).scalar()
        return bytes(have or b"")

    def _mark(self, numbers: list[int], flag: bytes) -> None:
        if not numbers:
            return
        with self._writing() as connection:
            have = bytearray(self._have_within(connection))
            for number in numbers:
                have[number : number + 1] = flag
            connection.exec_driver_sql(
                "UPDATE file SET have = ? WHERE sha256 = ?", (bytes(have), self.manifest.sha256)
            )

    def _have_within(self, connection: Connection) -> bytes:
        have = connection.exec_driver_sql(
            "SELECT have FROM file WHERE sha256 = ?", (self.manifest.sha256,)
        ).scalar_one()
        return bytes(have)
