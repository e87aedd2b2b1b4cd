"""The sync client's side of the store: what came, what goes, and the fold of both."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection

from app.kernel.changes import Changes
from app.kernel.command import Envelope
from app.kernel.errors import Conflict
from app.kernel.event import Event
from app.kernel.ids import new_id
from app.store import digests, filling, folding, meta, outbox, pull, rebase, scrubbing
from app.store.desk import DeskStore
from app.store.model import EVENT, Digest, OutboxItem, Page, SyncState
from app.store.packed import Block
from app.store.sql import Key, dumps


class Replica:
    """Apply pages and hand out commands; each call is one transaction and tells its changes."""

    def __init__(self, store: DeskStore) -> None:
        self._store = store
        self._registry = store.registry

    def state(self) -> SyncState:
        """Return where the replica stands."""
        with self._store.reader() as connection:
            buckets = connection.exec_driver_sql("SELECT bucket FROM scope ORDER BY bucket")
            known = meta.every(connection)
            return SyncState(
                device=known.get(meta.DEVICE, ""),
                history=known.get(meta.HISTORY, ""),
                cursor=int(known.get(meta.CURSOR, "0")),
                receipts_seen=int(known.get(meta.RECEIPTS_SEEN, "0")),
                buckets=tuple(buckets.scalars()),
                lag=json.loads(known.get(meta.LAG, "{}")),
                compared=int(known.get(meta.COMPARED, "-1")),
            )

    def items(self) -> list[OutboxItem]:
        """List the outbox in the order of the acts, the refused included."""
        with self._store.reader() as connection:
            return outbox.items(connection)

    def meanwhile(self, command: str, limit: int = 4) -> list[Event]:
        """Return what others did to the entity of a command since its author saw it."""
        with self._store.reader() as connection:
            return outbox.meanwhile(connection, command, limit)

    def outgoing(self, limit: int = 200, *, flush: bool = False) -> list[Envelope]:
        """Return the commands to send; their numbers are on the disk before this returns."""
        with self._store.writing() as connection:
            return outbox.outgoing(
                connection,
                self._store.clock.now(),
                limit,
                hold=self._store.hold_seconds,
                flush=flush,
            )

    def apply(self, page: Page) -> Changes:
        """Write what one mark closes and fold what it touches.

        Raises `Damaged("store.fold")` where the page leaves out what is not held here: then
        nothing of it is kept.
        """
        dropped: list[str] = []
        with self._telling() as (connection, moved):
            refused = outbox.settle(connection, page.receipts, page.acked)
            start = self._keys_of(connection, refused)
            moved.update(rebase.drop_provisional(connection, self._registry, refused))
            if page.revokes:
                moved.update(self._revoke(connection, page.revokes, dropped))
            if page.grants:
                connection.exec_driver_sql(
                    "INSERT OR IGNORE INTO scope VALUES (?)", [(b,) for b in page.grants]
                )
                meta.write(connection, meta.COMPARED, "-1")
            made = folding.folded(connection, self._registry, page.folds, page.rows)
            anew, cleared = pull.clear_leaves(connection, self._registry, page.leaves)
            came = pull.write_rows(connection, self._registry, [*page.rows, *made], anew)
            came |= cleared
            came |= pull.write_gone(connection, self._registry, page.gone)
            moved.update(came)
            if page.revokes or page.gone:
                self._want_scrub(connection, page)
            start |= self._leant_on(connection, came)
            moved.update(self._refold(connection, start, refused))
            stands: dict[str, str] = {}
            if page.cursor is not None:
                stands[meta.CURSOR] = str(page.cursor)
            if page.lag is not None:
                stands[meta.LAG] = dumps(dict(page.lag))
            if page.history:
                # With the first page: a server restored before the first end is found out too
                stands[meta.HISTORY] = page.history
            meta.keep(connection, stands)
        for sha256 in dropped:
            self._store.vault.unlink(sha256)
        return Changes.of(moved)

    def _want_scrub(self, connection: Connection, page: Page) -> None:
        now = self._store.clock.now().timestamp()
        scrubbing.want(connection, now, at_once=bool(page.revokes))
        gone = [(g.kind, g.id) for g in page.gone if g.kind != EVENT]
        scrubbing.forget(connection, [k for k in gone if not pull.held(connection, k)], ())

    def finish(self, cursor: int, history: str, *, caught_up: bool) -> Changes:
        """Close a reply; when it caught up, what was taken leaves the outbox."""
        with self._telling() as (connection, moved):
            stands = {meta.CURSOR: str(cursor), meta.HISTORY: history}
            if caught_up:
                moved.update(self._caught_up(connection))
                stands[meta.COMPARED] = str(cursor)
            meta.keep(connection, stands)
        self._store.scrub()
        return Changes.of(moved)

    def fill(self, block: Block, kept: str, filled: tuple[str, int] | None = None) -> None:
        """Write a block of a snapshot, and in the same transaction how far it has come.

        `kept` is what the fetcher notes of its progress; `filled` a bucket and the number
        up to which it is filled with this block. Raises `Damaged("sync.snapshot")`.
        """
        with self._telling() as (connection, moved):
            came = filling.write(connection, self._registry, block)
            moved.update(came)
            moved.update(self._refold(connection, self._leant_on(connection, came), ()))
            meta.write(connection, meta.SNAPSHOTS, kept)
            if filled is not None:
                _note_filled(connection, *filled)

    def list_some(self, count: int) -> int:
        """Bring some of what snapshots brought into lists and search; answer what is left."""
        with self._store.reader() as connection:
            if not filling.unlisted(connection):
                return 0
        with self._telling() as (connection, moved):
            moved.update(filling.list_some(connection, self._registry, count))
        return self.unlisted()

    def unlisted(self) -> int:
        """Return how many rows are here and in no list yet."""
        with self._store.reader() as connection:
            return filling.unlisted(connection)

    def digest(self, bucket: str, kind: str, prefix: str = "") -> Digest:
        """Return what is held of a bucket and kind, to be compared with the server's."""
        with self._store.reader() as connection:
            return digests.held(connection, bucket, kind, prefix)

    def digests(self) -> list[Digest]:
        """Return what is held of every bucket and kind in scope."""
        with self._store.reader() as connection:
            return digests.pairs(connection)

    def recount(self) -> None:
        """Look at every row held: what was damaged in silence shows at the next comparison.

        Nothing is written, and nobody has to wait, where all is sound.
        """
        with self._store.reader() as connection:
            if digests.sound(connection):
                return
        with self._store.writing() as connection:
            digests.recount(connection)

    def withdraw(self, command: str) -> Changes:
        """Undo a command before it is sent; `Conflict("store.already_sent")` after that."""
        with self._telling() as (connection, moved):
            numbered = connection.exec_driver_sql(
                "SELECT n IS NOT NULL OR state = 'refused' FROM outbox WHERE command = ?",
                (command,),
            ).scalar()
            if numbered is None or numbered:
                raise Conflict("store.already_sent")
            moved.update(self._take_out(connection, [command]))
        return Changes.of(moved)

    def dismiss(self, command: str) -> None:
        """Forget a refused command, once the person has seen why."""
        with self._store.writing() as connection:
            row = connection.exec_driver_sql(
                "SELECT state, n, settled, revoked FROM outbox WHERE command = ?", (command,)
            ).first()
            if row is None:
                return
            state, n, settled, revoked = row
            if state != "refused" or (n is not None and not settled):
                raise Conflict("store.not_refused")
            named = outbox.drop(connection, command)
            dropped = scrubbing.drop_unnamed(connection, named)
            scrubbing.forget(connection, (), dropped)
            now = self._store.clock.now().timestamp()
            scrubbing.want(connection, now, at_once=bool(revoked))
        for sha256 in dropped:
            self._store.vault.unlink(sha256)

    def reject(self, command: str, code: str, **params: str | int) -> Changes:
        """Show a command as refused that the server cannot even take.

        One that already has a number would leave a hole in the row of numbers, so the device
        is renewed then.
        """
        with self._telling() as (connection, moved):
            start = self._keys_of(connection, [command])
            numbered = connection.exec_driver_sql(
                "SELECT n IS NOT NULL AND settled = 0 FROM outbox WHERE command = ?", (command,)
            ).scalar()
            outbox.refuse(connection, command, code, params, settled=True)
            moved.update(rebase.drop_provisional(connection, self._registry, [command]))
            moved.update(self._refold(connection, start, [command]))
            if numbered:
                self._renew(connection)
        return Changes.of(moved)

    def renew_device(self) -> str:
        """Become a new device, since the server has seen another under this name."""
        with self._store.writing() as connection:
            return self._renew(connection)

    def reset_history(self, history: str) -> None:
        """Begin again with a server that was restored; offer what was sent in 30 days."""
        with self._store.writing() as connection:
            if outbox.reoffer(connection):
                self._renew(connection)
            for table in ("entity", "shadow"):
                connection.exec_driver_sql(f"UPDATE {table} SET ver = 0")
            # Files that came after its backup are no more there; those it has are said quickly.
            connection.exec_driver_sql("UPDATE file SET on_server = 0 WHERE whole = 1")
            connection.exec_driver_sql("DELETE FROM digest WHERE kind <> 'event'")
            meta.write(connection, meta.HISTORY, history)
            meta.write(connection, meta.CURSOR, "0")
            meta.write(connection, meta.COMPARED, "-1")
            meta.write(connection, meta.LAG, "{}")
            meta.write(connection, meta.RECEIPTS_SEEN, "0")
            meta.write(connection, meta.RESETTING, "1")

    @contextmanager
    def _telling(self) -> Iterator[tuple[Connection, set[Key]]]:
        moved: set[Key] = set()
        with self._store.writing() as connection:
            yield connection, moved
        self._store.changes(Changes.of(moved))

    def _renew(self, connection: Connection) -> str:
        device = new_id(self._store.clock.now())
        meta.write(connection, meta.DEVICE, device)
        outbox.renumber(connection, device)
        return device

    def _caught_up(self, connection: Connection) -> set[Key]:
        moved = set[Key]()
        if meta.read(connection, meta.RESETTING) == "1":
            meta.write(connection, meta.RESETTING, "0")
            moved.update(self._drop_ghosts(connection))
        taken = (
            connection.exec_driver_sql("SELECT command FROM outbox WHERE state = 'acked'")
            .scalars()
            .all()
        )
        start = self._keys_of(connection, taken)
        # What was frozen waits in fresh shadows even where its taken command has left.
        start |= {
            (kind, entity)
            for kind, entity in connection.exec_driver_sql(
                "SELECT kind, id FROM shadow WHERE fresh = 1"
            )
        }
        outbox.leave(connection, self._store.clock.now().timestamp())
        moved.update(rebase.drop_provisional(connection, self._registry, taken))
        moved.update(self._refold(connection, start, taken))
        return moved

    def _drop_ghosts(self, connection: Connection) -> set[Key]:
        """Delete what the restored server does not know and no pending command makes."""
        ghosts = [
            (kind, entity)
            for kind, entity in connection.exec_driver_sql(
                "SELECT kind, id FROM entity e WHERE ver = 0 AND NOT EXISTS"
                " (SELECT 1 FROM shadow s WHERE s.kind = e.kind AND s.id = e.id)"
            )
        ]
        connection.exec_driver_sql("UPDATE shadow SET data = NULL WHERE ver = 0")
        pull.drop_entities(connection, self._registry, ghosts)
        return set(ghosts)

    def _keys_of(self, connection: Connection, commands: Sequence[str]) -> set[Key]:
        """Return all that hangs together with commands about to leave the fold."""
        start: set[Key] = set()
        for command in commands:
            start |= {
                (kind, entity)
                for kind, entity in connection.exec_driver_sql(
                    "SELECT kind, id FROM touch WHERE command = ?", (command,)
                )
            }
        return rebase.component(connection, start)[1] if start else start

    def _leant_on(self, connection: Connection, came: set[Key]) -> set[Key]:
        if not came:
            return came
        touched = {
            (kind, entity)
            for kind, entity in connection.exec_driver_sql("SELECT DISTINCT kind, id FROM touch")
        }
        return came & touched

    def _refold(self, connection: Connection, start: set[Key], left: Sequence[str]) -> set[Key]:
        if left:
            connection.exec_driver_sql(
                "DELETE FROM touch WHERE command = ?", [(command,) for command in left]
            )
        return rebase.refold(connection, self._registry, start) if start else set()

    def _take_out(self, connection: Connection, commands: Sequence[str]) -> set[Key]:
        start = self._keys_of(connection, commands)
        moved = rebase.drop_provisional(connection, self._registry, commands)
        for command in commands:
            outbox.drop(connection, command)
        return moved | self._refold(connection, start, commands)

    def _revoke(
        self, connection: Connection, buckets: tuple[str, ...], dropped: list[str]
    ) -> set[Key]:
        # Which files go with them is told by the lists.
        filling.list_all(connection, self._registry)
        lost = pull.revoked(connection, buckets)
        refused = [
            command
            for command, kind, entity in connection.exec_driver_sql(
                "SELECT command, kind, entity FROM outbox WHERE state <> 'refused'"
            )
            if (kind, entity) in lost
        ]
        # Other acts may have built on what is lost: without it they are folded anew.
        start = self._keys_of(connection, refused) | rebase.component(connection, lost)[1]
        for command in refused:
            outbox.revoke(connection, command, pull.REVOKED)
        moved = rebase.drop_provisional(connection, self._registry, refused)
        if lost:
            connection.exec_driver_sql("DELETE FROM shadow WHERE kind = ? AND id = ?", sorted(lost))
        dropped += pull.drop_files(connection, lost)
        scrubbing.forget(connection, sorted(lost), dropped)
        pull.drop_entities(connection, self._registry, sorted(lost))
        pull.drop_orphan_events(connection, self._registry)
        return moved | lost | self._refold(connection, start - lost, refused)


def _note_filled(connection: Connection, bucket: str, cursor: int) -> None:
    """Go on from a snapshot's number in a bucket that lagged behind it."""
    lag = dict(json.loads(meta.read(connection, meta.LAG, "{}")))
    if bucket not in lag:
        return
    if cursor >= int(meta.read(connection, meta.CURSOR, "0")):
        del lag[bucket]
    else:
        lag[bucket] = max(lag[bucket], cursor)
    meta.write(connection, meta.LAG, dumps(lag))
