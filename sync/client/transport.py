"""Requests over the guarded session: tokens, refreshing, our own errors, streams of frames."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote

from app.kernel.codec import from_json
from app.kernel.errors import (
    Conflict,
    Damaged,
    HoaBanError,
    NotPermitted,
    RuleViolation,
    Unavailable,
)
from app.kernel.ports import HttpReply, KeyValue
from sync.http import Session, Streamed
from sync.protocol import codec
from sync.protocol.messages import (
    MEDIA_GZIP,
    MEDIA_JSON,
    MEDIA_TIGHT,
    MEDIA_ZSTD,
    Frame,
    Request,
)
from sync.protocol.second import KNOWN, Challenge

ACCESS, REFRESH = "sync.access", "sync.refresh"
_STALL = 30.0
_TOKEN = "sync.token"  # noqa: S105 - an error's code
_KINDS: Mapping[int, type[HoaBanError]] = {
    400: RuleViolation,
    401: NotPermitted,
    403: NotPermitted,
    409: Conflict,
    422: Damaged,
}


# Answers a challenge: what goes to the server beside its id.
Prove = Callable[[Challenge], Mapping[str, str]]


class HttpTransport:
    """One server, one person's tokens."""

    def __init__(self, session: Session, server: str, tokens: KeyValue) -> None:
        self.session = session
        self._server = server.rstrip("/")
        self._tokens = tokens
        # The lane and the long poll may find the access token stale at the same moment.
        self._refreshing = threading.Lock()
        # The desk's id: told where a token is no more, to hear whether more than that is over.
        self.device: Callable[[], str] = str

    @property
    def signed_in(self) -> bool:
        """Tell whether there are tokens, good or not."""
        return self._tokens.get(REFRESH) is not None

    def sign_in(self, login: str, password: str, prove: Prove | None = None) -> str:
        """Trade a password for tokens; answer the person's id.

        Where the server wants a second factor, `prove` answers its challenge; without it
        that is `NotPermitted("sync.second_factor")`. Raises `NotPermitted("sync.sign_in")`,
        `Unavailable`, and what `prove` does.
        """
        asked = {"login": login, "password": password}
        if prove is not None:
            asked |= {"second": KNOWN, "device": self.device()}
        value = self._json("POST", "/session", asked)
        if prove is not None and "second" in value:
            challenge = _challenge(value["second"], login, self.device())
            value = self._json("POST", "/session/second", {"id": challenge.id, **prove(challenge)})
        return self._keep(value)

    def sign_out(self) -> None:
        """Forget the tokens, here at once and on the server if it can be reached."""
        try:
            self._authorised("DELETE", "/session")
        except (Unavailable, NotPermitted):
            return
        finally:
            self.forget()

    def tell_erased(self, value: Mapping[str, Any]) -> None:
        """Say what is lost with this desk, or that it is erased; raises `Unavailable`."""
        self._json("POST", "/device/erased", value)

    def forget(self) -> None:
        """Forget the tokens."""
        self._tokens.delete(ACCESS)
        self._tokens.delete(REFRESH)

    def exchange(self, request: Request) -> Iterator[Frame]:
        """Yield the frames of the reply to a request."""
        body, media = codec.encode_request(request)
        headers = {"Content-Type": media, "Accept": f"{MEDIA_TIGHT}, {MEDIA_ZSTD}, {MEDIA_JSON}"}
        with self.stream("POST", "", body, headers) as reply:
            kind = reply.headers.get("Content-Type", "").partition(";")[0]
            if kind not in (MEDIA_TIGHT, MEDIA_ZSTD, MEDIA_GZIP):
                raise Unavailable("sync.portal")
            unpacker = codec.Unpacker(kind)
            for piece in reply.chunks:
                yield from unpacker.feed(piece)

    def news(self, cursor: int, scope: tuple[str, ...], seconds: int) -> bool:
        """Wait until there is something for this desk; False when the time is over."""
        place = f"/wait?cursor={cursor}&scope={quote(','.join(scope))}&seconds={seconds}"
        reply = self._authorised("GET", place, timeout=seconds + 10.0)
        return bool(_object(reply.body).get("news"))

    def call(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Ask with a token and answer the JSON object."""
        return _object(self._authorised(method, path, body, headers).body)

    @contextmanager
    def stream(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> Iterator[Streamed]:
        """Ask with a token and stream the reply; a stale token is refreshed once."""
        token = self._access()
        for _ in range(2):
            given = {**headers, "Authorization": f"Bearer {token}"}
            opened = self.session.stream(
                method, self._url(path), body=body, headers=given, stall=_STALL
            )
            with opened as reply:
                if reply.status in (200, 206):
                    if reply.headers.get("Content-Type", "").startswith("text/html"):
                        raise Unavailable("sync.portal")
                    yield reply
                    return
                error = self._told(reply.status, reply.headers, b"".join(reply.chunks))
            if error.code != _TOKEN:
                raise error
            token = self._renew(token)
        raise NotPermitted(_TOKEN)

    def _authorised(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout: float = _STALL,
    ) -> HttpReply:
        token = self._access()
        for _ in range(2):
            given = {**(headers or {}), "Authorization": f"Bearer {token}"}
            reply = self.session.request(
                method, self._url(path), body=body, headers=given, timeout=timeout
            )
            if reply.status == 200:
                return _own(reply)
            error = self._told(reply.status, reply.headers, reply.body)
            if error.code != _TOKEN:
                raise error
            token = self._renew(token)
        raise NotPermitted(_TOKEN)

    def _access(self) -> str:
        return self._tokens.get(ACCESS) or self._renew("")

    def _renew(self, stale: str) -> str:
        with self._refreshing:
            current = self._tokens.get(ACCESS)
            if current is not None and current != stale:
                return current
            refresh = self._tokens.get(REFRESH)
            if refresh is None:
                raise NotPermitted(_TOKEN)
            asked = {"refresh": refresh, "device": self.device()}
            self._keep(self._json("POST", "/session/refresh", asked))
            return self._tokens.get(ACCESS) or ""

    def _json(self, method: str, path: str, value: Mapping[str, Any]) -> dict[str, Any]:
        body = codec.dumps(value).encode()
        headers = {"Content-Type": MEDIA_JSON}
        reply = self.session.request(method, self._url(path), body=body, headers=headers)
        if reply.status != 200:
            raise self._told(reply.status, reply.headers, reply.body)
        return _object(_own(reply).body)

    def _told(self, status: int, headers: Mapping[str, str], body: bytes) -> HoaBanError:
        return _error(status, headers, body, self.session.retry_at(headers))

    def _keep(self, value: Mapping[str, Any]) -> str:
        access, refresh, person = (value.get(k) for k in ("access", "refresh", "person"))
        if not (isinstance(access, str) and isinstance(refresh, str) and isinstance(person, str)):
            raise Damaged("sync.frame")
        self._tokens.set(REFRESH, refresh)
        self._tokens.set(ACCESS, access)
        return person

    def _url(self, path: str) -> str:
        return f"{self._server}/sync/v1{path}"


def _own(reply: HttpReply) -> HttpReply:
    if not reply.headers.get("Content-Type", "").startswith(MEDIA_JSON):
        raise Unavailable("sync.portal")
    return reply


def _challenge(value: Any, login: str, device: str) -> Challenge:
    """Return a challenge that is for this login on this desk; nothing else is signed."""
    try:
        made: Challenge = from_json(Challenge, value)
    except (TypeError, ValueError, KeyError) as error:
        raise Damaged("sync.frame") from error
    if (made.login, made.device) != (login, device[:64]):
        raise Damaged("sync.frame")
    return made


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError as error:
        raise Damaged("sync.frame") from error
    if not isinstance(value, dict):
        raise Damaged("sync.frame")
    return value


def _error(
    status: int, headers: Mapping[str, str], body: bytes, retry_at: datetime | None
) -> HoaBanError:
    """Return the typed error of a reply; one that is not our own says nothing of ours."""
    if not headers.get("Content-Type", "").startswith(MEDIA_JSON):
        return Unavailable("sync.server_down" if status >= 500 else "sync.portal")
    told = _object(body).get("error")
    value: dict[str, Any] = told if isinstance(told, dict) else {}
    if not isinstance(value.get("code"), str):
        return Unavailable("sync.server_down" if status >= 500 else "sync.portal")
    code = value["code"][:80]
    kind = _KINDS.get(status)
    return kind(code) if kind is not None else Unavailable(code, retry_at)
