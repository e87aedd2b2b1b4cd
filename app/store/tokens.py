"""The server's tokens: in the keyring of the system where one works, else in the database.

Invariant: a token lies in one of the two places, and the database is asked first. So one that
a locked keyring still holds never comes back after its successor went into the database.
"""

from __future__ import annotations

import threading

from app.kernel.errors import Unavailable
from app.kernel.ids import new_id
from app.kernel.ports import KeyValue
from app.store.desk import DeskStore

_SLOT = "tokens.slot"


class KeptTokens:
    """A `KeyValue` for tokens; each is read once, since a keyring may be slow or ask the person.

    To be used off the GUI thread only.
    """

    def __init__(self, store: DeskStore, box: KeyValue) -> None:
        self._store = store
        self._box = box
        self._held: dict[str, str] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> str | None:
        """Return a token or None."""
        with self._lock:
            if name not in self._held:
                self._held[name] = self._found(name)
            return self._held[name] or None

    def set(self, name: str, value: str) -> None:
        """Keep a token."""
        with self._lock:
            self._keep(name, value)
            self._held[name] = value

    def delete(self, name: str) -> None:
        """Forget a token; one in a locked keyring stays there, spent or ended by the server."""
        with self._lock:
            self._held[name] = ""
            self._store.set_meta(name, "")
            try:
                self._box.delete(self._place(name))
            except Unavailable:
                return

    def _found(self, name: str) -> str:
        inside = self._store.meta(name)
        if inside:
            # It was put there while no keyring worked: perhaps one does now.
            self._keep(name, inside)
            return inside
        return self._box.get(self._place(name)) or ""

    def _keep(self, name: str, value: str) -> None:
        try:
            self._box.set(self._place(name), value)
        except Unavailable:
            self._store.set_meta(name, value)
            return
        if self._store.meta(name):
            self._store.set_meta(name, "")

    def _place(self, name: str) -> str:
        """Return the name in the keyring; every profile has its own."""
        slot = self._store.meta(_SLOT)
        if not slot:
            slot = new_id(self._store.clock.now())
            self._store.set_meta(_SLOT, slot)
        return f"{slot}:{name}"
