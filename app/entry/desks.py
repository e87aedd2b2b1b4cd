"""Make, find and open desks: a profile folder becomes a `Desk` with all its adapters."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from app.desk import Desk
from app.entry import line, mending, parts
from app.entry.held import actor_of, calendar_of
from app.entry.late import LateCompleter, LateSigner, LateVerifier
from app.features import registry
from app.identity.actions import Action
from app.identity.audit import Note
from app.identity.trail import DeskTrail
from app.kernel.actor import Actor
from app.kernel.bus import Bus
from app.kernel.changes import Changes
from app.kernel.clock import Clock, SystemClock, local_date
from app.kernel.errors import HoaBanError, NotPermitted, RuleViolation, Unavailable
from app.kernel.ports import Progress
from app.settings import SETTING_LIST, Settings, parsed
from app.store import recovery
from app.store.desk import DeskStore
from app.store.keyring_box import KeyringBox
from app.store.lock import ProfileLock
from app.store.mending import Mended
from app.store.profile import Profile
from app.store.profile_file import list_profiles, profiles_folder
from app.store.tokens import KeptTokens
from app.store.wreckage import Tell
from sync.client.truths import SIGN_IN
from sync.http import Session

TRUST = "trust"
_FIRST_SYNC_STEP = 0.1
PERSON = "person"
SETTINGS = ("settings.machine", "settings.person")


def read_password(args: argparse.Namespace, *, confirm: bool = False) -> str:
    """Return the password from the first line of standard input, or asked for at a terminal.

    Raises `RuleViolation("input.password")` when there is none.
    """
    if args.password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = getpass.getpass("Mật khẩu: ")
        if confirm and password != getpass.getpass("Nhập lại mật khẩu: "):
            raise RuleViolation("input.password_twice", field="password")
    else:
        password = ""
    if not password:
        raise RuleViolation("input.password", field="password")
    return password


def new_profile(folder: Path, server: str, user: str, password: str) -> Path:
    """Make a profile after the server has known the person; returns its folder.

    The password of the account is the profile's first password. Raises `Unavailable` without
    a line and `NotPermitted` for a wrong password: then nothing was made.
    """
    _signed_in(folder, server, user, password).close()
    return folder


def _signed_in(folder: Path, server: str, user: str, password: str) -> Session:
    """Make a profile; return the session that has signed in for it."""
    clock = SystemClock()
    signed = line.sign_in(server, user, password, clock)
    profile = Profile.create(folder, password, clock, server=server, user=user)
    with profile.opened(profile.made_with, registry()) as store:
        kept = KeptTokens(store, KeyringBox())
        for name, token in signed.tokens.held.items():
            kept.set(name, token)
        store.set_meta(PERSON, signed.person)
        store.set_meta(line.SERVER, server)
        DeskTrail(store).note(Note(Action.SIGN_IN, person=signed.person, device=store.device))
    return signed.session


def profile_user(folder: Path) -> str:
    """Return whose profile a folder is; raises the typed errors of a broken one."""
    return Profile.load(folder, SystemClock()).user


@contextmanager
def opened(args: argparse.Namespace) -> Iterator[Desk]:
    """Open the desk that command line arguments name."""
    launch = launcher(args.profile.parent)
    password = read_password(args) if args.password_stdin or sys.stdin.isatty() else None
    desk = launch.open(args.profile, password, online=False)
    try:
        yield desk
    finally:
        desk.close()


def sync_once(desk: Desk, server: str | None) -> dict[str, Any]:
    """Exchange with the server until nothing is left; return what came of it.

    What waits to be completed is tried after it; its effect goes with the next exchange.
    """
    server = server or desk.store.meta(line.SERVER)
    outcome = line.exchange_once(desk.store, server, desk.clock)
    return outcome | {"completed": desk.completions.run_due(has_line=True)}


def carry(desk: Desk, args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Write or read a package on a stick; return what came of it."""
    packages = line.service(desk.store, desk.store.meta(line.SERVER), desk.clock).packages
    if args.action == "write":
        return asdict(packages.write(args.to, progress))
    return asdict(packages.read(args.source, progress))


class OpenDesk(Desk):
    """A desk that gives its lock back, and its helpers their end, when it is closed."""

    lock: ProfileLock
    profile: Profile
    tokens: LateSigner
    checker: LateVerifier
    finisher: LateCompleter

    def follow_province(self) -> None:
        """Take what the province decides anew whenever its lists change."""

        def follow(changes: Changes) -> None:
            if changes.touches("catalogue"):
                self.settings = _settings(self.store)
                self.calendar = calendar_of(self.store)

        self.changes.subscribe(follow)

    def close(self) -> None:
        """Stop the line, end the helpers and the workers, close the store, give the lock back."""
        if self.sync is not None:
            self.sync.stop()
        self.tokens.close()
        self.checker.close()
        self.finisher.close()
        super().close()
        self.lock.release()


