"""The engine broken on purpose, within one process: lives must not end well with any of these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.store import engine as databases
from app.store import meta, outbox, pull, rebase, replica
from app.store.model import Page
from sync.client import engine
from sync.server import push, store

Patch = Callable[[Any, str, Any], None]


def _receipt_dropped(patch: Patch) -> None:
    patch(push.Push, "_remember", lambda *_: None)


def _refusal_dropped(patch: Patch) -> None:
    real = outbox.settle

    def settle(connection: Any, receipts: Sequence[Any], acked: int | None) -> list[str]:
        return real(connection, [r for r in receipts if r.accepted], acked)

    patch(replica.outbox, "settle", settle)


def _cursor_before_apply(patch: Patch) -> None:
    real = engine.Engine._open

    def opened(self: Any, reply: Any, frame: Any, done: Any) -> None:
        real(self, reply, frame, done)
        if not engine._foreign(reply, self._replica.state()):
            self._replica._store.set_meta(meta.CURSOR, str(frame.head))

    patch(engine.Engine, "_open", opened)


def _acknowledged_before_caught_up(patch: Patch) -> None:
    real = replica.Replica.apply

    def apply(self: Any, page: Page) -> Any:
        changes = real(self, page)
        with self._store.writing() as connection:
            self._caught_up(connection)
        return changes

    patch(replica.Replica, "apply", apply)


def _no_replay(patch: Patch) -> None:
    patch(rebase, "_replay", lambda *_: set())


def _fork_overlooked(patch: Patch) -> None:
    patch(push, "_fork", lambda *_: None)


def _revoked_rows_kept(patch: Patch) -> None:
    real = pull.revoked

    def revoked(connection: Any, buckets: Sequence[str]) -> set[Any]:
        real(connection, buckets)
        return set()

    patch(replica.pull, "revoked", revoked)


def _unknown_kinds_skipped(patch: Patch) -> None:
    real = pull.write_rows

    def write(connection: Any, registry: Any, rows: Sequence[Any], *rest: Any) -> Any:
        known = [r for r in rows if r.kind in registry.kinds or r.kind == "event"]
        return real(connection, registry, known, *rest)

    patch(replica.pull, "write_rows", write)


def _desk_not_synced(patch: Patch) -> None:
    real = databases.connect

    def connect(path: Any, key: bytes, *, read_only: bool = False) -> Any:
        raw = real(path, key, read_only=read_only)
        raw.execute("PRAGMA synchronous = NORMAL").fetchall()
        return raw

    patch(databases, "connect", connect)


def _server_not_synced(patch: Patch) -> None:
    real = store._open_sqlite

    def opened(connection: Any, record: Any) -> None:
        real(connection, record)
        connection.execute("PRAGMA synchronous=OFF").close()

    patch(store, "_open_sqlite", opened)


def _journal_not_offered(patch: Patch) -> None:
    patch(replica.outbox, "reoffer", lambda _: False)


def _digests_not_compared(patch: Patch) -> None:
    patch(engine.repair, "wrong", lambda *_, **__: ())


MUTANTS: dict[str, Callable[[Patch], None]] = {
    "acknowledged before caught up": _acknowledged_before_caught_up,
    "cursor before apply": _cursor_before_apply,
    "desk not synced": _desk_not_synced,
    "digests not compared": _digests_not_compared,
    "fork overlooked": _fork_overlooked,
    "journal not offered": _journal_not_offered,
    "no replay": _no_replay,
    "receipt dropped": _receipt_dropped,
    "refusal dropped": _refusal_dropped,
    "revoked rows kept": _revoked_rows_kept,
    "server not synced": _server_not_synced,
    "unknown kinds skipped": _unknown_kinds_skipped,
}


def break_it(name: str) -> None:
    """Break this process's engine, for good."""
    MUTANTS[name](setattr)
