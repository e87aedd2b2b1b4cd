"""The routes of snapshots: what there is for a desk, and the parts by range."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response

from app.kernel.errors import NotPermitted, RuleViolation
from sync.protocol import codec
from sync.protocol.sealing import Public, seal, told
from sync.protocol.snapshots import FORM, PURPOSE
from sync.server.devices import Devices
from sync.server.files import check_name
from sync.server.http_bodies import bounded, own_json
from sync.server.http_files import ranged
from sync.server.keys import Keys
from sync.server.service import Account, Service
from sync.server.snapshots import Snapshots

_MAX_ASK = 1 << 20


class SnapshotRoutes:
    """Offer snapshots to desks whose people hold the buckets now."""

    def __init__(
        self,
        snapshots: Snapshots,
        keys: Keys,
        devices: Devices,
        service: Service,
        account: Callable[[Request], Awaitable[Account]],
    ) -> None:
        self._snapshots = snapshots
        self._keys = keys
        self._devices = devices
        self._service = service
        self._account = account

    async def introduce(self, request: Request) -> Response:
        """Learn a desk's keys and answer the server's: what packages on sticks need."""
        account = await self._account(request)
        asked = codec.parse_object(await bounded(request, _MAX_ASK))
        await run_sync(self._known, asked, account)
        return own_json(await run_sync(self._own))

    def _own(self) -> dict[str, str]:
        with self._service.store.read() as connection:
            name = self._service.store.meta(connection, "server") or ""
        return {"server": name, "public": self._keys.own().public.text}

    def _known(self, asked: dict[str, Any], account: Account) -> Public:
        device, public = asked.get("device"), asked.get("public")
        if not (isinstance(device, str) and isinstance(public, str) and 0 < len(device) <= 64):
            raise RuleViolation("sync.request", field="device")
        keys = Public.read(public)
        self._devices.admit(device, account)
        self._keys.learn(device, account, keys)
        return keys

    async def offers(self, request: Request) -> Response:
        """Answer what would fill the buckets that lag, with the keys sealed for the desk."""
        account = await self._account(request)
        asked = codec.parse_object(await bounded(request, _MAX_ASK))
        return own_json(await run_sync(self._offers, asked, account))

    def _offers(self, asked: dict[str, Any], account: Account) -> dict[str, Any]:
        lag = asked.get("lag")
        if not isinstance(lag, dict) or not all(
            type(at) is int and 0 <= at < 1 << 63 for at in lag.values()
        ):
            raise RuleViolation("sync.request", field="lag")
        keys = self._known(asked, account)
        scope = self._service.pull.scope_of(account.person, self._service.clock.now())
        found = self._snapshots.offers(scope, lag) if asked.get("form") == FORM else []
        for offer in found:
            offer["key"] = told(seal(keys.seal, bytes.fromhex(offer["key"]), PURPOSE))
        return {"snapshots": found}

    async def read(self, request: Request) -> Response:
        """Answer a part or a range of it; none is known to those who hold not its bucket."""
        account = await self._account(request)
        sha256 = str(request.path_params["sha256"])
        check_name(sha256)
        size = await run_sync(self._size, sha256, account)
        if size is None:
            raise NotPermitted("sync.file_unknown")
        return ranged(request, sha256, size, self._snapshots.read)

    def _size(self, sha256: str, account: Account) -> int | None:
        scope = self._service.pull.scope_of(account.person, self._service.clock.now())
        return self._snapshots.held(sha256, scope)
