"""A toy province on loopback, and the command line as a script meets it."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.entry.cli import main
from app.features import registry
from app.identity.commands import PutPerson, PutPost, PutUnit
from app.kernel.clock import SystemClock
from sync.server.seed import Seed, build
from tests.doubles.web import serve
from tests.signing.conftest import letter, office, own_office, shared_office

__all__ = ["letter", "office", "own_office", "shared_office"]
PASSWORD = "mật khẩu mẫu"
SINCE = date(2025, 7, 1)


@dataclass(frozen=True)
class Answer:
    """What one command line answered."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[Any]:
        """Return standard output, which holds JSON lines and nothing else."""
        return [json.loads(line) for line in self.out.splitlines()]


Cli = Callable[..., Answer]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run a command line with lines on standard input."""

    def run(*arguments: object, stdin: str = "") -> Answer:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        code = main([str(a) for a in arguments])
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return run


@pytest.fixture
def province(tmp_path: Path) -> Iterator[str]:
    """The URL of a server with one agency and its clerk."""
    folder = tmp_path / "province"
    (folder / "files").mkdir(parents=True)
    server = build(f"sqlite:///{folder / 'server.db'}", folder / "files", registry(), SystemClock())
    seed = Seed(server, folder)
    agency = PutUnit("xa", "11.1", "UBND xã Mẫu", kind="agency", is_agency=True, valid_from=SINCE)
    seed.commands(
        agency,
        PutPerson("mai", "Lò Thị Mai (mẫu)", "mai"),
        PutPost("q.mai", "mai", "xa", "xa", "Văn thư", ("clerk", "one_stop"), SINCE),
    )
    seed.account("mai", "mai", PASSWORD)
    with serve(server.app()) as running:
        yield running.url
    server.service.store.close()


@pytest.fixture
def profile(province: str, cli: Cli, tmp_path: Path) -> Path:
    """A profile of the clerk after its first exchange."""
    folder = tmp_path / "pc" / "mai"
    made = cli(
        "profile", "new", "--json", "--profile", folder, "--server", province, "--user", "mai",
        "--password-stdin", stdin=f"{PASSWORD}\n",
    )  # fmt: skip
    assert made.rows == [{"profile": str(folder), "user": "mai", "server": province}], made
    first = cli("sync", "--json", "--once", *opening(folder), stdin=f"{PASSWORD}\n")
    assert (first.code, first.rows[0]["state"]) == (0, "ok")
    return folder


def opening(folder: Path) -> tuple[object, ...]:
    """Return the arguments that name a profile and say where its password is."""
    return "--profile", folder, "--password-stdin"