class ProfileLauncher:
    """Open and make profiles of a folder; the window's way to it is `app.entry.first`."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._box = KeyringBox()
        # A slow line takes seconds to connect: who has just signed in goes on with what is open.
        self._connected: dict[Path, Session] = {}

    def quick(self) -> frozenset[Path]:
        """Return the profiles whose key lies in the OS keyring; a broken one is left out."""
        found = set()
        for folder in list_profiles(self._folder):
            try:
                profile = Profile.load(folder, self._clock)
            except HoaBanError:
                continue
            if profile.quick and profile.quick_unlock(self._box) is not None:
                found.add(folder)
        return frozenset(found)

    def open(self, folder: Path, password: str | None, *, online: bool = True) -> Desk:
        """Open a profile; None asks the OS keyring. `online` begins to keep the line going."""
        profile = Profile.load(folder, self._clock)
        # Wrong passwords cannot be noted in a database that they do not open.
        failures = profile.failures
        key = self._key(profile, password)
        store, lock = profile.open(key, registry())
        try:
            _note_login(store, failures, _means(password))
            desk = self._desk(profile, store, lock, password, online=online)
        except BaseException:
            store.close()
            lock.release()
            raise
        self._follow_policy(desk, key)
        return desk

    def mend(
        self, folder: Path, password: str | None, tell: Tell = lambda _step, _done, _total: None
    ) -> Mended:
        """Repair a damaged database; a sound one stays as it is.

        Raises as `Profile.unlock` and `app.store.mending.mend`.
        """
        profile = Profile.load(folder, self._clock)
        return mending.mend(profile, self._key(profile, password), self._clock, tell)

    def ask_recovery(self, folder: Path, password: str) -> tuple[bytes, str]:
        """Return the request to send to the two persons, and its code; the password is new."""
        asked = Profile.load(folder, self._clock).ask_recovery(password)
        return recovery.write(asked), recovery.code_of(asked)

    def recover(self, folder: Path, answer: bytes, password: str) -> None:
        """Take the answer: the new password opens the profile; raises as `Profile.recover`."""
        mending.recover(Profile.load(folder, self._clock), answer, password)

    def check(self, desk: Desk, password: str | None) -> None:
        """Check the password of a desk that is open behind the lock."""
        if not isinstance(desk, OpenDesk):
            return
        try:
            key = self._key(desk.profile, password)
        except HoaBanError as error:
            desk.note(Action.LOGIN_FAILED, detail=error.code)
            raise
        self._follow_policy(desk, key)
        desk.note(Action.UNLOCK, detail=_means(password))

    def first_actor(self, desk: Desk) -> Actor:
        """Return the person at his first post, after a first sync where it needs one."""
        line_up = desk.sync
        while line_up is not None and not desk.posts():
            status = line_up.status
            if status.state != "ok" and status.retry_at is not None:
                raise Unavailable("desk.first_sync", status.retry_at)
            time.sleep(_FIRST_SYNC_STEP)
        mending.keep_self(desk)
        return desk.actor()

    def create(self, server: str, user: str, password: str) -> Path:
        """Make a profile after signing in at the server."""
        name = "".join(c if c.isalnum() or c in "._-" else "_" for c in user)
        folder = self._folder / name
        self._connected[folder] = _signed_in(folder, server, user, password)
        return folder

    def _follow_policy(self, desk: OpenDesk, key: bytes) -> None:
        """Put the key into the keyring, or take it out, as the person and the province wish.

        Without a keyring, or with a locked one, the password goes on unlocking. The province's
        recovery key, and a new one after that, gets the key sealed to it.
        """
        desk.profile.keep_recovery(key, desk.settings.text("recovery_key"))
        wanted = bool(desk.settings.get("quick_unlock"))
        if wanted == desk.profile.quick:
            return
        with suppress(Unavailable):
            if wanted:
                desk.profile.enable_quick_unlock(self._box, key)
            else:
                desk.profile.disable_quick_unlock(self._box)

    def _chosen_trust(self) -> tuple[Path, ...]:
        """Return the folder of anchors beside profiles that were put somewhere expressly.

        In the system's own place everybody could put one there; anchors are the administrator's.
        """
        chosen = self._folder != profiles_folder()
        return (self._folder.parent / TRUST,) if chosen else ()

    def _key(self, profile: Profile, password: str | None) -> bytes:
        if password is not None:
            return profile.unlock(password)
        key = profile.quick_unlock(self._box)
        if key is None:
            raise NotPermitted("profile.wrong_password")
        return key

    def _desk(
        self,
        profile: Profile,
        store: DeskStore,
        lock: ProfileLock,
        password: str | None,
        *,
        online: bool,
    ) -> OpenDesk:
        clock = self._clock
        store.resolve_actor = actor_of
        trust = self._chosen_trust()
        http = parts.http_session(clock)
        tokens = _signer(clock, trust, http, lambda: desk.settings)
        checker = LateVerifier(lambda: parts.verifier(clock, trust, http, parts.cores()))
        desk = OpenDesk(
            store=store,
            registry=store.registry,
            bus=_bus(store, clock),
            clock=clock,
            person=store.meta(PERSON),
            settings=_settings(store),
            calendar=calendar_of(store),
            signer=tokens,
            verifier=checker,
            http=http,
            diagnosis=tokens.diagnose,
        )
        desk.lock, desk.profile, desk.tokens, desk.checker = lock, profile, tokens, checker
        desk.completer = desk.finisher = _completer(desk, trust)
        desk.follow_province()
        _obey(store, desk.settings)
        if online and profile.server:
            _go_online(desk, profile, password, self._connected.pop(profile.folder, None))
        return desk


def launcher(folder: Path | None) -> ProfileLauncher:
    """Return the launcher over a folder of profiles, this system's own by default."""
    return ProfileLauncher(folder or profiles_folder(), SystemClock())


