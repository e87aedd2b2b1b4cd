"""Bodies of our own: bounded to read, and of our own media type to answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.kernel.errors import RuleViolation, Unavailable
from sync.protocol import codec
from sync.protocol.messages import MEDIA_JSON

# A line of the mountains is silent for a while, but not for minutes.
STALL = 60.0


async def bounded(request: Request, most: int) -> bytes:
    """Read a body of at most `most` bytes; raises `RuleViolation("sync.too_large")`."""
    pieces: list[bytes] = []
    size = 0
    try:
        async for piece in patient(request):
            size += len(piece)
            if size > most:
                raise RuleViolation("sync.too_large")
            pieces.append(piece)
    except ClientDisconnect as error:
        raise Unavailable("sync.cut") from error
    return b"".join(pieces)


async def patient(request: Request) -> AsyncIterator[bytes]:
    """Yield a body as it comes; raises `ClientDisconnect` also for one that comes no more."""
    pieces = request.stream()
    while True:
        try:
            async with asyncio.timeout(STALL):
                piece = await anext(pieces, None)
        except TimeoutError as error:
            raise ClientDisconnect from error
        if piece is None:
            return
        yield piece


def own_json(value: Mapping[str, Any], status: int = 200) -> Response:
    """Answer JSON under our own media type."""
    return Response(codec.dumps(value), status, media_type=MEDIA_JSON)
