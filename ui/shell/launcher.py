"""What the window needs to open desks; the composition root gives it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.desk import Desk
    from app.kernel.actor import Actor
    from app.store.mending import Mended


@dataclass(frozen=True, slots=True)
class ProfileInfo:
    """A profile on this machine: whose it is; nothing secret."""

    folder: Path
    user: str
    server: str
    name: str = ""


class Launcher(Protocol):
    """Find, make and open profiles; every call may take long and runs on a lane."""

    def profiles(self) -> Sequence[ProfileInfo]:
        """List the profiles of this machine: short, and before anything is loaded."""

    def load(self) -> None:
        """Load what opening a profile needs; the person types meanwhile."""

    def quick(self) -> frozenset[Path]:
        """Return the profiles whose key lies in the OS keyring, which may be slow to answer."""

    def open(self, folder: Path, password: str | None) -> Desk:
        """Open a profile; None asks the OS keyring. Raises the typed errors of the store."""

    def mend(
        self, folder: Path, password: str | None, tell: Callable[[str, int, int], None]
    ) -> Mended:
        """Repair the damaged database of a profile; a sound one stays as it is."""

    def ask_recovery(self, folder: Path, password: str) -> tuple[bytes, str]:
        """Return the request to send to the two persons, and its code; the password is new."""

    def recover(self, folder: Path, answer: bytes, password: str) -> None:
        """Take the answer: the new password opens the profile from now on."""

    def check(self, desk: Desk, password: str | None) -> None:
        """Check the password of a desk that is open behind the lock."""

    def first_actor(self, desk: Desk) -> Actor:
        """Return the person at his first post, after a first sync where it needs one."""

    def create(self, server: str, user: str, password: str) -> Path:
        """Make a profile after signing in at the server."""
