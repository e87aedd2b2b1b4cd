"""A worker of its own, for a test to kill: `python -m tests.sync.outside.process URL DIR TO`."""

import sys
import threading
from contextlib import closing
from pathlib import Path

from app.kernel.clock import SystemClock
from sync.http import Session
from sync.server.channels import Channel
from sync.server.errand_worker import Worker
from sync.server.sending import HttpsSender, Secrets
from sync.server.store import Store

url, folder, to = sys.argv[1:]
clock = SystemClock()
channel = Channel("announcement", "announcement_url", quiet=False)
with closing(Session(clock, tls=True)) as http:
    sender = HttpsSender(http, lambda _: to, Secrets(Path(folder)), clock)
    worker = Worker(Store(url, clock), sender, clock, {channel.name: channel})
    worker.run(threading.Event())
