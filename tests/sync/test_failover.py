"""The primary dies in the middle of work: nothing that was acknowledged is lost."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from app.kernel.errors import Unavailable
from tests.doubles.replication import NAME, Pair, pair, until
from tests.sync.failover import Scene

DESKS = 4
CANCEL = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


@pytest.fixture
def machines() -> Iterator[Pair]:
    with pair() as made:
        yield made


@pytest.fixture
def scene(machines: Pair, tmp_path: Path) -> Iterator[Scene]:
    made = Scene.begin(tmp_path, machines, DESKS)
    yield made
    made.close()


def ready(scene: Scene) -> list[tuple[int, str]]:
    answers = [requests.get(f"{p.url}/ready", timeout=20) for p in scene.processes]
    return [(a.status_code, a.json()["status"]) for a in answers]


def figures(scene: Scene) -> str:
    return requests.get(f"{scene.processes[0].url}/metrics", timeout=20).text


def forget_lines(scene: Scene) -> None:
    """End every connection of the server processes, as a line that fails would."""
    scene.primary.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE datname = '{NAME}' AND pid <> pg_backend_pid()"
    )


def test_no_acknowledged_command_is_lost_with_the_primary(scene: Scene) -> None:
    told = scene.die_at_work(1.0)
    assert len(told) > DESKS
    scene.promote(told)
    assert scene.lost == set()

    # The new primary has no standby of its own: no process was restarted, none takes a command.
    until(lambda: ready(scene) == [(503, "standby")] * 2, "the processes see the new primary")
    assert "hoaban_standby_missing 1" in figures(scene)
    first = scene.workers[0]
    first.act()
    with pytest.raises(Unavailable) as refused:
        first.desk.engine.round(flush=True)
    assert refused.value.code == "sync.standby" and refused.value.retry_at is not None

    # The administrator chooses to go on with one machine, then brings the other back.
    scene.primary.wait_for("")
    until(lambda: ready(scene) == [(200, "ok")] * 2, "the administrator's word is heard")
    scene.traffic(0.5)
    scene.rejoin()
    until(lambda: ready(scene) == [(200, "ok")] * 2, "all is well")
    scene.traffic(0.5)
    assert 'hoaban_standby_counts{name="a"} 1' in figures(scene)
    scene.settle()
    scene.judge()


def test_an_old_primary_that_comes_back_is_written_to_by_nobody(scene: Scene) -> None:
    scene.promote(scene.die_at_work(0.5))
    scene.primary.wait_for("")
    scene.traffic(0.2)
    old = scene.standby
    # It would take every write: it waits for nobody, and stands first in the URL.
    old.configure("synchronous_standby_names = ''")
    (old.data / "postgresql.auto.conf").write_text("", encoding="utf-8")
    old.start()
    before = old.sql("SELECT count(*), max(ver) FROM receipt, entity", NAME)
    forget_lines(scene)
    scene.traffic(0.5)
    # A process that has seen nothing of the promotion asks both machines.
    scene.processes[0].kill()
    scene.processes[0].start()
    scene.traffic(0.5)
    assert old.sql("SELECT count(*), max(ver) FROM receipt, entity", NAME) == before
    scene.settle()
    scene.judge()


def test_a_commit_whose_standby_falls_silent_is_acknowledged_to_nobody(scene: Scene) -> None:
    silent = scene.standby.walreceiver()
    os.kill(silent, signal.SIGSTOP)
    first = scene.workers[0]
    told = first.acked()
    first.act()
    with pytest.raises(Unavailable) as refused:
        first.desk.engine.round(flush=True)
    assert refused.value.code == "sync.standby"
    # Nobody sees what the standby lacks.
    assert scene.primary.sql("SELECT 1 FROM entity WHERE id = 'd0-1'", NAME) == []
    # Nor does a wait that somebody cancels count: it is committed here, and only here.
    second = scene.workers[1]
    second.act()
    cuts, told = second.cuts, second.acked()
    sending = threading.Thread(target=second.send)
    sending.start()
    until(lambda: (True,) in scene.primary.sql(CANCEL), "a commit waits")
    sending.join()
    assert (second.cuts, second.acked()) == (cuts + 1, told)
    os.kill(silent, signal.SIGCONT)
    scene.settle()
    assert second.acked() > told
    scene.judge()


def test_without_a_synchronous_standby_the_same_death_loses_what_was_acknowledged(
    scene: Scene,
) -> None:
    scene.primary.wait_for("")
    scene.standby.sql("ALTER SYSTEM SET primary_conninfo = ''")
    scene.standby.sql("SELECT pg_reload_conf()")
    scene.promote(scene.die_at_work(0.5))
    assert scene.lost
