"""The routes of files: announce, append by offset, read by range."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator

from anyio.to_thread import run_sync
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from app.kernel.errors import NotPermitted, RuleViolation, Unavailable
from sync.protocol import codec
from sync.server.files import Files, check_name
from sync.server.http_bodies import bounded, own_json, patient
from sync.server.parts import LEAF, Plan
from sync.server.service import Account, Service

_MAX_PLAN = 1 << 20
MAX_PIECE = 8 << 20
# So much of one upload may be in memory, on its way to the disk.
_BEHIND = 4 * LEAF
_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")


class FileRoutes:
    """Serve files to those who may see them."""

    def __init__(
        self, files: Files, service: Service, account: Callable[[Request], Awaitable[Account]]
    ) -> None:
        self._files = files
        self._service = service
        self._account = account

    async def begin(self, request: Request) -> Response:
        """Announce an upload; a file that the caller may see already is not sent again."""
        account, sha256 = await self._asked(request)
        plan = _plan(await bounded(request, _MAX_PLAN))
        if await run_sync(self._held, sha256, account):
            return own_json({"have": True})
        offset = await run_sync(self._files.begin, sha256, account.person, plan)
        if offset == plan.size:
            await run_sync(self._files.finish, sha256, account.person, self._scope)
            return own_json({"have": True})
        return own_json({"offset": offset})

    async def append(self, request: Request) -> Response:
        """Append a piece; what came before a cut stays."""
        account, sha256 = await self._asked(request)
        offset = _whole(request.headers.get("Upload-Offset", ""))
        size = _whole(request.headers.get("Upload-Length", ""))
        after = await self._take(request, sha256, account.person, offset)
        if after == size:
            await run_sync(self._files.finish, sha256, account.person, self._scope)
        return own_json({"offset": after, "have": after == size})

    async def _take(self, request: Request, sha256: str, person: str, offset: int) -> int:
        """Bring a body to the disk leaf by leaf, so that a cut costs no more than one."""

        def append(at: int, pieces: list[bytes]) -> int:
            return self._files.append(sha256, person, at, pieces)

        writing = _Writing(append, offset)
        try:
            async for piece in patient(request):
                await writing.take(piece)
        except ClientDisconnect as error:
            await writing.close()
            raise Unavailable("sync.cut") from error
        return await writing.close()

    async def leaves(self, request: Request) -> Response:
        """Answer size and leaf hashes of a file."""
        plan = await self._seen(request)
        return own_json({"size": plan.size, "leaves": plan.leaves})

    async def read(self, request: Request) -> Response:
        """Answer a file or a range of it; for HEAD how far an upload has come."""
        if request.method == "HEAD":
            return await self._head(request)
        plan = await self._seen(request)
        sha256 = request.path_params["sha256"]
        return ranged(request, sha256, plan.size, self._files.read)

    async def _head(self, request: Request) -> Response:
        account, sha256 = await self._asked(request)
        plan = await run_sync(self._held, sha256, account)
        offset = (
            plan.size
            if plan is not None
            else await run_sync(self._files.offset, sha256, account.person)
        )
        if offset is None:
            raise NotPermitted("sync.file_unknown")
        return Response(headers={"Upload-Offset": str(offset), "Cache-Control": "no-store"})

    async def _asked(self, request: Request) -> tuple[Account, str]:
        account = await self._account(request)
        sha256 = str(request.path_params["sha256"])
        check_name(sha256)
        return account, sha256

    async def _seen(self, request: Request) -> Plan:
        account, sha256 = await self._asked(request)
        plan = await run_sync(self._held, sha256, account)
        if plan is None:
            raise NotPermitted("sync.file_unknown")
        return plan

    def _scope(self, person: str) -> tuple[str, ...]:
        return self._service.pull.scope_of(person, self._service.clock.now())

    def _held(self, sha256: str, account: Account) -> Plan | None:
        """Return a file's plan if it is whole here and this account may see it.

        What may be seen is asked first and always, so that the time of the answer does not
        tell a file that is here from one that is not.
        """
        if not self._files.visible(sha256, account.person, self._scope(account.person)):
            return None
        return self._files.plan(sha256)


class _Writing:
    """Write behind the reader: what waits to be read when a line breaks would be lost."""

    def __init__(self, append: Callable[[int, list[bytes]], int], offset: int) -> None:
        self._append = append
        self._offset = offset
        self._pieces: list[bytes] = []
        self._length = self._held = 0
        self._running: asyncio.Task[int] | None = None

    async def take(self, piece: bytes) -> None:
        """Keep a piece; wait only where the disk is some leaves behind."""
        self._length += len(piece)
        self._held += len(piece)
        if self._length > MAX_PIECE:
            await self._settle()
            raise RuleViolation("sync.too_large")
        self._pieces.append(piece)
        idle = self._running is None or self._running.done()
        if self._held >= (LEAF if idle else _BEHIND):
            await self._settle()
            pieces, self._pieces, self._held = self._pieces, [], 0
            work = run_sync(self._append, self._offset, pieces)
            self._running = asyncio.ensure_future(work)

    async def close(self) -> int:
        """Write what is left; answer the new offset."""
        await self._settle()
        pieces, self._pieces = self._pieces, []
        return await run_sync(self._append, self._offset, pieces)

    async def _settle(self) -> None:
        if self._running is not None:
            running, self._running = self._running, None
            self._offset = await running


def _plan(body: bytes) -> Plan:
    value = codec.parse_object(body)
    size, leaves = value.get("size"), value.get("leaves")
    if type(size) is not int or not isinstance(leaves, list):
        raise RuleViolation("sync.request", field="leaves")
    return Plan(size, tuple(map(str, leaves)))


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 15:
        raise RuleViolation("sync.request", field="offset")
    return int(text)


def ranged(
    request: Request, sha256: str, size: int, read: Callable[[str, int, int], Iterator[bytes]]
) -> Response:
    """Answer what lies under a hash, or the range that was asked for (RFC 9110, section 14)."""
    tag = f'"sha256-{sha256}"'
    start, stop = _asked_range(request, tag, size)
    partial = (start, stop) != (0, size)
    headers = {
        "Content-Length": str(stop - start),
        "ETag": tag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
    }
    if partial:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return StreamingResponse(
        read(sha256, start, stop - start),
        206 if partial else 200,
        headers,
        media_type="application/octet-stream",
    )


def _asked_range(request: Request, tag: str, size: int) -> tuple[int, int]:
    """Return the bytes asked for; the whole where the range is no longer of this file."""
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    if asked is None or request.headers.get("If-Range", tag) != tag:
        return 0, size
    start = int(asked[1])
    stop = min(int(asked[2]) + 1 if asked[2] else size, size)
    if start >= stop:
        raise RuleViolation("sync.range", field="range")
    return start, stop
