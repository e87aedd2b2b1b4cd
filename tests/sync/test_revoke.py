"""After a revoke nothing of a record is left on the desk: every page, the log, the folder.

What is searched is what a thief with the key would find (`tests.sync.raw_pages`). Each run
sees first that the search does find everything, then takes a bucket away, with a crash at
some place of it. The one thing that stays is what the person has typed and not sent.
"""

from __future__ import annotations

import io
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy import Connection

from app.kernel.actor import Actor
from app.kernel.bus import Bus
from app.kernel.clock import FixedClock
from app.kernel.command import Command
from app.kernel.event import Event, NewEvent
from app.kernel.feature import Context, Handler, Registry
from app.store import fts, opening, scrubbing
from app.store.desk import DeskStore
from app.store.model import OutboxState
from app.store.replica import Replica
from app.store.sealed import measure
from app.store.vault import Vault
from sync.client.engine import Engine
from sync.protocol import codec
from sync.protocol.messages import Frame, Request
from sync.server.service import Account, Service
from sync.server.store import Store
from tests.doubles import toy
from tests.doubles.toy import AddNote, HoldBuckets, MoveNote, ToyPeople
from tests.sync.conftest import NOON
from tests.sync.desk import Desk
from tests.sync.raw_pages import everything

KEY = bytes(range(32))
BOTH = ("all", "agency:x", "agency:y")
LEFT = ("all", "agency:x")
SEEDS = range(12)


class Killed(BaseException):
    """The process ends here; nothing of ours catches it."""


@dataclass(frozen=True, slots=True)
class Say(Command):
    """Write on a note."""

    NAME: ClassVar[str] = "note.say"

    text: str


def _say(note: Any, command: Say, _: Context) -> Sequence[NewEvent]:
    assert note is not None
    return [NewEvent("note", command.id, "note.said", {"text": command.text})]


def _applied(note: Any, event: Event) -> Any:
    if event.name == "note.said":
        return replace(note, text=event.data["text"])
    return toy.apply_note(note, event)


def hidden(text: str) -> str:
    """Return words that lie in the index alone."""
    return " ".join(word[::-1] for word in text.split())


