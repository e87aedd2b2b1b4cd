"""The window's launcher: it lists people at once, and loads what opens a desk when asked to.

The login needs the names of the profiles and nothing else. Database, HTTP and signing take
longer to load than the window takes to appear, so they come while the password is typed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from app.kernel.errors import HoaBanError
from app.store.profile_file import list_profiles, profiles_folder, read
from ui.shell.launcher import ProfileInfo

if TYPE_CHECKING:
    from app.desk import Desk
    from app.entry.desks import ProfileLauncher
    from app.kernel.actor import Actor
    from app.store.mending import Mended

# The longest to load of what pages stand on; here it keeps no window waiting
_UNDER_PAGES = ("signing.pdf.appearance", "signing.pdf.placement")


class FirstLauncher:
    """The window's `Launcher` over a folder of profiles."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._behind: ProfileLauncher | None = None

    def profiles(self) -> Sequence[ProfileInfo]:
        """List the profiles of this machine; a broken one is left out."""
        found = []
        for folder in list_profiles(self._folder):
            try:
                held = read(folder)
            except HoaBanError:
                continue
            found.append(ProfileInfo(folder, held.user, held.server))
        return found

    def load(self) -> None:
        """Load what opening a profile needs, and what of the pages has nothing to do with Qt."""
        self._loaded()
        for name in _UNDER_PAGES:
            import_module(name)

    def quick(self) -> frozenset[Path]:
        """Return the profiles whose key lies in the OS keyring."""
        return self._loaded().quick()

    def open(self, folder: Path, password: str | None) -> Desk:
        """Open a profile; None asks the OS keyring."""
        return self._loaded().open(folder, password)

    def mend(
        self, folder: Path, password: str | None, tell: Callable[[str, int, int], None]
    ) -> Mended:
        """Repair the damaged database of a profile; a sound one stays as it is."""
        return self._loaded().mend(folder, password, tell)

    def ask_recovery(self, folder: Path, password: str) -> tuple[bytes, str]:
        """Return the request to send to the two persons, and its code; the password is new."""
        return self._loaded().ask_recovery(folder, password)

    def recover(self, folder: Path, answer: bytes, password: str) -> None:
        """Take the answer: the new password opens the profile from now on."""
        self._loaded().recover(folder, answer, password)

    def check(self, desk: Desk, password: str | None) -> None:
        """Check the password of a desk that is open behind the lock."""
        self._loaded().check(desk, password)

    def first_actor(self, desk: Desk) -> Actor:
        """Return the person at his first post, after a first sync where it needs one."""
        return self._loaded().first_actor(desk)

    def create(self, server: str, user: str, password: str) -> Path:
        """Make a profile after signing in at the server."""
        return self._loaded().create(server, user, password)

    def _loaded(self) -> ProfileLauncher:
        with self._lock:
            if self._behind is None:
                from app.entry.desks import launcher

                self._behind = launcher(self._folder)
            return self._behind


def launcher(folder: Path | None) -> FirstLauncher:
    """Return the launcher over a folder of profiles, this system's own by default."""
    return FirstLauncher(folder or profiles_folder())
