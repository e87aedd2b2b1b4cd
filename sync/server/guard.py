"""What every request passes first: limits, its own id, headers, one line of log, figures.

No request leaves without a reply of ours: whatever escapes the routes becomes a typed error
here, and a record that says where, but not what was in it.
"""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kernel.clock import Clock
from app.kernel.errors import (
    Conflict,
    Damaged,
    HoaBanError,
    NotPermitted,
    RuleViolation,
    Unavailable,
)
from app.kernel.ids import new_id
from sync.protocol import codec
from sync.server.faults import typed
from sync.server.http_bodies import own_json
from sync.server.limits import Limits, Rates
from sync.server.logs import LOG
from sync.server.metrics import Metrics

WATCHED = frozenset({"/health", "/ready", "/metrics"})
_WAIT = "/sync/v1/wait"
_GIVEN_ID = re.compile(r"[0-9a-f-]{16,64}")
_SAFE = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_TLS_ONLY = (b"strict-transport-security", b"max-age=31536000")
_SIGN_IN_CODES = frozenset({"sync.token", "sync.sign_in", "sync.second_late", "sync.second_wrong"})
_TOO_MANY = frozenset({"sync.too_many", "sync.too_fast"})
_STATUS: tuple[tuple[type[HoaBanError], int], ...] = (
    (NotPermitted, 403),
    (RuleViolation, 400),
    (Conflict, 409),
    (Damaged, 422),
    (Unavailable, 503),
)


