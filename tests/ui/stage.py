"""A small province of samples and profiles on the disk: what tests of the window open."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt

from app.catalogues.calendars import calendar_from
from app.desk import Desk
from app.features import registry
from app.identity.actors import resolve
from app.identity.model import Person, Post, Unit
from app.kernel.actor import Actor
from app.kernel.bus import Bus
from app.kernel.clock import Clock, SystemClock
from app.kernel.codec import to_json
from app.kernel.command import Envelope
from app.kernel.errors import HoaBanError
from app.settings import Settings
from app.store import recovery
from app.store.desk import DeskStore
from app.store.lock import ProfileLock
from app.store.mending import Mended, mend_if_damaged
from app.store.model import Page, Row
from app.store.profile import Profile
from app.store.profile_file import KdfParams, list_profiles
from app.store.replica import Replica
from tests.ui.conftest import wait_until
from tests.ui.typing import letters, press
from ui.shell.application import Application, build
from ui.shell.launcher import ProfileInfo
from ui.shell.window import DeskWindow

PASSWORD = "mẫu-Mường-Phăng-1"
_QUICK = KdfParams(rounds=1, memory=8 * 1024, lanes=1)
_SINCE = date(2025, 7, 1)
UNITS = (
    Unit("11@-", "11", "Tỉnh Điện Biên", "tỉnh Điện Biên"),
    Unit("11@-/UBND", "11.UBND", "Ủy ban nhân dân tỉnh Điện Biên", "UBND tỉnh Điện Biên", "UBND",
         "agency", "11@-", is_agency=True, place="Điện Biên", valid_from=_SINCE),
    Unit("xa", "11.1", "Ủy ban nhân dân xã Mường Phăng", "UBND xã Mường Phăng", "UBND",
         "agency", "11@-/UBND", is_agency=True, place="Mường Phăng", valid_from=_SINCE),
    Unit("hdnd", "11.2", "Hội đồng nhân dân xã Mường Phăng", "HĐND xã Mường Phăng", "HĐND",
         "agency", "11@-/UBND", is_agency=True, place="Mường Phăng", valid_from=_SINCE),
)  # fmt: skip
POSTS = (
    Post("q.mai", "mai", "xa", "xa", "Văn thư", ("clerk", "one_stop"), _SINCE),
    Post("q.mai.hdnd", "mai", "hdnd", "hdnd", "Văn thư HĐND", ("clerk",), _SINCE),
    Post("q.mau", "mau", "xa", "xa", "Chủ tịch UBND xã", ("leader",), _SINCE),
    Post("q.thu", "thu", "11@-/UBND", "11@-/UBND", "Văn thư tỉnh", ("clerk",), _SINCE),
)
PEOPLE = (
    Person("mai", "Lò Thị Mai", "mai", posts=("q.mai", "q.mai.hdnd")),
    Person("mau", "Quàng Văn Mẫu", "mau", posts=("q.mau",)),
    Person("thu", "Lê Văn Thử", "thu", posts=("q.thu",)),
)


class NoTokens:
    """A machine without a signing device."""

    forgotten = 0

    def tokens(self) -> list[Any]:
        return []

    def certificates(self) -> list[Any]:
        return []

    def forget(self) -> None:
        self.forgotten += 1


def directory() -> tuple[Row, ...]:
    """Return units, people and posts as rows of the server."""
    found = (*(("unit", u) for u in UNITS), *(("person", p) for p in PEOPLE))
    found += tuple(("post", p) for p in POSTS)
    return tuple(
        Row(kind, value.id, place + 1, ("province",), to_json(value))
        for place, (kind, value) in enumerate(found)
    )


class StagedDesk(Desk):
    """A desk that gives its lock back."""

    lock: ProfileLock | None = None
    profile: Profile

    def close(self) -> None:
        super().close()
        if self.lock is not None:
            self.lock.release()


def desk_of(store: DeskStore, person: str, clock: Clock) -> StagedDesk:
    """Return a desk without a line and without tokens over an open store."""
    store.resolve_actor = _resolve
    maps = [json.loads(store.meta(f"settings.{n}") or "{}") for n in ("machine", "person")]
    imposed = json.loads(store.meta("settings.province") or "{}")
    parts: Any = NoTokens()
    return StagedDesk(
        store=store,
        registry=store.registry,
        bus=Bus(store.registry, store.transaction, store.device, clock, store.changes),
        clock=clock,
        person=person,
        settings=Settings(*maps, imposed),
        calendar=calendar_from([]),
        signer=parts,
        verifier=parts,
        http=parts,
    )


def _resolve(get: Any, envelope: Envelope) -> Actor:
    return resolve(
        get, envelope.person, envelope.post, envelope.at, envelope.acting_for, envelope.authority
    )


class Stage:
    """The window's `Launcher` over real profiles of sample people."""

    def __init__(self, folder: Path, clock: Clock | None = None, known: Any = None) -> None:
        self.folder = folder
        self.clock = clock or SystemClock()
        self.known = known or registry()
        self.trouble: HoaBanError | None = None
        self.loaded = False

    def seed(self, *people: str) -> None:
        """Make the profiles of these people, as after a first sync."""
        for person in people:
            profile = Profile.create(
                self.folder / person, PASSWORD, self.clock, user=person, kdf=_QUICK
            )
            with profile.opened(profile.unlock(PASSWORD), self.known) as store:
                buckets = ("province", f"person:{person}", "agency:xa")
                Replica(store).apply(Page(rows=directory(), grants=buckets, cursor=20))

    def profiles(self) -> Sequence[ProfileInfo]:
        names = {p.id: p.name for p in PEOPLE}
        return [
            ProfileInfo(folder, folder.name, "", names[folder.name])
            for folder in list_profiles(self.folder)
        ]

    def load(self) -> None:
        self.loaded = True

    def quick(self) -> frozenset[Path]:
        return frozenset()

    def open(self, folder: Path, password: str | None) -> Desk:
        profile = Profile.load(folder, self.clock)
        store, lock = profile.open(profile.unlock(password or ""), self.known)
        made = desk_of(store, folder.name, self.clock)
        made.lock, made.profile = lock, profile
        return made

    def mend(self, folder: Path, password: str | None, tell: Any) -> Mended:
        profile = Profile.load(folder, self.clock)
        key = profile.unlock(password or "")
        return mend_if_damaged(folder, key, self.known, self.clock, tell)

    def ask_recovery(self, folder: Path, password: str) -> tuple[bytes, str]:
        asked = Profile.load(folder, self.clock).ask_recovery(password)
        return recovery.write(asked), recovery.code_of(asked)

    def recover(self, folder: Path, answer: bytes, password: str) -> None:
        Profile.load(folder, self.clock).recover(answer, password)

    def check(self, desk: Desk, password: str | None) -> None:
        assert isinstance(desk, StagedDesk)
        desk.profile.unlock(password or "")

    def first_actor(self, desk: Desk) -> Actor:
        if self.trouble is not None:
            raise self.trouble
        return desk.actor()

    def create(self, server: str, user: str, password: str) -> Path:
        if self.trouble is not None:
            raise self.trouble
        self.seed(user)
        return self.folder / user


class Opening:
    """A running application on a stage, and the steps a person takes in it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.made: Application = build(stage, None, "vi")
        self.made.start()
        self.made.frame.setMinimumSize(1, 1)
        # A bare X server has no window manager that would do it
        self.made.frame.activateWindow()
        wait_until(self.made.frame.isActiveWindow)
        wait_until(self._listed)

    def _listed(self) -> bool:
        login = self.made.login
        return login.asks_first or login.chosen is not None

    def unlock(self, person: str, password: str = PASSWORD) -> DeskWindow:
        """Choose a person, type the password and press Enter."""
        login = self.made.login
        login.choose(self.stage.folder / person)
        letters(login.password, password)
        press(login.password, Qt.Key.Key_Return)
        wait_until(lambda: self.made.window is not None and self._of(person))
        return self.window

    def _of(self, person: str) -> bool:
        window = self.made.window
        return window is not None and window.session.desk.person == person

    @property
    def window(self) -> DeskWindow:
        """Return the desk that is shown."""
        window = self.made.window
        assert window is not None, "the login is shown"
        return window

    def close(self) -> None:
        """End the application."""
        self.made.frame.hide()
        self.made.close()
