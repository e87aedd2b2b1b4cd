"""A server with snapshots, somebody who writes, and desks that come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sync.server import snapshots
from tests.doubles.toy import AddNote, CountUp
from tests.sync.desk import Desk
from tests.sync.real import RealDesk
from tests.sync.served import PASSWORD, base, made
from tests.sync.snapshots.helps import COUNT, X

__all__ = ["base", "made"]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "_PARTS", (4 << 10, 16 << 10))
    monkeypatch.setattr(snapshots, "_BLOCKS", (40, 150))


@pytest.fixture
def author(desk: Callable[..., Desk]) -> Desk:
    """Somebody whose notes there are enough of, and two that will not stay."""
    writer = desk("binh")
    writer.sync(*(AddNote(f"n{i:04}", f"chữ {i}", X, (f"{i:064x}",)) for i in range(COUNT)))
    writer.sync(*(CountUp(f"n{i:04}") for i in range(0, COUNT, 7)))
    return writer


@pytest.fixture
def opened(tmp_path: Path, base: str) -> Iterator[Callable[..., RealDesk]]:
    made: list[RealDesk] = []

    def open_desk(person: str = "an") -> RealDesk:
        made.append(RealDesk(tmp_path / f"desk-{len(made)}", base, person))
        made[-1].transport.sign_in(person, PASSWORD)
        return made[-1]

    yield open_desk
    for one in made:
        one.close()
