"""What the server writes into its audit log: pushes, sign-ins, its own acts, accounts.

Each chain has one writer at a time: a device's row is locked while it pushes, and so on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from app.identity import audit
from app.identity.actions import Action
from app.identity.audit import AuditEntry, Note
from app.kernel.command import Command, Envelope
from app.kernel.errors import Damaged
from sync.protocol.messages import ACCEPTED, ReceiptFrame
from sync.server import tables

SYSTEM, ACCOUNTS, DEVICES, NOBODY = "system", "accounts", "devices", "nobody"
RECOVERY = "recovery"
_DEVICE, _LOGIN = "device:", "login:"
_MAX_NAME = 80
_D = tables.device.c
_PUSHERS = select(_D.id, _D.last_n).where(_D.last_n > 0)


def pushed(
    connection: Connection,
    at: datetime,
    device: str,
    person: str,
    fresh: Sequence[tuple[Envelope, ReceiptFrame]],
) -> None:
    """Note the commands that a push decided, and each one that was refused."""
    if not fresh:
        return
    chain = _DEVICE + device
    accepted = tuple(_named(c) for c, r in fresh if r.code == ACCEPTED)
    numbers = f"{fresh[0][0].n}-{fresh[-1][0].n}"
    push = Note(Action.PUSH, person=person, device=device, objects=accepted, detail=numbers)
    audit.append(connection, at, push, chain)
    for command, receipt in fresh:
        if receipt.code != ACCEPTED:
            refused = Note(
                Action.PUSH_REFUSED,
                person=person,
                post=command.post[:_MAX_NAME],
                device=device,
                objects=(_named(command),),
                detail=receipt.code,
            )
            audit.append(connection, at, refused, chain)


def acted(connection: Connection, at: datetime, commands: Sequence[Command]) -> None:
    """Note what the server did by itself."""
    objects = tuple(f"{c.NAME}:{c.id}" for c in commands)
    audit.append(connection, at, Note(Action.SYSTEM, objects=objects), SYSTEM)


def maintained(connection: Connection, at: datetime, what: str) -> None:
    """Note what was done to the whole database."""
    audit.append(connection, at, Note(Action.SYSTEM, detail=what), SYSTEM)


def signed_in(
    connection: Connection, at: datetime, login: str, person: str, *, strong: bool
) -> None:
    """Note that somebody signed in, and whether with two factors."""
    note = Note(Action.SIGN_IN, person=person, detail="second" if strong else "")
    audit.append(connection, at, note, _LOGIN + login)


def signed_out(connection: Connection, at: datetime, login: str, person: str, why: str) -> None:
    """Note that a sign-in ended: by the person, or because its token was used twice."""
    note = Note(Action.SIGN_OUT, person=person, detail=why)
    audit.append(connection, at, note, _LOGIN + login)


def refused(connection: Connection, at: datetime, login: str | None) -> None:
    """Note a wrong sign-in; what was typed for a login that nobody has may be a password."""
    note = Note(Action.SIGN_IN_REFUSED)
    audit.append(connection, at, note, NOBODY if login is None else _LOGIN + login)


def administered(connection: Connection, at: datetime, login: str, person: str, what: str) -> None:
    """Note a change of an account."""
    note = Note(Action.ACCOUNT, person=person, objects=(login,), detail=what)
    audit.append(connection, at, note, ACCOUNTS)


def ordered(connection: Connection, at: datetime, device: str, person: str, what: str) -> None:
    """Note what an administrator did to a desk, and what the desk answered."""
    note = Note(Action.DEVICE, person=person, device=device, detail=what)
    audit.append(connection, at, note, DEVICES)


def recovery(connection: Connection, at: datetime, what: str, objects: Sequence[str]) -> None:
    """Note who made the recovery key, or opened which profile with it, and why."""
    note = Note(Action.RECOVER, objects=tuple(objects), detail=what)
    audit.append(connection, at, note, RECOVERY)


def faults(connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield (chain, first entry that does not follow), or ("…", "end") for one that is cut short.

    The end of a device's chain is known from the number of its last command.
    """
    for chain in audit.chains(connection):
        try:
            audit.verify_chain(connection, chain)
        except Damaged as error:
            yield chain, str(error.params["seq"])
    for device, last in connection.execute(_PUSHERS):
        if _last_pushed(connection, _DEVICE + device) != str(last):
            yield _DEVICE + device, "end"


def _last_pushed(connection: Connection, chain: str) -> str:
    entry: AuditEntry | None = audit.newest(connection, Action.PUSH, chain)
    return entry.detail.partition("-")[2] if entry is not None else ""


def _named(command: Envelope) -> str:
    return f"{command.name[:_MAX_NAME]}:{command.entity[:_MAX_NAME]}"
