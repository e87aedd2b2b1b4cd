"""The HTTP skin: Starlette routes around the service, the accounts and the files.

Work with the database and the disk runs in threads; replies stream; errors are JSON of our
own media type, so that a desk never takes a hotel's page for our answer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from anyio.to_thread import current_default_thread_limiter, run_sync
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from app.kernel.clock import Clock
from app.kernel.errors import NotPermitted, RuleViolation
from sync.protocol import codec
from sync.protocol.messages import MEDIA_GZIP, MEDIA_TIGHT, MEDIA_ZSTD
from sync.protocol.second import Challenge
from sync.server.accounts import Accounts
from sync.server.devices import Devices
from sync.server.files import Files
from sync.server.guard import Guard
from sync.server.http_bodies import bounded, own_json
from sync.server.http_files import FileRoutes
from sync.server.http_snapshots import SnapshotRoutes
from sync.server.http_watch import WatchRoutes
from sync.server.keys import Keys
from sync.server.limits import Limits
from sync.server.metrics import Metrics
from sync.server.second import SecondFactor, Standing
from sync.server.service import Account, Service
from sync.server.snapshots import Snapshots
from sync.server.wake import POLL, Listener, Waker

MAX_WAIT = 55.0
_MAX_FORM = 1 << 16
# Seconds between two looks whether a desk that waits is still there.
_LOOK = 5.0
_MAX_LEFT = 1 << 20
Handler = Callable[[Request], Awaitable[Response]]


@dataclass
class Server:
    """Everything that one process serves."""

    service: Service
    accounts: Accounts
    files: Files
    clock: Clock
    limits: Limits = Limits()  # noqa: RUF009 - frozen
    # Seconds between two looks for what other processes did, where nobody tells of it.
    poll: float = POLL
    ending: bool = False
    certificate: Path | None = None
    devices: Devices = field(init=False)
    snapshots: Snapshots = field(init=False)
    keys: Keys = field(init=False)
    second: SecondFactor = field(init=False)

    def __post_init__(self) -> None:
        """Build what knows the desks."""
        self.devices = Devices(self.service.store, self.clock)
        self.snapshots = Snapshots(self.files.snapshots, self.service.store, self.clock)
        self.keys = Keys(self.service.store, self.clock)
        self.second = SecondFactor(self.service.store, self.clock, self.accounts)

    def judge_by(self, standing: Standing) -> None:
        """Know the certificates of signing devices; without that no second factor is answered."""
        self.second = SecondFactor(self.service.store, self.clock, self.accounts, standing)

    def app(self) -> Starlette:
        """Build the ASGI application."""
        waker, metrics = Waker(self.service.pull.moved_since, self.poll), Metrics()
        listener = Listener(self.service.store, waker.poke)

        @asynccontextmanager
        async def life(_: Starlette) -> AsyncIterator[None]:
            # A thread without a connection of its own would wait for one and time out.
            current_default_thread_limiter().total_tokens = self.service.store.connections
            await waker.start()
            listener.start()
            yield
            await run_sync(listener.stop)
            await waker.stop()

        def end() -> None:
            self.ending = True
            waker.let_go()

        made = Starlette(
            routes=self._routes(waker, metrics),
            lifespan=life,
            middleware=[Middleware(Guard, limits=self.limits, metrics=metrics, clock=self.clock)],
            exception_handlers={HTTPException: _no_such_thing},
        )
        made.state.end = end
        return made

    def _routes(self, waker: Waker, metrics: Metrics) -> list[Route]:
        routes = _Routes(self, waker, metrics)
        files = FileRoutes(self.files, self.service, routes.account)
        ready_made = SnapshotRoutes(
            self.snapshots, self.keys, self.devices, self.service, routes.account
        )
        watch = WatchRoutes(self, metrics)
        return [
            Route("/sync/v1", routes.sync, methods=["POST"]),
            Route("/sync/v1/wait", routes.wait, methods=["GET"]),
            Route("/sync/v1/session", routes.sign_in, methods=["POST"]),
            Route("/sync/v1/session", routes.sign_out, methods=["DELETE"]),
            Route("/sync/v1/session/second", routes.second, methods=["POST"]),
            Route("/sync/v1/session/refresh", routes.refresh, methods=["POST"]),
            Route("/sync/v1/device/erased", routes.erased, methods=["POST"]),
            Route("/sync/v1/password", routes.password, methods=["POST"]),
            Route("/sync/v1/files/{sha256}", files.begin, methods=["POST"]),
            Route("/sync/v1/files/{sha256}", files.append, methods=["PATCH"]),
            Route("/sync/v1/files/{sha256}", files.read, methods=["GET", "HEAD"]),
            Route("/sync/v1/files/{sha256}/leaves", files.leaves, methods=["GET"]),
            Route("/sync/v1/keys", ready_made.introduce, methods=["POST"]),
            Route("/sync/v1/snapshots", ready_made.offers, methods=["POST"]),
            Route("/sync/v1/snapshots/{sha256}", ready_made.read, methods=["GET"]),
            Route("/health", watch.health, methods=["GET"]),
            Route("/ready", watch.ready, methods=["GET"]),
            Route("/metrics", watch.metrics, methods=["GET"]),
        ]


class _Routes:
    """The routes beside the files."""

    def __init__(self, server: Server, waker: Waker, metrics: Metrics) -> None:
        self._server = server
        self._waker = waker
        self._metrics = metrics

    async def account(self, request: Request) -> Account:
        """Return who asks; raises `NotPermitted("sync.token")`."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotPermitted("sync.token")
        return await run_sync(self._server.accounts.check, token)

    async def sync(self, request: Request) -> Response:
        """Push and pull."""
        account = await self.account(request)
        body = await bounded(request, codec.MAX_REQUEST)
        media = request.headers.get("Content-Type", "")
        asked = await run_sync(codec.decode_request, body, media)
        await run_sync(self._server.devices.meet, asked, account)
        frames = await run_sync(self._server.service.handle, asked, account)
        if asked.commands:
            self._metrics.count("commands", len(asked.commands))
            self._waker.poke()
        accepted = request.headers.get("Accept", "")
        chosen = next((m for m in (MEDIA_GZIP, MEDIA_TIGHT) if m in accepted), MEDIA_ZSTD)
        packed: Iterator[bytes] = codec.pack(frames, chosen)
        return StreamingResponse(packed, media_type=chosen, headers={"Cache-Control": "no-store"})

    async def wait(self, request: Request) -> Response:
        """Answer as soon as there is something for this desk, at the latest after a while."""
        account = await self.account(request)
        query = request.query_params
        cursor = _number(query.get("cursor", "0"))
        held = [b for b in query.get("scope", "").split(",") if b]
        loop_end = self._server.clock.monotonic() + min(
            MAX_WAIT, float(_number(query.get("seconds", "55")))
        )
        with self._waker.waiting(held) as moved:
            while True:
                moved.clear()
                if await run_sync(self._server.service.news, cursor, held, account):
                    return own_json({"news": True})
                while not moved.is_set():
                    left = loop_end - self._server.clock.monotonic()
                    if left <= 0 or self._server.ending or await request.is_disconnected():
                        return own_json({"news": False})
                    await self._waker.wait(moved, min(left, _LOOK))

    async def sign_in(self, request: Request) -> Response:
        """Trade a password for tokens, or for a challenge where a second factor is needed."""
        form = await _form(request, "login", "password")
        address = request.client.host if request.client is not None else ""
        given = await run_sync(self._server.second.sign_in, form, address)
        return own_json(
            {"second": asdict(given)} if isinstance(given, Challenge) else asdict(given)
        )

    async def second(self, request: Request) -> Response:
        """Trade the answer to a challenge for tokens."""
        form = await _form(request, "id")
        address = request.client.host if request.client is not None else ""
        return own_json(asdict(await run_sync(self._server.second.answer, form, address)))

    async def refresh(self, request: Request) -> Response:
        """Trade a refresh token for new ones."""
        form = await _form(request, "refresh")
        try:
            given = await run_sync(self._server.accounts.refresh, form["refresh"])
        except NotPermitted:
            # A desk whose sign-in was ended may have more to hear than that.
            await run_sync(self._server.devices.refuse, form.get("device", ""))
            raise
        return own_json(asdict(given))

    async def erased(self, request: Request) -> Response:
        """Take the word of a desk that is to be erased; its own id is what it proves itself by."""
        told = codec.parse_object(await bounded(request, _MAX_LEFT))
        await run_sync(self._server.devices.answer, told)
        return own_json({})

    async def sign_out(self, request: Request) -> Response:
        """End this sign-in."""
        account = await self.account(request)
        await run_sync(self._server.accounts.sign_out, account)
        return own_json({})

    async def password(self, request: Request) -> Response:
        """Change the password; every sign-in of the account ends."""
        account = await self.account(request)
        form = await _form(request, "old", "new")
        accounts = self._server.accounts
        await run_sync(accounts.change_password, account.login, form["old"], form["new"])
        return own_json({})


async def _form(request: Request, *names: str) -> dict[str, str]:
    value = codec.parse_object(await bounded(request, _MAX_FORM))
    if not all(isinstance(value.get(name), str) for name in names):
        raise RuleViolation("sync.request", field=names[0])
    return {name: text for name, text in value.items() if isinstance(text, str)}


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise RuleViolation("sync.request", field="cursor")
    return int(text)


async def _no_such_thing(_: Request, error: Exception) -> Response:
    """Answer what Starlette itself refuses: no such path, no such method."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    value = {"error": {"code": "sync.request", "params": {}, "field": "address"}}
    return own_json(value, status)
