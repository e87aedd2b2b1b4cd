"""Bring one errand to its receiver: the port, and the adapter that posts JSON over HTTPS.

The secret of a channel lies in a file of its own beside the database, never in it, in no backup of
it and in no log; it is read for each sending, so that it can be replaced while the server runs.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from app.catalogues.model import item_id
from app.kernel.clock import Clock
from app.kernel.errors import RuleViolation, Unavailable
from app.kernel.ports import Http
from app.settings import SETTING_LIST
from sync.protocol.codec import dumps
from sync.server.channels import Channel
from sync.server.errands import Job
from sync.server.store import Store

TIMEOUT = 10.0
_MOST = 1 << 16
# The receiver, or who stands before it, may think otherwise later.
_LATER = frozenset({401, 403, 404, 408, 409, 425, 429})


class Sender(Protocol):
    """Bring an errand to its receiver."""

    def send(self, job: Job, channel: Channel) -> None:
        """Send once; raises `Unavailable` to be tried again, `RuleViolation` to be given up."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of the channels, each in a file that the server alone may read."""

    folder: Path

    def of(self, channel: str) -> str:
        """Return a secret; raises `Unavailable("outside.secret" | "outside.secret_open")`."""
        path = self.folder / f"{channel}.token"
        try:
            open_to = path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
            found = path.read_text(encoding="ascii").strip()
        except (OSError, ValueError) as error:
            raise Unavailable("outside.secret", channel=channel) from error
        if os.name == "posix" and open_to:
            raise Unavailable("outside.secret_open", channel=channel)
        if not found.isprintable() or not found:
            raise Unavailable("outside.secret", channel=channel)
        return found


class HttpsSender:
    """Post an errand as JSON; its key travels as `Idempotency-Key`."""

    def __init__(
        self, http: Http, settings: Callable[[str], str], secrets: Secrets, clock: Clock
    ) -> None:
        self._http = http
        self._settings = settings
        self._secrets = secrets
        self._clock = clock

    def send(self, job: Job, channel: Channel) -> None:
        """Send once; raises `Unavailable` to be tried again, `RuleViolation` to be given up."""
        address = self._settings(channel.address)
        if not address:
            raise Unavailable("outside.address", channel=channel.name)
        made = datetime.fromtimestamp(job.made, UTC).isoformat()
        value = {"id": job.id, "channel": channel.name, "made": made, "urgent": job.urgent}
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": job.id,
            "Authorization": f"Bearer {self._secrets.of(channel.name)}",
        }
        body = dumps({**value, "data": job.data}).encode()
        try:
            reply = self._http.request(
                "POST", address, body=body, headers=headers, timeout=TIMEOUT, max_bytes=_MOST
            )
        except RuleViolation as error:
            # An address without TLS is the administrator's to mend, not the errand's fault.
            raise Unavailable("sync.tls_required") from error
        self._judge(reply.status, reply.headers)

    def _judge(self, status: int, headers: Mapping[str, str]) -> None:
        if 200 <= status < 300:
            return
        if status in _LATER or status >= 500:
            wait = headers.get("Retry-After", "")
            later = timedelta(seconds=int(wait[:6]) if wait.isascii() and wait.isdigit() else 0)
            raise Unavailable("outside.later", self._clock.now() + later, status=status)
        raise RuleViolation("outside.refused", status=status)


def setting_of(store: Store) -> Callable[[str], str]:
    """Return what reads the province's settings as of now, "" for one that is not set."""

    def read(name: str) -> str:
        with store.read() as connection:
            asked = {"kind": "catalogue", "ids": [item_id(SETTING_LIST, name, None)]}
            rows = connection.execute(store.entities, asked).all()
        item = json.loads(rows[0].data) if rows else {}
        return "" if item.get("valid_to") else str(item.get("label", ""))

    return read
