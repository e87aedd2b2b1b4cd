"""A real desk over real sockets: cuts, kills, lies, a slow line, files, the service."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.forms.compose import DraftDocument, compose
from app.kernel.clock import ServerTime, SystemClock
from app.kernel.errors import Damaged, NotPermitted, Unavailable
from app.store.model import OutboxState
from sync.client.mover import Wanted
from sync.client.schedule import CAP, Backoff
from sync.client.service import SyncService
from sync.client.transport import ACCESS
from sync.protocol.messages import MEDIA_JSON, MEDIA_ZSTD
from tests.doubles.line import Line
from tests.doubles.toy import AddNote, CloseNote, CountUp
from tests.doubles.web import liar
from tests.sync.real import Process, RealDesk
from tests.sync.server_process import PASSWORD

KEY = bytes(range(32))
X = ("agency:x",)
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    made = Process(tmp_path_factory.mktemp("server"))
    yield made
    made.kill()


@pytest.fixture
def desks(tmp_path: Path, server: Process) -> Iterator[tuple[RealDesk, RealDesk]]:
    made = (RealDesk(tmp_path / "an", server.url), RealDesk(tmp_path / "binh", server.url, "binh"))
    for desk in made:
        assert desk.transport.sign_in(desk.person, PASSWORD) == desk.person
    yield made
    for desk in made:
        desk.close()


@pytest.fixture
def line(server: Process) -> Iterator[Line]:
    made = Line(server.port)
    yield made
    made.close()


def names(desk: RealDesk, prefix: str) -> set[str]:
    return {name for name, _ in desk.store.entities("note") if name.startswith(prefix)}


def test_two_desks_come_to_the_same_state(desks: tuple[RealDesk, RealDesk]) -> None:
    an, binh = desks
    an.act(AddNote("two-1", "một", X), CountUp("two-1"))
    assert an.engine.round().caught_up
    binh.engine.round()
    binh.act(CountUp("two-1"), CloseNote("two-1"))
    an.act(CountUp("two-1"))
    assert binh.engine.round().sent == 2
    assert an.engine.round().refused == 1
    assert an.store.get("note", "two-1") == binh.store.get("note", "two-1")
    assert an.store.get("note", "two-1").count == 2
    (item,) = an.replica.items()
    assert (item.state, item.code) == (OutboxState.REFUSED, "toy.closed")


def test_first_pull_survives_cut_after_cut(desks: tuple[RealDesk, RealDesk], line: Line) -> None:
    an, binh = desks
    an.act(*(AddNote(f"cut-{i}", random.Random(i).randbytes(400).hex(), X) for i in range(1500)))
    an.engine.round()
    binh.through(line.url)
    line.cut_after = 200_000
    truths = set()
    for _ in range(20):
        try:
            result = binh.engine.round()
        except Unavailable as error:
            truths.add(error.code)
            # Else a server restored before the first end would not be found out
            assert binh.replica.state().history == an.replica.state().history
            line.cut_after = line.passed + 200_000
        else:
            break
    assert truths == {"sync.offline"}
    assert line.cuts >= 3
    assert result.caught_up
    assert len(names(binh, "cut-")) == 1500


def test_server_killed_between_commit_and_reply_takes_nothing_twice(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    server = Process(folder)
    desk = RealDesk(tmp_path / "an", server.url)
    desk.transport.sign_in("an", PASSWORD)
    desk.act(AddNote("kill", "", X))
    desk.engine.round()
    for _ in range(5):
        desk.act(*(CountUp("kill") for _ in range(40)))
        # The kill falls anywhere into a round that goes on beside it.
        timer = threading.Timer(random.uniform(0.0, 0.08), server.kill)
        timer.start()
        try:
            desk.engine.round()
        except Unavailable:
            desk.replica.items()
        timer.join()
        server.start()
    assert desk.engine.round().caught_up
    assert desk.store.get("note", "kill").count == 200
    assert desk.replica.items() == []
    desk.close()
    server.kill()


HTML = b"<html>Welcome to the hotel</html>"


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        (b"text/html", HTML, "sync.portal"),
        (MEDIA_ZSTD.encode(), HTML, "sync.frame"),
        (MEDIA_ZSTD.encode(), b"", "sync.portal"),
        (MEDIA_JSON.encode(), b'{"error":{"code":"sync.token"}}', "sync.portal"),
    ],
)
def test_lies_are_told_apart_and_change_nothing(
    desks: tuple[RealDesk, RealDesk], kind: bytes, body: bytes, code: str
) -> None:
    an, _ = desks
    an.act(AddNote(f"lie-{code}-{len(body)}", "", X))
    reply = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n%b" % (
        kind,
        len(body),
        body,
    )
    with liar(reply) as url:
        an.through(url)
        with pytest.raises((Unavailable, Damaged)) as told:
            an.engine.round()
    assert told.value.code == code
    assert len(an.replica.items()) == 1
    assert an.keys.get(ACCESS) is not None


def test_foreign_401_signs_nobody_out(desks: tuple[RealDesk, RealDesk]) -> None:
    an, _ = desks
    with liar(b"HTTP/1.1 401 No\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nno") as url:
        an.through(url)
        with pytest.raises(Unavailable, match=r"sync\.portal"):
            an.engine.round()
    assert an.transport.signed_in


def test_stale_access_token_is_refreshed_by_itself(desks: tuple[RealDesk, RealDesk]) -> None:
    an, _ = desks
    an.keys.set(ACCESS, "stale")
    assert an.engine.round().caught_up
    an.keys.held.clear()
    with pytest.raises(NotPermitted, match=r"sync\.token"):
        an.engine.round()


def test_slow_line_is_not_a_silent_one(desks: tuple[RealDesk, RealDesk], line: Line) -> None:
    an, _ = desks
    an.through(line.url)
    line.rate = 200_000
    ref = an.store.vault.put(random.Random(2).randbytes(200_000))
    an.act(AddNote("slow", "", X, files=(ref.sha256,)))
    assert an.engine.round().caught_up
    an.files.upload(ref.sha256)
    assert an.replica.items() == []
    assert an.store.vault.to_upload() == []


def test_file_survives_ten_cuts(desks: tuple[RealDesk, RealDesk], line: Line) -> None:
    an, binh = desks
    data = random.Random(1).randbytes(6 << 20)
    ref = an.store.vault.put(data)
    an.through(line.url)
    done = False
    line.cut_after = 600_000
    while not done:
        try:
            an.files.upload(ref.sha256)
            done = True
        except Unavailable:
            line.cut_after = line.passed + 600_000 if line.cuts < 10 else 0
    assert line.cuts == 10
    # What was sent twice: at most a leaf per cut, and the announcement of each try.
    assert line.passed <= len(data) + line.cuts * (256 * 1024 + 8_000)
    assert an.store.vault.to_upload() == []
    with pytest.raises(NotPermitted, match=r"sync\.file_unknown"):
        binh.files.download(ref.sha256)
    an.act(AddNote(f"file-{ref.sha256[:8]}", "", X, files=(ref.sha256,)))
    an.engine.round()
    binh.through(line.url)
    line.cuts, line.cut_after = 0, line.passed + 900_000
    while not binh.store.vault.has(ref.sha256):
        try:
            binh.files.download(ref.sha256)
        except Unavailable:
            line.cut_after = line.passed + 900_000
    assert line.cuts >= 3
    with binh.store.vault.open(ref.sha256) as copy:
        assert copy.read() == data


def test_service_tells_the_truth_and_moves_files(desks: tuple[RealDesk, RealDesk]) -> None:
    an, binh = desks
    ref = an.store.vault.put(b"mau" * 1000)
    an.act(AddNote("service", "", X, files=(ref.sha256,)))
    told: list[str] = []
    service = SyncService(an.store, an.transport, an.clock)
    service.subscribe(lambda status: told.append(status.state))
    service.step()
    status = service.status
    assert (status.state, status.waiting, status.busy) == ("ok", 0, False)
    assert status.last_sync is not None
    other = SyncService(binh.store, binh.transport, binh.clock, wanted=lambda: [Wanted(ref.sha256)])
    other.step()
    assert binh.store.vault.has(ref.sha256)
    an.through("http://127.0.0.1:1")
    down = SyncService(an.store, an.transport, an.clock, chance=random.Random(1))
    assert down.status.last_sync == status.last_sync, "it is known after a new start too"
    delay = down.step()
    assert (down.status.state, down.status.code) == ("server_down", "sync.server_down")
    assert down.status.retry_at is not None
    assert 0 <= delay <= CAP
    assert told[-1] == "ok"


def test_lost_tokens_are_replaced_once_with_what_was_typed_at_the_login(
    desks: tuple[RealDesk, RealDesk],
) -> None:
    an, _ = desks
    an.keys.held.clear()
    service = SyncService(an.store, an.transport, an.clock)
    service.step()
    assert (service.status.state, service.status.code) == ("sign_in", "sync.token")
    service.offer("an", "sai")
    service.step()
    assert (service.status.state, service.status.code) == ("sign_in", "sync.sign_in")
    service.offer("an", PASSWORD)
    service.step()
    assert service.status.state == "ok"
    an.keys.held.clear()
    service.step()
    assert service.status.code == "sync.token"


class Yesterday(SystemClock):
    def now(self) -> datetime:
        return super().now() - timedelta(days=1)


def test_every_reply_tells_how_far_the_clock_is_off(desks: tuple[RealDesk, RealDesk]) -> None:
    an, _ = desks
    an.store.server_time = ServerTime(Yesterday())
    service = SyncService(an.store, an.transport, an.clock)
    service.step()
    assert abs(an.store.server_time.ahead - timedelta(days=1)) < timedelta(minutes=1)
    for nonsense in ("hôm qua", "2026-01-01T00:00:00"):
        service._hear_time(nonsense)
    assert abs(an.store.server_time.ahead - timedelta(days=1)) < timedelta(minutes=1)


def test_started_service_is_woken_by_the_other_desk(desks: tuple[RealDesk, RealDesk]) -> None:
    an, binh = desks
    service = SyncService(an.store, an.transport, an.clock)
    came = threading.Event()
    an.store.changes.subscribe(
        lambda changes: came.set() if changes.touches("note", "woken") else None
    )
    service.start()
    try:
        binh.engine.round()
        binh.act(AddNote("woken", "", X))
        binh.engine.round()
        assert came.wait(20)
    finally:
        service.stop(0.1)


def test_backoff_is_jittered_capped_and_heeds_the_server() -> None:
    backoff = Backoff(SystemClock(), random.Random(7))
    delays = [backoff.failed() for _ in range(40)]
    assert max(delays) <= CAP
    assert len({round(d, 3) for d in delays}) > 30
    asked = backoff.failed(backoff.at(10_000))
    assert 250 <= asked <= CAP
    backoff.succeeded()
    assert backoff.failed() <= 4.0


def test_file_that_the_server_refuses_holds_no_other_up(desks: tuple[RealDesk, RealDesk]) -> None:
    an, _ = desks
    letter = DraftDocument(
        agency="UBND xã",
        paragraphs=("MẬT",),
        subject="Mẫu",
        notation="UBND",
        signer_title="Chủ tịch",
        signer_name="Mẫu",
    )
    marked = an.store.vault.put(compose(letter))
    plain = an.store.vault.put(b"mau" * 1000)
    an.act(AddNote("held-up", "", X, files=(plain.sha256,)))
    service = SyncService(an.store, an.transport, an.clock)
    service.step()
    assert service.status.state == "ok"
    assert an.store.vault.to_upload() == [marked.sha256], "it stays here, and is not sent"
    service.step()
    assert service.status.state == "ok"
