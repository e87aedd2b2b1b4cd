"""The outbox: from the hold after an act to the server's answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app.kernel.actor import Actor
from app.kernel.codec import from_json, to_json
from app.kernel.command import Envelope
from app.kernel.event import Event
from app.store import meta
from app.store.model import OutboxItem, OutboxState, Receipt
from app.store.sql import chunks, dumps, marks

JOURNAL_SECONDS = 30 * 86400.0
# The number, in the journal, of a command that a former device of this desk has sent.
_FORMER = 0
_HASH = re.compile(r"\b[0-9a-f]{64}\b")
_HELD, _QUEUED, _SENT, _ACKED, _REFUSED = (state.value for state in OutboxState)


def items(connection: Connection) -> list[OutboxItem]:
    """List the outbox in the order of the acts."""
    found = connection.exec_driver_sql(
        "SELECT command, n, name, kind, entity, at, state, code, params, envelope"
        " FROM outbox ORDER BY place"
    )
    return [
        OutboxItem(
            command=row[0],
            n=row[1],
            name=row[2],
            kind=row[3],
            entity=row[4],
            at=row[5],
            state=OutboxState(row[6]),
            code=row[7],
            params=json.loads(row[8]),
            args=json.loads(row[9]).get("args", {}),
        )
        for row in found
    ]


def meanwhile(connection: Connection, command: str, limit: int) -> list[Event]:
    """Return what others did to the entity of a command since its author last saw it, newest last.

    That is what has come from the server above the version that the command was given on.
    """
    found = connection.exec_driver_sql(
        "SELECT v.data FROM outbox o JOIN event v ON v.kind = o.kind AND v.entity = o.entity"
        " WHERE o.command = ? AND v.command <> o.command"
        " AND v.ver > coalesce(json_extract(o.envelope, '$.base_ver'), 0)"
        " ORDER BY v.ver DESC LIMIT ?",
        (command, limit),
    ).scalars()
    return [from_json(Event, json.loads(data)) for data in reversed(found.all())]


def outgoing(
    connection: Connection, now: datetime, limit: int, *, hold: float, flush: bool
) -> list[Envelope]:
    """Return what to send, oldest first; every command gets its number here, once.

    Numbered commands without a receipt come again. A command waits behind an earlier one
    that is still held, since it may build on it.
    """
    rows = connection.exec_driver_sql(
        "SELECT command, n, hold_until, envelope FROM outbox"
        " WHERE settled = 0 AND (state <> ? OR n IS NOT NULL)"
        " ORDER BY n IS NULL, n, place LIMIT ?",
        (_REFUSED, limit),
    ).all()
    if not rows:
        return []
    ready: list[Envelope] = []
    last = int(meta.read(connection, meta.LAST_N, "0"))
    stamp = now.timestamp()
    for command, known, until, text in rows:
        n = known
        if n is None:
            # After a clock that was set back the hold must not last for ever.
            if not flush and 0 < until - stamp <= hold:
                break
            last += 1
            n = last
            connection.exec_driver_sql(
                "UPDATE outbox SET n = ?, state = ? WHERE command = ?", (n, _SENT, command)
            )
        ready.append(replace(from_json(Envelope, json.loads(text)), n=n))
    meta.write(connection, meta.LAST_N, str(last))
    return ready


def settle(connection: Connection, receipts: Iterable[Receipt], acked: int | None) -> list[str]:
    """Note the server's answers; answer the commands that it refused."""
    if acked is not None:
        connection.exec_driver_sql(
            "UPDATE outbox SET settled = 1, state = ?, code = '', params = '{}'"
            " WHERE n <= ? AND settled = 0",
            (_ACKED, acked),
        )
    refused = []
    seen = 0
    for receipt in receipts:
        seen = max(seen, receipt.n)
        if not receipt.accepted:
            refused.append(receipt.command)
        _note(connection, receipt)
    if seen > int(meta.read(connection, meta.RECEIPTS_SEEN, "0") if seen else 0):
        meta.write(connection, meta.RECEIPTS_SEEN, str(seen))
    return refused


def _note(connection: Connection, receipt: Receipt) -> None:
    if receipt.accepted:
        connection.exec_driver_sql(
            "UPDATE outbox SET settled = 1, state = ?, code = '', params = '{}' WHERE command = ?",
            (_ACKED, receipt.command),
        )
        return
    _from_journal(connection, receipt.command)
    refuse(connection, receipt.command, receipt.code, dict(receipt.params), settled=True)


def refuse(
    connection: Connection,
    command: str,
    code: str,
    params: dict[str, str | int],
    *,
    settled: bool,
) -> None:
    """Show a command as refused; it stays until it is dismissed."""
    connection.exec_driver_sql(
        "UPDATE outbox SET state = ?, code = ?, params = ?, settled = max(settled, ?)"
        " WHERE command = ?",
        (_REFUSED, code, dumps(params), int(settled), command),
    )


def doubt(connection: Connection, command: str, code: str, params: dict[str, str | int]) -> None:
    """Note why a pending command no longer passes the rules here, or "" that it does."""
    connection.exec_driver_sql(
        "UPDATE outbox SET code = ?, params = ? WHERE command = ? AND state <> ?",
        (code, dumps(params), command, _REFUSED),
    )


