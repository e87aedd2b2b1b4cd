"""What authorities answered, kept on this PC: OCSP answers, CRLs, issuers. All of it is public.

Nothing is believed because it lies here: every answer is signed, and judged anew in each check.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from datetime import datetime, timedelta
from pathlib import Path

from app.kernel.clock import Clock
from app.kernel.ports import Http, HttpReply
from signing.trust.line import Asked, Line

MAX_ENTRY = 8 << 20
MAX_TOTAL = 64 << 20
MAX_AGE = timedelta(days=60)
_OCSP = "application/ocsp-request"
# OCSP answers, CRLs and certificates are DER: each begins as a sequence. A portal's page does not.
_SEQUENCE = b"\x30"
_ENDING = ".answer"


class StatusCache:
    """Answers by the hash of what was asked, in files of their own; broken ones are forgotten."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        max_total: int = MAX_TOTAL,
        max_age: timedelta = MAX_AGE,
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._max_total = max_total
        self._max_age = max_age

    def kept(self, method: str, url: str, body: bytes) -> tuple[bytes, datetime] | None:
        """Return an answer that is not too old, and when it came."""
        path = self._path(method, url, body)
        try:
            if path.stat().st_size > MAX_ENTRY + 64:
                raise ValueError(path.name)
            came, _, answer = path.read_bytes().partition(b"\n")
            at = datetime.fromisoformat(came.decode("ascii"))
            age = self._clock.now() - at
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError):
            self._forget(path)
            return None
        if age > self._max_age:
            self._forget(path)
            return None
        return answer, at

    def keep(self, method: str, url: str, body: bytes, answer: bytes) -> None:
        """Keep an answer; a full or forbidden disk only means that it is asked for again."""
        if not answer.startswith(_SEQUENCE) or len(answer) > MAX_ENTRY:
            return
        path = self._path(method, url, body)
        part = path.with_name(f".{os.urandom(8).hex()}.part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part.write_bytes(self._clock.now().isoformat().encode("ascii") + b"\n" + answer)
            part.replace(path)
            self._make_room()
        except OSError:
            self._forget(part)

    def _path(self, method: str, url: str, body: bytes) -> Path:
        asked = hashlib.sha256(f"{method} {url}\n".encode() + body).hexdigest()
        return self._folder / f"{asked}{_ENDING}"

    def _make_room(self) -> None:
        """Forget the oldest until the rest is small enough."""
        held = [(p, p.stat()) for p in self._folder.glob(f"*{_ENDING}")]
        held.sort(key=lambda entry: entry[1].st_mtime_ns)
        size = sum(stat.st_size for _, stat in held)
        for path, stat in held:
            if size <= self._max_total:
                return
            self._forget(path)
            size -= stat.st_size

    def _forget(self, path: Path) -> None:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


class KeepingHttp(Line):
    """A line that keeps what may be used again; time stamps are not."""

    def __init__(self, http: Http, cache: StatusCache) -> None:
        self._http = http
        self._cache = cache

    def ask(self, asked: Asked) -> HttpReply:
        """Ask, and keep a good answer; raises what the line raises."""
        reply = asked.over(self._http)
        kind = asked.headers.get("Content-Type", "")
        if reply.status == 200 and (asked.method == "GET" or kind == _OCSP):
            self._cache.keep(asked.method, asked.url, asked.body, reply.body)
        return reply
