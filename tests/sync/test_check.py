"""The check of a server's database finds each thing that can go wrong, and the commands run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from app.kernel.clock import FixedClock
from sync.server.__main__ import main
from sync.server.check import check
from sync.server.files import Files
from sync.server.service import Service
from tests.doubles.toy import AddNote, CountUp, registry
from tests.sync.desk import Desk

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        ("UPDATE log SET gone = TRUE WHERE kind = 'note'", "log"),
        ("DELETE FROM log WHERE kind = 'event'", "log"),
        ("DELETE FROM event WHERE ver = 2", "timeline"),
        ("UPDATE entity SET ver = 7 WHERE kind = 'note'", "timeline"),
        ("UPDATE file SET size = 1", "file"),
        ("DELETE FROM receipt WHERE n = 2", "receipt"),
        ("INSERT INTO file_ref VALUES ('ab', 'note', 'none')", "orphan"),
        ("UPDATE log SET seq = 999999 WHERE kind = 'note'", "number"),
    ],
)
def test_every_damage_is_found(
    service: Service, desk: Callable[..., Desk], tmp_path: Path, damage: str, finding: str
) -> None:
    files = Files(tmp_path / "files", service.store)
    files.put(b"mau")
    desk().sync(AddNote("n1", "", ("agency:x",)), CountUp("n1"))
    assert check(service.store, registry(), files) == []
    with service.store.write() as connection:
        connection.execute(text(damage))
    assert finding in {f.check for f in check(service.store, registry(), files)}


def arguments(folder: Path) -> list[str]:
    return ["--database", f"sqlite:///{folder / 's.db'}", "--files", str(folder / "f")]


def test_commands_of_the_administrator(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *arguments(tmp_path)]) == 0
    assert main(["restored", *arguments(tmp_path)]) == 0
    first = capsys.readouterr().out.splitlines()
    assert main(["restored", *arguments(tmp_path)]) == 0
    assert first[0] == '{"findings": 0}'
    assert capsys.readouterr().out not in first[1]


def test_no_address_off_loopback_without_tls(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", *arguments(tmp_path), "--port", "0", "--host", "192.0.2.1"])
    assert ended.value.code == 2
    assert "--tls-cert" in capsys.readouterr().err
    assert not (tmp_path / "s.db").exists()


def test_serve_ends_cleanly_on_a_signal(tmp_path: Path, clock: FixedClock) -> None:
    server = subprocess.Popen(
        [sys.executable, "-m", "sync.server", "serve", *arguments(tmp_path), "--port", "0"],
        cwd=ROOT,
    )
    while not (tmp_path / "s.db").exists():
        assert server.poll() is None
    server.terminate()
    assert server.wait(30) in (0, -15)
