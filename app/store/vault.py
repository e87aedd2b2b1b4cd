"""Files by their hash, encrypted in leaves; no plain copy ever touches the disk.

A file is a row of 256 KiB leaves, each sealed by AES-256-GCM with its number as the nonce
under a key of the file's own, which HKDF derives from the vault's key in the database and the
file's SHA-256. The same content is sealed to the same bytes, so no nonce meets two contents.
The database holds the SHA-256 of each plain leaf and, for a download, which are there.
"""

from __future__ import annotations

import hashlib
import io
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, cast

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from app.kernel.clock import Clock
from app.kernel.errors import Damaged, Unavailable
from app.kernel.fileref import FileRef
from app.store import holdings, meta
from app.store.faults import typed
from app.store.part import Part
from app.store.sealed import (
    HASH,
    LEAF,
    LeafReader,
    Manifest,
    cipher_of,
    leaves_of,
    measure,
    nonce,
    sync,
    sync_folder,
)

_NEW = ".new"
_PART = ".part"
_INCOMING = "incoming"
# The time of last use is kept this coarsely, so that reading a file seldom writes.
_USE_STEP = 3600.0
Transaction = Callable[[], AbstractContextManager[Connection]]
Source = Path | bytes | BinaryIO


def _nobody(_: str) -> None:
    return


class _Reading:
    """What a reader tells the vault."""

    def __init__(self, vault: Vault, sha256: str) -> None:
        self._vault, self._sha256 = vault, sha256

    def damaged(self, number: int) -> None:
        """Note that a leaf is not what was kept."""
        self._vault.spoil(self._sha256, number)

    def closed(self) -> None:
        """Note that one reader less holds the file."""
        self._vault.let_go(self._sha256)


