"""Two server processes on one PostgreSQL: what one commits wakes those who wait at the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from sync.server.store import CHANNEL
from tests.doubles.postgres import Cluster
from tests.doubles.toy import AddNote
from tests.sync.real import Process, RealDesk
from tests.sync.server_process import PASSWORD

X = ("agency:x",)
# Nobody finds anything by polling here.
NEVER = 3600.0


@pytest.fixture
def pair(postgres: Cluster, tmp_path: Path) -> Iterator[tuple[Process, Process, str]]:
    url, made = postgres.database(), []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        made.append(Process(tmp_path / name, url, NEVER))
    yield made[0], made[1], url
    for process in made:
        process.kill()


def cut_off(url: str) -> int:
    """End every connection that listens, as a failing line or a restart would; answer how many."""
    engine = create_engine(url)
    with engine.connect() as connection:
        query = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = :said")
        ended = connection.scalars(query, {"said": f"LISTEN {CHANNEL}"}).all()
    engine.dispose()
    return len(ended)


def test_a_commit_at_one_process_wakes_who_waits_at_the_other(
    pair: tuple[Process, Process, str], tmp_path: Path
) -> None:
    one, two, url = pair
    waits = RealDesk(tmp_path / "an", one.url)
    acts = RealDesk(tmp_path / "binh", two.url, "binh")
    for desk in (waits, acts):
        desk.transport.sign_in(desk.person, PASSWORD)
        desk.engine.round()
    for turn in range(4):
        state = waits.replica.state()
        heard: list[bool] = []
        waiting = threading.Thread(
            target=lambda s=state, h=heard: h.append(  # type: ignore[misc]
                waits.transport.news(s.cursor, s.buckets, 25)
            )
        )
        waiting.start()
        waiting.join(0.5)
        assert heard == []
        if turn == 2:
            assert cut_off(url) == 2
        acts.act(AddNote(f"n{turn}", "", X))
        acts.engine.round(flush=True)
        waiting.join(40)
        assert heard == [True]
        waits.engine.round()
        assert waits.store.get("note", f"n{turn}") is not None
    for desk in (waits, acts):
        desk.close()