def _go_online(desk: Desk, profile: Profile, password: str | None, session: Session | None) -> None:
    """Begin to keep the line going, and look at it where somebody asks what is wrong with it."""
    store, clock = desk.store, desk.clock
    keeper = line.service(store, profile.server, clock, lambda: desk.settings, session)
    if password is not None:
        keeper.offer(profile.user, password)
    keeper.start()
    desk.sync, desk.packages = keeper, keeper.packages
    desk.sign_in = line.ServerSignIn(keeper, desk.signer, profile.user, profile.server)
    desk.network = line.check(
        profile.server,
        clock,
        lambda: store.server_time.ahead if keeper.status.last_sync else None,
        lambda: keeper.status.state == SIGN_IN,
    )


def _completer(desk: Desk, trust: Sequence[Path]) -> LateCompleter:
    """Return what completes signatures, with the time stamp authority in force then."""
    return LateCompleter(
        lambda: parts.completer(desk.clock, trust, desk.http, lambda: desk.settings.text("tsa_url"))
    )


def _bus(store: DeskStore, clock: Clock) -> Bus:
    return Bus(
        store.registry,
        store.transaction,
        store.device,
        clock,
        store.changes,
        DeskTrail(store),
        lambda: store.server_time.ahead,
    )


def _obey(store: DeskStore, settings: Settings) -> None:
    """Let the store hold commands, and bear with the clock, as the settings say."""
    store.hold_seconds = float(settings.number("hold_seconds"))
    minutes = settings.number("clock_tolerance_minutes")
    store.server_time.tolerance = timedelta(minutes=minutes)


def _note_login(store: DeskStore, failures: int, means: str) -> None:
    person, device = store.meta(PERSON), store.device
    trail = DeskTrail(store)
    with store.writing():
        if failures:
            trail.note(Note(Action.LOGIN_FAILED, device=device, detail=str(failures)))
        trail.note(Note(Action.LOGIN, person=person, device=device, detail=means))


def _means(password: str | None) -> str:
    return "keyring" if password is None else "password"


def _signer(
    clock: Clock, trust: tuple[Path, ...], http: Session, settings: Callable[[], Settings]
) -> LateSigner:
    def minutes() -> int:
        return settings().number("signing.pin_minutes")

    return LateSigner(lambda: parts.token_signer(clock, trust, http, minutes))


def _settings(store: DeskStore) -> Settings:
    """Return the settings of machine and person, under what the province imposes.

    The province's come as entries of the catalogue list `setting`, like all it decides.
    """
    machine, person = (json.loads(store.meta(name) or "{}") for name in SETTINGS)
    items = (item for _, item in store.entities("catalogue") if item.list == SETTING_LIST)
    today = local_date(store.clock.now())
    imposed = {i.code: parsed(i.code, i.label) for i in items if i.valid_on(today)}
    return Settings(machine, person, imposed)
