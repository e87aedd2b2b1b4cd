"""A profile on the disk: a folder of one person on one machine.

desk.db        the database, under the profile's key
vault/         files, under a key in the database
backups/       copies before migrations, under the profile's key
profile.json   where the server is, who it is, and the wrapped key; no secret
recovery.json  what was asked of the province's two persons, under the new password
lock           held by the process that has it open
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from app.kernel.clock import Clock
from app.kernel.codec import to_json
from app.kernel.errors import Conflict, Damaged, NotPermitted, Unavailable
from app.kernel.feature import Registry
from app.kernel.ids import new_id
from app.kernel.ports import KeyValue
from app.store import keys, profile_file, recovery
from app.store.desk import DeskStore
from app.store.faults import typed
from app.store.lock import ProfileLock
from app.store.profile_file import FILE, KdfParams, ProfileFile
from app.store.sealed import sync, sync_folder

ASKED = "recovery.json"


class Profile:
    """A profile folder; opening its store needs the key that `unlock` answers."""

    def __init__(self, folder: Path, file: ProfileFile, clock: Clock) -> None:
        self.folder = folder
        self._file = file
        self._clock = clock
        self._made_with = b""

    @property
    def made_with(self) -> bytes:
        """Return the key of a profile that was made just now, else nothing."""
        return self._made_with

    @classmethod
    def create(
        cls,
        folder: Path,
        password: str,
        clock: Clock,
        *,
        server: str = "",
        user: str = "",
        kdf: KdfParams = KdfParams(),  # noqa: B008 - frozen
    ) -> Profile:
        """Make a profile folder with a new key; `Conflict("profile.exists")` if there is one."""
        if (folder / FILE).exists():
            raise Conflict("profile.exists")
        with typed():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = keys.new_key()
        wrapped = keys.wrap(key, password, kdf)
        profile = cls(folder, ProfileFile(new_id(clock.now()), server, user, wrapped), clock)
        profile._write(profile._file)
        profile._made_with = key
        return profile

    @classmethod
    def load(cls, folder: Path, clock: Clock) -> Profile:
        """Read a profile folder.

        Raises `Unavailable("profile.missing")`, `Damaged("profile.damaged")`.
        """
        return cls(folder, profile_file.read(folder), clock)

    @property
    def id(self) -> str:
        """Return the profile's own id, under which the keyring keeps its key."""
        return self._file.id

    @property
    def server(self) -> str:
        """Return the address of the server."""
        return self._file.server

    @property
    def user(self) -> str:
        """Return the login name of the person."""
        return self._file.user

    @property
    def failures(self) -> int:
        """Return how many wrong passwords were tried since the last right one."""
        return self._file.failures

    @property
    def quick(self) -> bool:
        """Tell whether the key was put into the keyring; asks no keyring, which may be slow."""
        return self._file.quick

    def unlock(self, password: str) -> bytes:
        """Return the key.

        Raises `NotPermitted("profile.wrong_password")`, and after several of them
        `Unavailable("profile.wait", retry_at, seconds)` until the delay is over.
        """
        self._refuse_hurry()
        try:
            key = keys.unwrap(self._file.key, password)
        except NotPermitted:
            failures = self._file.failures + 1
            self._write(replace(self._file, failures=failures, failed_at=self._clock.now()))
            raise
        if self._file.failures:
            self._write(replace(self._file, failures=0, failed_at=None))
        return key

    def change_password(self, old: str, new: str) -> None:
        """Wrap the key anew; raises as `unlock`."""
        self.unlock(old)
        self._write(replace(self._file, key=keys.rewrap(self._file.key, old, new)))

    def keep_recovery(self, key: bytes, public: str) -> None:
        """Seal the key to the province's recovery key, where that is another than before."""
        held = self._file.recovery
        if not recovery.is_public(public) or (held is not None and held.public == public):
            return
        self._write(replace(self._file, recovery=recovery.seal(key, public, self._file.id)))

    def ask_recovery(self, password: str) -> recovery.Request:
        """Return what to send to the two persons of the province; begins a new request.

        The password is the new one: it guards what will open the answer. Raises
        `Unavailable("recovery.none")` where the profile never met a recovery key.
        """
        held = self._file.recovery
        if held is None:
            raise Unavailable("recovery.none")
        private = keys.new_key()
        desk = recovery.public_of(private)
        asked = recovery.Request(self._file.id, self._file.user, held, desk)
        wrapped = keys.wrap(private, password, self._file.key.kdf)
        self._replace(ASKED, recovery.write(recovery.Pending(asked, wrapped)))
        return asked

    def recover(self, data: bytes, password: str) -> bytes:
        """Take the answer with the new password, which is the profile's from now on.

        Returns the key. Raises `Unavailable("recovery.not_asked")`,
        `NotPermitted("profile.wrong_password" | "recovery.other")`,
        `Damaged("recovery.damaged")` and `RuleViolation("recovery.file")`; then nothing changed.
        """
        path = self.folder / ASKED
        if not path.is_file():
            raise Unavailable("recovery.not_asked")
        with typed():
            pending = recovery.read_pending(path.read_bytes())
        answer = recovery.read_answer(data)
        key = recovery.opened(answer, pending, keys.unwrap(pending.private, password))
        if not keys.fits(self._file.key, key):
            raise Damaged("recovery.damaged")
        wrapped = keys.wrap(key, password, self._file.key.kdf)
        self._write(replace(self._file, key=wrapped, failures=0, failed_at=None))
        with typed():
            # Without its private half no copy of the answer opens anything again.
            path.unlink()
            sync_folder(self.folder)
        return key

    def quick_unlock(self, box: KeyValue) -> bytes | None:
        """Return the key from the keyring, or None: then the password unlocks."""
        held = box.get(self._slot)
        try:
            key = bytes.fromhex(held or "")
        except ValueError:
            return None
        return key if keys.fits(self._file.key, key) else None

    def enable_quick_unlock(self, box: KeyValue, key: bytes) -> None:
        """Keep the key in the keyring; raises `Unavailable("keyring.unavailable")`."""
        box.set(self._slot, key.hex())
        self._write(replace(self._file, quick=True))

    def disable_quick_unlock(self, box: KeyValue) -> None:
        """Take the key out of the keyring."""
        self._write(replace(self._file, quick=False))
        box.delete(self._slot)

    @contextmanager
    def opened(self, key: bytes, registry: Registry) -> Iterator[DeskStore]:
        """Hold the profile's lock and yield its store; see `open`."""
        store, lock = self.open(key, registry)
        try:
            yield store
        finally:
            store.close()
            lock.release()

    def open(self, key: bytes, registry: Registry) -> tuple[DeskStore, ProfileLock]:
        """Take the lock and open the store; the caller closes the one and releases the other.

        Raises `Conflict("profile_in_use", pid, host)` and what `DeskStore.open` raises.
        """
        if not keys.fits(self._file.key, key):
            raise NotPermitted("profile.wrong_password")
        lock = ProfileLock(self.folder)
        try:
            return DeskStore.open(self.folder, key, registry, self._clock), lock
        except BaseException:
            lock.release()
            raise

    @property
    def _slot(self) -> str:
        return f"profile:{self._file.id}"

    def _refuse_hurry(self) -> None:
        failed_at = self._file.failed_at
        if failed_at is None:
            return
        delay = timedelta(seconds=keys.delay_after(self._file.failures))
        # A clock that was set back must not make the wait longer than the delay.
        left = min(failed_at + delay - self._clock.now(), delay)
        if left > timedelta(0):
            seconds = -(-left // timedelta(seconds=1))
            raise Unavailable("profile.wait", self._clock.now() + left, seconds=seconds)

    def _write(self, file: ProfileFile) -> None:
        self._replace(FILE, json.dumps(to_json(file), indent=1).encode())
        self._file = file

    def _replace(self, name: str, data: bytes) -> None:
        path = self.folder / name
        new = path.with_name(f"{name}.new")
        with typed():
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as target:
                target.write(data)
                sync(target)
            new.replace(path)
            sync_folder(self.folder)