def leave(connection: Connection, left_at: float) -> list[str]:
    """Move the settled and accepted to the journal of sent commands; answer their ids."""
    gone = (
        connection.exec_driver_sql("SELECT command FROM outbox WHERE state = ?", (_ACKED,))
        .scalars()
        .all()
    )
    connection.exec_driver_sql(
        "INSERT OR REPLACE INTO journal SELECT command, coalesce(n, ?), ?, envelope, actor"
        " FROM outbox WHERE state = ? AND revoked = 0",
        (_FORMER, left_at, _ACKED),
    )
    connection.exec_driver_sql("DELETE FROM outbox WHERE state = ?", (_ACKED,))
    connection.exec_driver_sql(
        "DELETE FROM journal WHERE left_at < ?", (left_at - JOURNAL_SECONDS,)
    )
    return list(gone)


def revoke(connection: Connection, command: str, code: str) -> None:
    """Show a command as refused since its record is out of scope; its words alone stay."""
    refuse(connection, command, code, {}, settled=False)
    connection.exec_driver_sql("UPDATE outbox SET revoked = 1 WHERE command = ?", (command,))


def drop(connection: Connection, command: str) -> frozenset[str]:
    """Take a command out of the outbox for good; answer what hashes it has named."""
    texts = connection.exec_driver_sql(
        "DELETE FROM outbox WHERE command = ? RETURNING envelope", (command,)
    ).scalars()
    named = frozenset(name for text in texts.all() for name in _HASH.findall(text))
    connection.exec_driver_sql("DELETE FROM touch WHERE command = ?", (command,))
    return named


def pending(connection: Connection, commands: Sequence[str]) -> list[tuple[Envelope, Actor]]:
    """Return those of the commands whose effect the desk shows, in the order of the acts."""
    rows: list[tuple[int, str, str]] = []
    for part in chunks(commands):
        rows += [
            (place, envelope, actor)
            for place, envelope, actor in connection.exec_driver_sql(
                "SELECT place, envelope, actor FROM outbox"
                f" WHERE command IN ({marks(len(part))}) AND state <> '{_REFUSED}'",
                tuple(part),
            )
        ]
    return [
        (from_json(Envelope, json.loads(envelope)), from_json(Actor, json.loads(actor)))
        for _, envelope, actor in sorted(rows)
    ]


def reoffer(connection: Connection) -> bool:
    """Put the journal of sent commands back in front, each under its old number.

    Answers whether some were sent by a former device: then all have to be numbered anew.
    """
    # Each goes in front of all others, so the last goes first; ids follow the time of the acts.
    rows: Any = connection.exec_driver_sql(
        "SELECT n, envelope, actor FROM journal ORDER BY n DESC, command DESC"
    ).all()
    for n, text, actor in rows:
        _put_back(connection, n, text, actor)
    connection.exec_driver_sql("DELETE FROM journal")
    connection.exec_driver_sql(
        "UPDATE outbox SET settled = 0, again = 1, state = ? WHERE state = ?", (_SENT, _ACKED)
    )
    return any(n == _FORMER for n, _, _ in rows)


def renumber(connection: Connection, device: str) -> None:
    """Take the numbers from all that has no receipt and make it this new device's."""
    rows = connection.exec_driver_sql(
        "SELECT command, envelope FROM outbox WHERE settled = 0"
    ).all()
    for command, text in rows:
        envelope = replace(from_json(Envelope, json.loads(text)), device=device)
        connection.exec_driver_sql(
            "UPDATE outbox SET n = NULL, envelope = ?,"
            " state = CASE state WHEN ? THEN ? ELSE state END WHERE command = ?",
            (dumps(to_json(envelope)), _SENT, _QUEUED, command),
        )
    # Numbers of the former device must not meet the new one's.
    connection.exec_driver_sql("UPDATE outbox SET n = NULL WHERE settled = 1")
    connection.exec_driver_sql("UPDATE journal SET n = ?", (_FORMER,))
    meta.write(connection, meta.LAST_N, "0")
    meta.write(connection, meta.RECEIPTS_SEEN, "0")


def _from_journal(connection: Connection, command: str) -> None:
    """Bring back a command that was believed accepted, so that its refusal is seen."""
    row = connection.exec_driver_sql(
        "SELECT n, envelope, actor FROM journal WHERE command = ?", (command,)
    ).first()
    if row is not None:
        _put_back(connection, *row)
        connection.exec_driver_sql("DELETE FROM journal WHERE command = ?", (command,))


def _put_back(connection: Connection, n: int, text: str, actor: str) -> None:
    envelope = from_json(Envelope, json.loads(text))
    connection.exec_driver_sql(
        "INSERT OR IGNORE INTO outbox (place, command, n, state, hold_until, name, kind, entity,"
        " at, envelope, actor, again) VALUES ((SELECT coalesce(min(place), 1) - 1 FROM outbox),"
        " ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, 1)",
        (
            envelope.id,
            n or None,
            _SENT,
            envelope.name,
            envelope.kind,
            envelope.entity,
            envelope.at.isoformat(),
            text,
            actor,
        ),
    )
