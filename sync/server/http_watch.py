"""What watches the server may ask: is it alive, may it be sent desks, its figures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from anyio.to_thread import run_sync
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response

from app.kernel.clock import Clock
from app.kernel.errors import NotPermitted
from sync.http import is_loopback
from sync.protocol.messages import PROTO, RULES
from sync.server import tls
from sync.server.cluster import Replication
from sync.server.devices import Devices
from sync.server.errands import LATE, Errands
from sync.server.http_bodies import own_json
from sync.server.metrics import MEDIA, Metrics
from sync.server.service import Service

_FRESH = 1.0
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_.-]")
# Seconds that figures of the whole database are kept.
_COUNTED = 30.0


class Watched(Protocol):
    """What is watched: the process's server."""

    @property
    def service(self) -> Service:
        """Return the core."""

    @property
    def devices(self) -> Devices:
        """Return what knows the desks."""

    @property
    def clock(self) -> Clock:
        """Return the time."""

    @property
    def ending(self) -> bool:
        """Tell whether the process is about to end."""

    @property
    def certificate(self) -> Path | None:
        """Return the certificate that it serves by, if it serves by one itself."""


class WatchRoutes:
    """Answer without a token: nothing here tells of people or documents."""

    def __init__(self, server: Watched, metrics: Metrics) -> None:
        self._server = server
        self._store = server.service.store
        self._metrics = metrics
        self._errands = Errands(self._store, server.clock)
        self._looked = float("-inf")
        self._head: int | None = None
        self._counted = float("-inf")
        self._figures: Mapping[str, int] = {}
        self._replication = Replication()

    async def health(self, _: Request) -> Response:
        """Say that the process answers, whatever the database does, and what it speaks."""
        return own_json({"status": "ok", "proto": PROTO, "rules": RULES})

    async def ready(self, _: Request) -> Response:
        """Say whether desks may be sent here: the database answers and no end is near."""
        if self._server.ending:
            return _not_yet("ending")
        if await self._look() is None:
            return _not_yet("database")
        if self._replication.missing:
            return _not_yet("standby")
        return own_json({"status": "ok", "outside": self._outside(await self._count())})

    def _outside(self, figures: Mapping[str, int]) -> str:
        """Say how what is sent outside fares; no reason to send desks elsewhere."""
        if figures.get("outside_dead"):
            return "dead"
        return "late" if figures.get("outside_oldest_seconds", 0) > LATE else "ok"

    async def metrics(self, request: Request) -> Response:
        """Answer the figures of this process, to callers on this machine only."""
        if request.client is None or not is_loopback(request.client.host):
            raise NotPermitted("sync.token")
        head = await self._look()
        used, most = self._store.in_use()
        gauges: dict[str, float] = {
            "requests_busy": self._metrics.busy,
            "desks_waiting": self._metrics.waiting,
            "connections_used": used,
            "connections_most": most,
            "database_up": int(head is not None),
            "log_head": head or 0,
            **await self._count(),
        }
        for follower in self._replication.followers:
            label = f'{{name="{_NOT_PLAIN.sub("_", follower.name)}"}}'
            gauges[f"standby_behind_bytes{label}"] = follower.behind
            gauges[f"standby_behind_seconds{label}"] = follower.seconds
            gauges[f"standby_counts{label}"] = int(follower.counts)
        if self._replication.wanted:
            gauges["standby_missing"] = int(self._replication.missing)
        if self._server.certificate is not None:
            left = await run_sync(tls.days_left, self._server.certificate, self._server.clock.now())
            gauges["certificate_days"] = left
        return Response(self._metrics.text(gauges), media_type=MEDIA)

    async def _count(self) -> Mapping[str, int]:
        """Return the figures of the desks, counted at most twice a minute."""
        now = self._server.clock.monotonic()
        if now - self._counted >= _COUNTED:
            self._counted = now
            self._figures = await run_sync(self._count_now)
        return self._figures

    def _count_now(self) -> Mapping[str, int]:
        try:
            return {**self._server.devices.heartbeats.figures(), **self._errands.figures()}
        except SQLAlchemyError:
            return {}

    async def _look(self) -> int | None:
        """Return the head of the log, looked up at most once a second, or None."""
        now = self._server.clock.monotonic()
        if now - self._looked >= _FRESH:
            self._looked = now
            self._head = await run_sync(self._ask)
        return self._head

    def _ask(self) -> int | None:
        try:
            if self._store.cluster is not None:
                self._replication = self._store.cluster.replication()
            with self._store.read() as connection:
                return self._store.head(connection)
        except SQLAlchemyError:
            return None


def _not_yet(why: str) -> Response:
    reply = own_json({"status": why}, 503)
    reply.headers["Retry-After"] = "5"
    return reply