class Vault:
    """The files of one profile."""

    def __init__(
        self, folder: Path, writing: Transaction, reading: Transaction, clock: Clock
    ) -> None:
        self._folder = folder
        self._writing = writing
        self._reading = reading
        self._clock = clock
        self._key = b""
        self._in_use: Counter[str] = Counter()
        self._counting = threading.Lock()
        # Told of a file that somebody has opened and that is not here, or no longer sound.
        self.on_missing: Callable[[str], None] = _nobody

    def settle(self) -> None:
        """Make the key and the folder, and sweep what no row of the database knows."""
        with self._writing() as connection:
            held = meta.read(connection, meta.VAULT_KEY)
            if not held:
                held = secrets.token_hex(32)
                meta.write(connection, meta.VAULT_KEY, held)
        self._key = bytes.fromhex(held)
        with typed():
            self._folder.mkdir(exist_ok=True)
        self.sweep()

    def put(self, source: Source, media: str = "application/pdf", name: str = "") -> FileRef:
        """Keep a file and answer its reference; the same content is kept once.

        Reads a stream from where it stands, leaf by leaf. Raises
        `Unavailable("store.disk_full")`; then nothing was kept.
        """
        if isinstance(source, bytes):
            return self._put(io.BytesIO(source), media, name)
        if isinstance(source, Path):
            with typed(), source.open("rb") as stream:
                return self._put(stream, media, name)
        return self._put(source, media, name)

    def open(self, sha256: str) -> io.BufferedReader:
        """Return a seekable reader that decrypts leaf by leaf.

        Raises `Unavailable("vault.missing")` for a file that is not whole here. Reading
        raises `Damaged("vault.damaged")` where a leaf is not what was kept.
        """
        manifest, whole = self._manifest(sha256)
        if manifest is None or not whole:
            self.on_missing(sha256)
            raise Unavailable("vault.missing")
        self._touch(sha256)
        try:
            with typed():
                source = self._path(sha256).open("rb")
        except Unavailable as error:
            if self._path(sha256).exists():
                raise
            # Somebody has taken it out of the folder.
            self._spoiled(sha256)
            raise Unavailable("vault.missing") from error
        self._count(sha256, 1)
        cipher = cipher_of(self._key, sha256)
        raw = LeafReader(source, cipher, manifest.size, _Reading(self, sha256))
        return io.BufferedReader(raw, LEAF)

    def here(self, sha256: str) -> bool:
        """Tell whether the whole file is here for somebody who opens it; else have it fetched."""
        found = self.has(sha256)
        if not found:
            self.on_missing(sha256)
        return found

    def has(self, sha256: str) -> bool:
        """Tell whether the whole file is here."""
        return self._manifest(sha256)[1]

    def manifest(self, sha256: str) -> Manifest | None:
        """Return what is known of a file, whole or not, or None."""
        return self._manifest(sha256)[0]

    def remove(self, sha256: str) -> None:
        """Forget a file."""
        with self._writing() as connection:
            connection.exec_driver_sql("DELETE FROM file WHERE sha256 = ?", (sha256,))
        self.unlink(sha256)

    def mark_on_server(self, sha256: str) -> None:
        """Note that the server has the whole file, so that it may be evicted here."""
        with self._writing() as connection:
            connection.exec_driver_sql("UPDATE file SET on_server = 1 WHERE sha256 = ?", (sha256,))

    def to_upload(self) -> list[str]:
        """Return the whole files that the server does not have yet."""
        with self._reading() as connection:
            return [sha256 for sha256, _ in holdings.to_send(connection)]

    def held(self) -> int:
        """Return the bytes of the whole files here."""
        with self._reading() as connection:
            return holdings.held(connection)

    def size(self) -> int:
        """Return how many bytes the whole files have."""
        with self._reading() as connection:
            query = "SELECT COALESCE(SUM(size), 0) FROM file WHERE whole = 1"
            return int(connection.exec_driver_sql(query).scalar() or 0)

    def evict(self, quota: int, keep: frozenset[str] = frozenset()) -> list[str]:
        """Remove the longest unused files until `quota` bytes are left; answer which.

        What the server does not have, what is pinned, named by a waiting act or a form, waits
        for its signature to be completed, or is open, always stays; so do those to keep.
        """
        if (total := self.held()) <= quota:
            return []
        with self._reading() as connection:
            rows = holdings.evictable(connection)
        evicted: list[str] = []
        for sha256, size in rows:
            if total <= quota:
                break
            if sha256 not in keep and not self._in_use[sha256]:
                self.remove(sha256)
                evicted.append(sha256)
                total -= size
        return evicted

    def spoil(self, sha256: str, number: int) -> None:
        """Have a damaged leaf fetched again, if the server has the file; the others stay."""
        with self._writing() as connection:
            row = connection.exec_driver_sql(
                "SELECT have, on_server FROM file WHERE sha256 = ? AND whole = 1", (sha256,)
            ).first()
            if row is None or not row.on_server:
                return
            have = bytearray(row.have)
            have[number : number + 1] = b"\x00"
            connection.exec_driver_sql(
                "UPDATE file SET whole = 0, have = ? WHERE sha256 = ?", (bytes(have), sha256)
            )
        path = self._path(sha256)
        with typed():
            path.replace(path.with_name(path.name + _PART))
        self.on_missing(sha256)

    def _spoiled(self, sha256: str) -> None:
        with self._writing() as connection:
            connection.exec_driver_sql(
                "DELETE FROM file WHERE sha256 = ? AND on_server = 1", (sha256,)
            )
        self.on_missing(sha256)

    def let_go(self, sha256: str) -> None:
        """Count a reader that has closed."""
        self._count(sha256, -1)

    def _count(self, sha256: str, step: int) -> None:
        with self._counting:
            self._in_use[sha256] += step

    def part(self, manifest: Manifest) -> Part:
        """Begin or resume the download of a file whose leaves are known."""
        known, _ = self._manifest(manifest.sha256)
        if known is None or known.leaves != manifest.leaves:
            self._keep(manifest, have=bytes(len(manifest.leaves)), whole=False, on_server=True)
        path = self._path(manifest.sha256)
        cipher = cipher_of(self._key, manifest.sha256)
        return Part(path, cipher, manifest, self._writing, self._reading)

    def sweep(self) -> None:
        """Unlink files that no row knows: left by a crash, or by a revoked bucket."""
        with self._reading() as connection:
            known = set(connection.exec_driver_sql("SELECT sha256 FROM file").scalars())
        with typed():
            for path in self._folder.glob("*/*"):
                if path.name.removesuffix(_PART) not in known:
                    path.unlink(missing_ok=True)

    def _put(self, stream: BinaryIO, media: str, name: str) -> FileRef:
        # The key of a file needs its hash, so a stream that cannot be read twice is sealed
        # under a passing key first.
        if not stream.seekable():
            return self._put_once(stream, media, name)
        start = stream.tell()
        manifest = measure(stream, media)
        if not self.has(manifest.sha256):
            stream.seek(start)
            self._write_whole(manifest, leaves_of(stream))
        return FileRef(manifest.sha256, manifest.size, media, name)

    def _put_once(self, stream: BinaryIO, media: str, name: str) -> FileRef:
        cipher = AESGCM(secrets.token_bytes(32))
        path = self._folder / _INCOMING / f"{secrets.token_hex(16)}{_NEW}"
        path.parent.mkdir(exist_ok=True)
        size = 0
        with typed():
            try:
                with path.open("wb") as target:
                    for number, leaf in enumerate(leaves_of(stream)):
                        target.write(cipher.encrypt(nonce(number), leaf, None))
                        size += len(leaf)
                with io.BufferedReader(LeafReader(path.open("rb"), cipher, size), LEAF) as again:
                    return self._put(cast("BinaryIO", again), media, name)
            finally:
                path.unlink(missing_ok=True)

    def _write_whole(self, manifest: Manifest, leaves: Iterator[bytes]) -> None:
        path = self._path(manifest.sha256)
        new = path.with_name(f"{path.name}{_NEW}")
        cipher = cipher_of(self._key, manifest.sha256)
        with typed():
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with new.open("wb") as target:
                    for number, leaf in enumerate(leaves):
                        # A source that changed between its two readings would be sealed
                        # under a key, and kept under a name, that are not its own.
                        expected = manifest.leaves[number : number + 1]
                        if (hashlib.sha256(leaf).hexdigest(),) != expected:
                            raise Damaged("vault.source_changed")
                        target.write(cipher.encrypt(nonce(number), leaf, None))
                    sync(target)
                new.replace(path)
                sync_folder(path.parent)
            finally:
                new.unlink(missing_ok=True)
        have = b"\x01" * len(manifest.leaves)
        self._keep(manifest, have=have, whole=True, on_server=False)

    def _keep(self, manifest: Manifest, *, have: bytes, whole: bool, on_server: bool) -> None:
        with self._writing() as connection:
            connection.exec_driver_sql(
                "INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    manifest.sha256,
                    manifest.size,
                    manifest.media,
                    bytes.fromhex("".join(manifest.leaves)),
                    have,
                    int(whole),
                    int(on_server),
                    self._clock.now().timestamp(),
                ),
            )

    def _manifest(self, sha256: str) -> tuple[Manifest | None, bool]:
        with self._reading() as connection:
            row = connection.exec_driver_sql(
                "SELECT size, media, leaves, whole FROM file WHERE sha256 = ?", (sha256,)
            ).first()
        if row is None:
            return None, False
        size, media, packed, whole = row
        leaves = tuple(packed[i : i + HASH].hex() for i in range(0, len(packed), HASH))
        return Manifest(sha256, size, media, leaves), bool(whole)

    def _touch(self, sha256: str) -> None:
        now = self._clock.now().timestamp()
        with self._reading() as connection:
            stale = connection.exec_driver_sql(
                "SELECT 1 FROM file WHERE sha256 = ? AND used_at < ?", (sha256, now - _USE_STEP)
            ).first()
        if stale is not None:
            with self._writing() as connection:
                connection.exec_driver_sql(
                    "UPDATE file SET used_at = ? WHERE sha256 = ?", (now, sha256)
                )

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256

    def unlink(self, sha256: str) -> None:
        """Take the bytes away of a file whose row is gone already."""
        path = self._path(sha256)
        with typed():
            path.unlink(missing_ok=True)
            path.with_name(path.name + _PART).unlink(missing_ok=True)