class Index:
    """The words of notes, turned round, in a search table."""

    kind = "note"

    def create(self, connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE place (place INTEGER PRIMARY KEY, id TEXT UNIQUE)")
        fts.create(connection, "words")

    def write(self, connection: Connection, rows: Sequence[tuple[str, Any]]) -> None:
        held = fts.places(connection, "place", [(i, NOON) for i, _ in rows])
        connection.exec_driver_sql(
            "INSERT OR REPLACE INTO place VALUES (?, ?)", [(p, i) for i, p in held.items()]
        )
        fts.write(connection, "words", [(held[i], hidden(note.text)) for i, note in rows])

    def delete(self, connection: Connection, ids: Sequence[str]) -> None:
        for entity in ids:
            gone = connection.exec_driver_sql(
                "DELETE FROM place WHERE id = ? RETURNING place", (entity,)
            ).scalars()
            fts.delete(connection, "words", gone.all())


def registry() -> Registry:
    kinds = tuple(replace(k, apply=_applied) if k.name == "note" else k for k in toy.FEATURE.kinds)
    handlers = (*toy.FEATURE.handlers, Handler(Say, "note", "note.write", _say))
    return Registry((replace(toy.FEATURE, kinds=kinds, handlers=handlers, projections=(Index(),)),))


class Wire:
    """Frames from hand to hand."""

    def __init__(self, service: Service, person: str) -> None:
        self.service, self.account = service, Account(person, person)

    def exchange(self, request: Request) -> Iterator[Frame]:
        for frame in self.service.handle(request, self.account):
            again = codec.decode_frame(codec.encode_frame(frame))
            assert again is not None
            yield again


class Scene:
    """A server, one who writes, and the desk that loses a bucket."""

    def __init__(self, folder: Path, seed: int, store: Store, clock: FixedClock) -> None:
        self.chance = random.Random(seed)
        self.clock, self.folder = clock, folder / "desk"
        self.service = Service(store, registry(), ToyPeople(), clock)
        self.hold(BOTH)
        self.service.run_as_system(HoldBuckets("an", BOTH))
        self.an = Desk(self.service, Account("an", "an"), "desk-an", clock)
        self.an.registry = registry()
        # Marks of the server's text, of files' names, of what was typed; by note.
        self.texts: dict[str, list[str]] = {}
        self.homes: dict[str, str] = {}
        self.files: dict[str, str] = {}
        self.typed: dict[str, str] = {}
        self.folder.mkdir()
        self.start()

    def start(self) -> None:
        self.store = DeskStore.open(self.folder, KEY, registry(), self.clock)
        self.store.hold_seconds = 0.0
        actor = Actor("binh", roles=frozenset({"writer"}))
        self.store.resolve_actor = lambda _get, _envelope: actor
        self.replica = Replica(self.store)
        self.engine = Engine(self.replica, Wire(self.service, "binh"), want=40)
        device, changes = self.store.device, self.store.changes
        bus = Bus(self.store.registry, self.store.transaction, device, self.clock, changes)
        self.act: Callable[[Command], Any] = lambda command: bus.run(actor, command)

    def hold(self, buckets: tuple[str, ...]) -> None:
        self.service.run_as_system(HoldBuckets("binh", buckets))

    def mark(self) -> str:
        return "".join(self.chance.choices("abcdefghijklmnopqrstuvwxyz", k=16))

    def round(self) -> None:
        self.clock.advance(timedelta(seconds=1))
        while not self.engine.round(flush=True).caught_up:
            continue

    def words(self) -> str:
        """Return a text that bears its mark at both ends, sometimes over several pages."""
        mark, filler = self.mark(), "van ban " * self.chance.choice((1, 40, 900))
        return f"{mark} {filler}{mark}"

    def write(self) -> None:
        """Fill the server, in several revisions."""
        for number in range(24):
            note, home = f"n{number}", self.chance.choice(BOTH[1:])
            text = self.words()
            file = self.mark() * 9 if self.chance.random() < 0.5 else ""
            named = (measure_of(file),) if file else ()
            self.an.sync(AddNote(note, text, (home,), files=named))
            self.texts[note], self.homes[note] = [text.split()[0]], home
            if file:
                self.files[note] = file
            for _ in range(self.chance.randrange(3)):
                text = self.words()
                self.an.sync(Say(note, text))
                self.texts[note].append(text.split()[0])
        # There must be something to take away and something to keep.
        self.homes |= {"n0": "agency:y", "n1": "agency:x"}
        for note in ("n0", "n1"):
            self.an.sync(MoveNote(note, (self.homes[note],)))

    def use(self) -> None:
        """Do with the records what an official does."""
        self.round()
        for note in self.chance.sample(sorted(self.homes), 8):
            text = self.words()
            self.act(Say(note, text))
            self.texts[note].append(text.split()[0])
        self.round()
        for note, file in self.files.items():
            manifest = measure_manifest(file)
            part = self.store.vault.part(manifest)
            part.write(0, file.encode())
            if self.chance.random() < 0.7:
                part.finish()
            self.keep_finding(note, manifest.sha256)
        for note in self.chance.sample(sorted(self.homes), 5):
            self.typed[note] = self.mark()
            self.act(Say(note, f"{self.typed[note]} {self.typed[note]}"))
        opening.backup(self.folder, KEY, "before-0099", self.clock)

    def keep_finding(self, note: str, sha256: str) -> None:
        mark = self.texts[note][0]
        with self.store.writing() as connection:
            connection.exec_driver_sql(
                "INSERT OR REPLACE INTO file_check VALUES (?, 'valid', 0, 0, 0, ?)", (sha256, mark)
            )
            connection.exec_driver_sql("INSERT OR IGNORE INTO pin VALUES ('note', ?)", (note,))
            connection.exec_driver_sql(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"pages.form:{note}", mark)
            )

    def killed(self) -> None:
        """Go on from what a killed process has left on the disk."""
        self.store.close()
        self.folder = self.snapshot()
        self.start()

    def close(self) -> None:
        self.store.close()

    def snapshot(self) -> Path:
        """Copy the folder as it lies while the desk is open."""
        target = self.folder.with_name(self.folder.name + "-")
        shutil.copytree(self.folder, target)
        return target

    def seen(self) -> bytes:
        target = self.snapshot()
        try:
            return everything(target, KEY)
        finally:
            shutil.rmtree(target)

    def lost(self) -> list[str]:
        return [note for note, home in self.homes.items() if home == "agency:y"]


