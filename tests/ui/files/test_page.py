"""The page of files says what lies here, what waits and why; its acts free room and unpin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from app.store import holdings
from tests.ui.conftest import wait_until
from tests.ui.outbox.test_network import Line
from tests.ui.outbox.test_outbox import Files
from tests.ui.sessions import session_of
from ui.bridge.session import Session
from ui.files import model_files
from ui.files.page_files import FilesPage

Shown = Callable[..., QWidget]
SIZE = 700_000


@pytest.fixture
def session(tmp_path: Path, qapp: object) -> Iterator[Session]:
    with session_of(tmp_path, "mai") as made:
        yield made


def page_of(session: Session, shown: Shown) -> FilesPage:
    page = FilesPage(session)
    shown(page, 1150, 650)
    page.activate()
    wait_until(lambda: page.seen is not None)
    return page


def test_room_is_told_and_freed(session: Session, shown: Shown) -> None:
    vault = session.desk.store.vault
    gone, stays = (vault.put(bytes([n]) * SIZE).sha256 for n in range(2))
    vault.mark_on_server(gone)
    page = page_of(session, shown)
    assert page.used.text() == "Đang dùng 1,3 MB trong 4,0 GB cho phép, 2 tệp"
    assert "Chờ gửi 0,7 MB · Có thể giải phóng 0,7 MB" in page.parts.text()
    page.free.trigger()
    wait_until(lambda: "Đã giải phóng 0,7 MB" in page.result.text)
    assert (vault.has(gone), vault.has(stays)) == (False, True)
    wait_until(lambda: not page.free.enabled)


def test_what_waits_is_told_with_its_reason(session: Session, shown: Shown) -> None:
    line = Line(session.desk.clock.now())
    line.status.files = Files(1, 3, {"hours": 2, "disk_full": 1}, metered=True)
    session.desk.sync = line
    page = page_of(session, shown)
    assert page.moving.text().splitlines() == [
        "Cần gửi 1 tệp, cần tải 3 tệp",
        "Mạng đang dùng tính tiền theo dung lượng: chỉ chuyển tệp nhỏ và tệp bạn mở.",
        "1 tệp chờ: ổ đĩa đã đầy. Hãy xóa bớt dữ liệu khác trên máy.",
        "2 tệp lớn chờ đến giờ cho phép",
    ]


def test_a_record_is_kept_offline_until_it_is_let_go(session: Session) -> None:
    desk = session.desk
    desk.keep_offline("document", "d1", keep=True)
    assert desk.is_kept_offline("document", "d1")
    with desk.store.reader() as connection:
        assert [k.entity for k in holdings.kept(connection)] == ["d1"]
    desk.keep_offline("document", "d1", keep=False)
    assert not desk.is_kept_offline("document", "d1")


def test_sizes_are_told_as_people_read_them() -> None:
    assert [model_files.amount(n) for n in (0, 1 << 20, 3 << 29)] == ["0 MB", "1,0 MB", "1,5 GB"]
