"""The desk's own keys, and those of the server that it has learnt; they lie in its database."""

from __future__ import annotations

from app.kernel.errors import NotPermitted, Unavailable
from app.store import meta
from app.store.desk import DeskStore
from sync.client.transport import HttpTransport
from sync.protocol import codec
from sync.protocol.sealing import Private, Public


def own(store: DeskStore) -> Private:
    """Return the desk's keys, drawn when they are first asked for."""
    with store.writing() as connection:
        held = meta.read(connection, meta.OWN_KEYS)
        if not held:
            held = Private.new().text
            meta.write(connection, meta.OWN_KEYS, held)
    return Private.read(held)


def introduce(store: DeskStore, transport: HttpTransport) -> None:
    """Tell the server this desk's keys and learn its own, once for each name of the desk.

    Raises `Unavailable` and `NotPermitted` of the line; an older server knows no such thing.
    """
    device = store.device
    if store.meta(meta.KEYS_TOLD) == device:
        return
    body = codec.dumps({"device": device, "public": own(store).public.text}).encode()
    try:
        told = transport.call("POST", "/keys", body)
    except Unavailable as error:
        if error.code != "sync.request":
            raise
        return
    public, name = Public.read(str(told.get("public"))), str(told.get("server"))
    with store.writing() as connection:
        meta.write(connection, meta.SERVER_KEYS, public.text)
        meta.write(connection, meta.SERVER, name)
        meta.write(connection, meta.KEYS_TOLD, device)


def server(store: DeskStore) -> tuple[str, Public]:
    """Return the server's name and keys.

    Raises `NotPermitted("package.not_introduced")` before the desk has ever told its own.
    """
    if store.meta(meta.KEYS_TOLD) != store.device:
        raise NotPermitted("package.not_introduced")
    return store.meta(meta.SERVER), Public.read(store.meta(meta.SERVER_KEYS))
