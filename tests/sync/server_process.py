"""A toy server in a process of its own, to be killed; its first line names its port."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import uvicorn
from argon2 import PasswordHasher

from app.kernel.clock import SystemClock
from sync.server.accounts import Accounts
from sync.server.files import Files
from sync.server.http import Server
from sync.server.service import Service
from sync.server.store import Store
from tests.doubles.toy import HoldBuckets, ToyPeople, registry

PASSWORD = "mật khẩu mẫu"
PATIENCE = 10


def main(url: str, folder: str, port: str, poll: str) -> None:
    clock = SystemClock()
    store = Store(url, clock, patience=PATIENCE)
    service = Service(store, registry(), ToyPeople(), clock)
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    accounts = Accounts(store, clock, hasher)
    if service.pull.scope_of("an", clock.now()) == ():
        service.run_as_system(HoldBuckets("an", ("all", "agency:x")))
        service.run_as_system(HoldBuckets("binh", ("all", "agency:x")))
        accounts.put("an", "an", PASSWORD)
        accounts.put("binh", "binh", PASSWORD)
    listener = socket.create_server(("127.0.0.1", int(port)))
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    files = Files(Path(folder), store)
    app = Server(service, accounts, files, clock, poll=float(poll)).app()
    config = uvicorn.Config(app, log_level="error", access_log=False)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
