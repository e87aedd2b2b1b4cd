"""Write the desk's audit log: what was done and refused, in the transaction of the act itself."""

from __future__ import annotations

from app.identity import audit
from app.identity.actions import Action
from app.identity.audit import Note
from app.kernel.command import Envelope
from app.store.desk import DeskStore


class DeskTrail:
    """The bus's `Trail`, and the way in for all that is no command."""

    def __init__(self, store: DeskStore) -> None:
        self._store = store

    def done(self, envelope: Envelope) -> None:
        """Note a command that passed; in the transaction around, where there is one."""
        self._append(_of(envelope, Action.COMMAND, ""))

    def refused(self, envelope: Envelope, code: str) -> None:
        """Note a command that the rules refused."""
        self._append(_of(envelope, Action.COMMAND_REFUSED, code))

    def note(self, note: Note) -> None:
        """Note what is no command."""
        self._append(note)

    def verify(self) -> str:
        """Return the last hash; raises `Damaged("audit.broken", seq=…)`."""
        with self._store.reader() as connection:
            return audit.verify_chain(connection)

    def _append(self, note: Note) -> None:
        with self._store.writing() as connection:
            audit.append(connection, self._store.clock.now(), note)


def _of(envelope: Envelope, action: Action, code: str) -> Note:
    return Note(
        action,
        person=envelope.person,
        post=envelope.post,
        acting_for=envelope.acting_for or "",
        device=envelope.device,
        objects=(envelope.name, envelope.entity),
        detail=code,
    )
