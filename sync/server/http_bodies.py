"""Bodies of our own: bounded to read, and of our own media type to answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.kernel.errors import RuleViolation, Unavailable
from sync.protocol import codec
from sync.protocol.messages import MEDIA_JSON


async def bounded(request: Request, most: int) -> bytes:
    """Read a body of at most `most` bytes; raises `RuleViolation("sync.too_large")`."""
    pieces: list[bytes] = []
    size = 0
    try:
        async for piece in request.stream():
            size += len(piece)
            if size > most:
                raise RuleViolation("sync.too_large")
            pieces.append(piece)
    except ClientDisconnect as error:
        raise Unavailable("sync.cut") from error
    return b"".join(pieces)


def own_json(value: Mapping[str, Any], status: int = 200) -> Response:
    """Answer JSON under our own media type."""
    return Response(codec.dumps(value), status, media_type=MEDIA_JSON)
