"""The toy province with a receiver, a secret and workers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.kernel.clock import FixedClock, SystemClock
from sync.http import Session
from sync.server.channels import Channel
from sync.server.errand_worker import Worker
from sync.server.sending import HttpsSender, Secrets
from sync.server.service import Service
from sync.server.store import Store
from tests.doubles.receiver import Receiver, receiver
from tests.doubles.toy import HoldBuckets, ToyPeople
from tests.sync.outside.province import (
    PLAIN,
    TELLING,
    TOKEN,
    Made,
    X,
)


@pytest.fixture
def service(store: Store, clock: FixedClock) -> Service:
    made = Service(store, TELLING, ToyPeople(), clock)
    made.run_as_system(HoldBuckets("an", X))
    return made


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    folder.mkdir()
    path = folder / "announcement.token"
    path.write_text(TOKEN + "\n")
    path.chmod(0o600)
    return folder


@pytest.fixture
def to() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


@pytest.fixture
def worker(service: Service, clock: FixedClock, secrets: Path, to: Receiver) -> Iterator[Made]:
    with closing(Session(SystemClock(), tls=True)) as http:

        def make(channel: Channel = PLAIN) -> Worker:
            sender = HttpsSender(http, lambda _: to.url, Secrets(secrets), clock)
            channels = {channel.name: channel}
            return Worker(service.store, sender, clock, channels, random.Random(4))

        yield make