@dataclass(slots=True)
class _Call:
    """One request on its way."""

    id: str
    scope: Scope
    began: float
    status: int = 0
    sized: bool = False
    bytes_in: int = 0
    bytes_out: int = 0
    code: str = ""
    headers: dict[bytes, bytes] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Return the path, for comparing only: it names files."""
        return str(self.scope["path"])

    @property
    def route(self) -> str:
        """Return the name of the operation that answered."""
        return str(getattr(self.scope.get("endpoint"), "__name__", "none"))

    @property
    def address(self) -> str:
        """Return where the request comes from; kept for counting, never written down."""
        client = self.scope.get("client")
        return f"address:{client[0] if client else ''}"


class Guard:
    """Stand around the application of one process."""

    def __init__(self, app: ASGIApp, limits: Limits, metrics: Metrics, clock: Clock) -> None:
        self._app = app
        self._limits = limits
        self._metrics = metrics
        self._clock = clock
        self._rates = Rates(clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        call = self._call(scope)
        try:
            self._admit(call)
            self._enter(call, by=1)
            try:
                await self._app(scope, self._receiver(call, receive), self._sender(call, send))
            finally:
                self._enter(call, by=-1)
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets a reply
            await self._failed(call, error, send)
        finally:
            self._note(call)

    def _call(self, scope: Scope) -> _Call:
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        named = given if _GIVEN_ID.fullmatch(given) else new_id(self._clock.now())
        return _Call(named, scope, self._clock.monotonic(), headers=headers)

    def _admit(self, call: _Call) -> None:
        """Raise where a request is too large, comes too fast, or there is too much to do."""
        limits, scope = self._limits, call.scope
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > limits.address:
            raise RuleViolation("sync.too_large", field="address")
        size = call.headers.get(b"content-length", b"0")
        if not size.isdigit() or int(size[:18]) > codec.MAX_REQUEST:
            raise RuleViolation("sync.too_large")
        if call.path in WATCHED:
            return
        left = self._hurried(call)
        if left > 0:
            self._metrics.count("shed", reason="rate")
            raise Unavailable("sync.too_fast", self._later(left))
        waits = call.path == _WAIT
        full = (
            self._metrics.waiting >= limits.waiting if waits else self._metrics.busy >= limits.busy
        )
        if full:
            self._metrics.count("shed", reason="waiting" if waits else "busy")
            raise Unavailable("sync.busy", self._later(30.0 if waits else 2.0))

    def _hurried(self, call: _Call) -> float:
        limits, token = self._limits, call.headers.get(b"authorization", b"")
        unknown = (call.address, limits.unknown, limits.unknown_burst)
        if not token:
            return self._rates.take(*unknown)
        who = hashlib.sha256(token).hexdigest()[:16]
        return max(
            self._rates.spent(*unknown),
            self._rates.take(f"token:{who}", limits.each, limits.each_burst),
        )

    def _later(self, seconds: float) -> datetime:
        return datetime.fromtimestamp(
            self._clock.now().timestamp() + math.ceil(seconds), self._clock.now().tzinfo
        )

    def _enter(self, call: _Call, by: int) -> None:
        if call.path == _WAIT:
            self._metrics.waiting += by
        elif call.path not in WATCHED:
            self._metrics.busy += by

    def _receiver(self, call: _Call, receive: Receive) -> Receive:
        async def counted() -> Message:
            message = await receive()
            call.bytes_in += len(message.get("body", b""))
            return message

        return counted

    def _sender(self, call: _Call, send: Send) -> Send:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._began(call, message)
            call.bytes_out += len(message.get("body", b""))
            await send(message)

        return guarded

    def _began(self, call: _Call, message: Message) -> None:
        call.status = message["status"]
        headers: list[tuple[bytes, bytes]] = list(message["headers"])
        names = {name for name, _ in headers}
        call.sized = b"content-length" in names
        headers += [(b"x-request-id", call.id.encode()), *_SAFE]
        if b"cache-control" not in names:
            headers.append((b"cache-control", b"no-store"))
        if call.scope["scheme"] == "https":
            headers.append(_TLS_ONLY)
        message["headers"] = headers
        if call.status == 401:
            # Guessing tokens costs what asking without one does.
            self._rates.take(call.address, self._limits.unknown, self._limits.unknown_burst)

    async def _failed(self, call: _Call, error: Exception, send: Send) -> None:
        known = typed(error, self._clock)
        call.code = known.code
        if known.code == "sync.internal":
            LOG.error("failed", exc_info=error, extra={"said": {"request": call.id}})
        elif not isinstance(error, HoaBanError | ClientDisconnect):
            LOG.warning("unavailable", exc_info=error, extra={"said": {"request": call.id}})
        if not call.status:
            reply = error_reply(known, self._clock)
            await reply(call.scope, _nothing, self._sender(call, send))
        elif call.sized:
            # A file that ends early must not look whole: the connection is cut.
            raise error
        else:
            # A stream without its last frame is a cut, and the desk knows it.
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _note(self, call: _Call) -> None:
        seconds = self._clock.monotonic() - call.began
        self._metrics.count(
            "requests", route=call.route, method=_method(call.scope), status=str(call.status)
        )
        if call.path != _WAIT:
            self._metrics.took(call.route, seconds)
        LOG.info(
            "request",
            extra={
                "said": {
                    "request": call.id,
                    "route": call.route,
                    "method": _method(call.scope),
                    "status": call.status,
                    "code": call.code,
                    "ms": round(seconds * 1000, 1),
                    "bytes_in": call.bytes_in,
                    "bytes_out": call.bytes_out,
                }
            },
        )


def error_reply(error: HoaBanError, clock: Clock) -> Response:
    """Answer a typed error as JSON of our own, and when to come back."""
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
    if error.code in _SIGN_IN_CODES:
        status = 401
    elif error.code in _TOO_MANY:
        status = 429
    elif error.code == "sync.internal":
        status = 500
    value = {
        "error": {
            "code": error.code,
            "params": error.params,
            "field": getattr(error, "field", ""),
        }
    }
    reply = own_json(value, status)
    retry_at = getattr(error, "retry_at", None)
    if retry_at is not None:
        reply.headers["X-Retry-At"] = retry_at.isoformat()
        left = (retry_at - clock.now()).total_seconds()
        reply.headers["Retry-After"] = str(max(1, math.ceil(left)))
    elif status == 503:
        reply.headers["Retry-After"] = "2"
    return reply


def _method(scope: Scope) -> str:
    known = {"GET", "HEAD", "POST", "PATCH", "DELETE"}
    return scope["method"] if scope["method"] in known else "other"


async def _nothing() -> Any:
    return {"type": "http.disconnect"}
