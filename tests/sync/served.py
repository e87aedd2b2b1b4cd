"""Fixtures: the toy service behind HTTP, with two people who may sign in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from app.kernel.clock import SystemClock
from sync.server.accounts import Accounts
from sync.server.files import Files
from sync.server.http import Server
from sync.server.service import Service
from tests.doubles.web import serve

PASSWORD = "mật khẩu mẫu"


@pytest.fixture
def made(service: Service, tmp_path: Path) -> Server:
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    accounts = Accounts(service.store, SystemClock(), hasher)
    for name in ("an", "binh"):
        accounts.put(name, name, PASSWORD)
    return Server(service, accounts, Files(tmp_path / "files", service.store), SystemClock())


@pytest.fixture
def base(made: Server) -> Iterator[str]:
    with serve(made.app()) as running:
        yield running.url
