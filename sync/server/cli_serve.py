"""`python -m sync.server serve`: one process under uvicorn, ended in order."""

from __future__ import annotations

import argparse
import os
import socket
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn

from app.kernel.clock import Clock, SystemClock
from signing.checking.standing import Standing
from signing.trust.store import TrustStore
from sync.http import Session
from sync.server import errand_worker, logs, tls
from sync.server.background import Chore, beside
from sync.server.derived import Derived
from sync.server.http import Server
from sync.server.limits import Limits
from sync.server.memory import collect_rarely

POOL = 8
_UNSENT = 128 << 10
_KEPT_SECONDS = 75


def add_options(command: argparse.ArgumentParser) -> None:
    """Add what only a running server needs to know."""
    command.add_argument("--pool", type=int, default=POOL, metavar="N")
    command.add_argument("--statement-seconds", type=int, default=30, metavar="N")
    command.add_argument("--grace-seconds", type=int, default=20, metavar="N")
    command.add_argument("--waiting", type=int, default=Limits().waiting, metavar="N")
    command.add_argument("--log-level", choices=logs.LEVELS, default="warning")
    command.add_argument("--secrets", type=Path, metavar="DIR")
    command.add_argument("--forwarded-from", default="127.0.0.1", metavar="ADDRESSES")
    command.add_argument("--trust", type=Path, metavar="DIR")


def add_tls_parser(commands: Any) -> None:
    """Add the grammar of `tls`; a contract that scripts rely on (docs/admin-guide.md)."""
    command = commands.add_parser("tls")
    command.add_argument("--tls-cert", type=Path, required=True)
    command.add_argument("--tls-key", type=Path, required=True)
    command.add_argument("--json", action="store_true")


def tls_rows(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Answer the days left and what should be mended; raises `Damaged("server.tls")`."""
    now = SystemClock().now()
    found = tls.findings(args.tls_cert, args.tls_key, now)
    left = tls.days_left(args.tls_cert, now)
    return [{"days": left, "findings": [one.check for one in found]}]


class _Process(uvicorn.Server):
    """A server that answers the desks which wait before it ends, so that none is cut off."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.config.app.state.end()  # type: ignore[union-attr]
        await super().shutdown(sockets)


def run(server: Server, args: argparse.Namespace) -> int:
    """Serve until a signal; requests in work are finished, within the grace."""
    collect_rarely()
    server.limits = replace(server.limits, waiting=args.waiting)
    if args.trust is not None:
        server.judge_by(standing(args.trust, server.clock))
    logs.configure(args.log_level)
    config = uvicorn.Config(
        server.app(),
        host=args.host,
        port=args.port,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        forwarded_allow_ips=args.forwarded_from,
        timeout_graceful_shutdown=args.grace_seconds,
        # A desk asks once a minute, and connecting anew costs a slow line three round trips.
        timeout_keep_alive=_KEPT_SECONDS,
    )
    config.load()
    if args.tls_cert and args.tls_key:
        config.ssl = tls.context(args.tls_cert, args.tls_key)
        server.certificate = args.tls_cert
    running = _Process(config)
    if args.end_with_stdin:
        threading.Thread(target=_end_with_stdin, args=(running,), daemon=True).start()
    listener = config.bind_socket()
    # Else the kernel takes megabytes that a slow line will not carry for half a minute, and
    # nobody sees that the line is slow.
    if sys.platform == "linux":
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT)
    with beside(**_chores(server, args.secrets)):
        running.run(sockets=[listener])
    return 0


def _chores(server: Server, secrets: Path | None) -> dict[str, Chore]:
    """Derive figures, and send what waits for the outside where secrets are at hand."""
    chores: dict[str, Chore] = {"figures": Derived(server.service).run}
    if secrets is not None:
        store, clock = server.service.store, server.clock
        chores["outside"] = lambda ending: errand_worker.work(store, secrets, clock, ending)
    return chores


def standing(folder: Path, clock: Clock) -> Standing:
    """Return what judges the certificates of signing devices by the anchors of a folder."""
    return Standing(TrustStore([folder]), clock, Session(clock))


def _end_with_stdin(running: uvicorn.Server) -> None:
    """End when whoever started the server is gone: his end of the pipe closes with him."""
    while os.read(sys.stdin.fileno(), 1024):
        continue
    running.should_exit = True