def measure_manifest(content: str) -> Any:
    return measure(io.BytesIO(content.encode()), "application/pdf")


def measure_of(content: str) -> str:
    return str(measure_manifest(content).sha256)


@contextmanager
def crash_at(chance: random.Random) -> Iterator[None]:
    """End the process at one step of a revoke; sometimes at none."""
    places: list[tuple[Any, str]] = [
        (Vault, "unlink"),
        (scrubbing, "want"),
        (scrubbing, "sweep"),
        (scrubbing, "merge_indexes"),
        (scrubbing, "cut_log"),
        (scrubbing, "drop_copies"),
        (scrubbing, "forget"),
        (scrubbing, "is_due"),
    ]
    owner, name = chance.choice(places)
    before = chance.random() < 0.5
    real = getattr(owner, name)

    def end(*args: Any, **named: Any) -> Any:
        if not before:
            real(*args, **named)
        raise Killed(name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, end)
        yield


def traces(scene: Scene, seen: bytes, notes: Sequence[str]) -> list[tuple[str, str]]:
    """Return what is found of notes: their text, their words in the index, their files."""
    found: list[tuple[str, str]] = []
    for note in notes:
        for mark in scene.texts[note]:
            found += [(note, "text")] if mark.encode() in seen else []
            # An index keeps of a word what differs from the one before it.
            found += [(note, "index")] if mark[::-1][3:].encode() in seen else []
        if note in scene.files and measure_of(scene.files[note]).encode() in seen:
            found.append((note, "file"))
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_after_a_revoke_nothing_is_left(seed: int, tmp_path: Path, clock: FixedClock) -> None:
    with ExitStack() as stack:
        server = Store(f"sqlite:///{tmp_path / 'server.db'}", clock)
        stack.callback(server.close)
        scene = Scene(tmp_path, seed, server, clock)
        stack.callback(scene.close)
        scene.write()
        scene.use()
        control(scene)
        scene.hold(LEFT)
        try:
            with crash_at(scene.chance) if seed % 3 else ExitStack():
                scene.round()
        except Killed:
            scene.killed()
        if seed % 4 == 0:
            with scene.store.reader() as held:
                held.exec_driver_sql("SELECT count(*) FROM entity").scalar()
                scene.round()
        scene.round()
        after(scene)


def control(scene: Scene) -> None:
    """See that the search finds what is there, in each of the places."""
    seen = scene.seen()
    found = traces(scene, seen, sorted(scene.homes))
    for note in scene.homes:
        assert (note, "text") in found
        assert (note, "index") in found
    assert {note for note, place in found if place == "file"} == set(scene.files)
    assert all(mark.encode() in seen for mark in scene.typed.values())


def after(scene: Scene) -> None:
    seen, lost = scene.seen(), scene.lost()
    assert traces(scene, seen, lost) == []
    kept = sorted(set(scene.homes) - set(lost))
    assert {note for note, place in traces(scene, seen, kept) if place == "text"} == set(kept)
    for mark in scene.typed.values():
        assert mark.encode() in seen, "what was typed and not sent is the person's own"
    refused = {i.entity: i for i in scene.replica.items() if i.state is OutboxState.REFUSED}
    assert set(refused) == {note for note in scene.typed if note in lost}
    for item in refused.values():
        assert item.code == "store.revoked"
        scene.replica.dismiss(item.command)
    scene.round()
    seen = scene.seen()
    assert not [note for note in refused if scene.typed[note].encode() in seen]


def test_what_moves_out_of_sight_leaves_nothing_within_two_hours(
    tmp_path: Path, clock: FixedClock
) -> None:
    with ExitStack() as stack:
        server = Store(f"sqlite:///{tmp_path / 'server.db'}", clock)
        stack.callback(server.close)
        scene = Scene(tmp_path, 1, server, clock)
        stack.callback(scene.close)
        scene.hold(LEFT)
        scene.write()
        scene.files.pop("n1", None)
        scene.typed.clear()
        scene.round()
        assert traces(scene, scene.seen(), ["n1"])
        scene.an.sync(MoveNote("n1", ("agency:y",)))
        scene.round()
        clock.advance(timedelta(hours=2))
        scene.round()
        assert traces(scene, scene.seen(), ["n1"]) == []
