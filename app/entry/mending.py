"""Repair the database of a profile, and write into its audit log that this was done."""

from __future__ import annotations

from contextlib import closing, suppress

from app.desk import Desk
from app.features import registry
from app.identity.actions import Action
from app.identity.audit import Note
from app.identity.trail import DeskTrail
from app.kernel.clock import Clock
from app.kernel.errors import Damaged
from app.store import mending, wreckage
from app.store.desk import DeskStore
from app.store.lock import ProfileLock
from app.store.mending import Mended
from app.store.profile import Profile
from app.store.wreckage import Tell

PERSON = "person"


def mend(profile: Profile, key: bytes, clock: Clock, tell: Tell) -> Mended:
    """Repair a damaged database, a sound one stays as it is; raises as `mending.mend`."""
    lock = ProfileLock(profile.folder)
    try:
        done = mending.mend_if_damaged(profile.folder, key, registry(), clock, tell)
        if done.repaired:
            with closing(DeskStore.open(profile.folder, key, registry(), clock)) as store:
                DeskTrail(store).note(_note(store, done))
    finally:
        lock.release()
    return done


def recover(profile: Profile, answer: bytes, password: str) -> None:
    """Take the answer to a request, and write down that the recovery key was used."""
    key = profile.recover(answer, password)
    # A damaged database is repaired with the new password next, and tells of that.
    with suppress(Damaged), profile.opened(key, registry()) as store:
        DeskTrail(store).note(Note(Action.RECOVER, person=store.meta(PERSON), device=store.device))


def keep_self(desk: Desk) -> None:
    """Have the second journal hold who works here: without it no desk opens without a line."""
    keys = [("person", desk.person)]
    for post in desk.posts():
        keys += [("post", post.id), ("unit", post.unit), ("unit", post.agency)]
    with desk.store.writing() as connection:
        wreckage.keep_self(connection, keys)


def _note(store: DeskStore, done: Mended) -> Note:
    return Note(
        Action.MEND,
        person=store.meta(PERSON),
        device=store.device,
        objects=(done.aside,),
        detail=f"{done.waiting} {'doubtful' if done.doubtful else 'whole'}",
    )
