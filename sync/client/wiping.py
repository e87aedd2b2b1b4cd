"""Obey the order to be erased: tell what waits, erase, and say that it is done."""

from __future__ import annotations

from collections.abc import Callable

from app.kernel.errors import NotPermitted, Unavailable
from app.store.desk import DeskStore
from app.store.replica import Replica
from sync.client.transport import HttpTransport

ORDER = "sync.wipe"


def obey(store: DeskStore, transport: HttpTransport, erase: Callable[[], None]) -> None:
    """Erase a profile after the server has taken down what it never got.

    Raises `Unavailable` where that could not be told: then nothing is erased, and the next
    round tries again.
    """
    device = store.device
    waiting = [
        {
            "command": item.command,
            "name": item.name,
            "kind": item.kind,
            "entity": item.entity,
            "at": item.at,
            "state": item.state.value,
        }
        for item in Replica(store).items()
    ]
    transport.tell_erased({"device": device, "waiting": waiting})
    transport.forget()
    erase()
    try:
        transport.tell_erased({"device": device, "erased": True})
    except (Unavailable, NotPermitted):
        # It is gone all the same; the administrator sees that it had been told.
        return
