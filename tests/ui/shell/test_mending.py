"""What the login does about a damaged database and a lost password."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from app.entry.mending import keep_self
from app.parties.commands import PutParty
from app.parties.model import PartyKind
from app.store import recovery
from app.store.keys import new_key
from app.store.profile import Profile
from app.store.replica import Replica
from tests.ui.conftest import wait_until
from tests.ui.stage import PASSWORD, Opening, Stage
from tests.ui.typing import letters, press

Start = Callable[[], Opening]


def test_a_damaged_database_is_told_and_repaired_with_one_key(stage: Stage, opening: Start) -> None:
    held = stage.open(stage.folder / "mai", PASSWORD)
    held.run(held.actor(), PutParty("p1", PartyKind.ORGANISATION, "Hợp tác xã mẫu"))
    keep_self(held)
    held.close()
    database = stage.folder / "mai" / "desk.db"
    broken = bytearray(database.read_bytes())
    # The end of the first page: the rest can still not be read, the journal can.
    broken[4000] ^= 0xFF
    database.write_bytes(broken)
    desk = opening()
    pane = desk.made.rescue.mending
    letters(desk.made.login.password, PASSWORD)
    press(desk.made.login.password, Qt.Key.Key_Return)
    wait_until(lambda: desk.made.frame.currentWidget() is pane)
    assert "việc chưa gửi" in pane._claim.text().lower()
    (stage.folder / "mai" / "desk.db.mending").mkdir()
    press(pane.go, Qt.Key.Key_Space)
    wait_until(lambda: "đĩa" in pane.message.text)
    assert database.read_bytes() == bytes(broken)
    (stage.folder / "mai" / "desk.db.mending").rmdir()
    press(pane.go, Qt.Key.Key_Space)
    wait_until(lambda: "Đã sửa xong" in pane._title.text())
    (aside,) = database.parent.glob("desk.db.damaged-*")
    assert aside.read_bytes() == bytes(broken)
    assert aside.name in pane._claim.text()
    press(pane.go, Qt.Key.Key_Space)
    wait_until(lambda: desk.made.window is not None)
    assert desk.window.session.desk.store.get("party", "p1").name == "Hợp tác xã mẫu"
    assert [item.name for item in Replica(desk.window.session.desk.store).items()] == ["party.put"]


def test_a_lost_password_is_replaced_with_the_answer_of_two_persons(
    stage: Stage, opening: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = Profile.load(stage.folder / "mai", stage.clock)
    private = new_key()
    asked, answer = tmp_path / "asked.json", tmp_path / "answer.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(asked), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(answer), ""))
    desk = opening()
    pane, login = desk.made.rescue.recovering, desk.made.login
    press(login._forgot, Qt.Key.Key_Space)
    wait_until(lambda: desk.made.frame.currentWidget() is pane)
    press(pane.ask_button, Qt.Key.Key_Space)
    assert "nhập đủ" in pane.message.text
    letters(pane.password, "mật khẩu mới")
    letters(pane.again, "mật khẩu khác")
    press(pane.ask_button, Qt.Key.Key_Space)
    assert "không giống" in pane.message.text
    pane.again.clear()
    letters(pane.again, "mật khẩu mới")
    press(pane.ask_button, Qt.Key.Key_Space)
    wait_until(lambda: "chưa nhận khóa khôi phục" in pane.message.text)
    profile.keep_recovery(profile.unlock(PASSWORD), recovery.public_of(private))
    press(pane.ask_button, Qt.Key.Key_Space)
    wait_until(lambda: bool(pane.code.text()))
    request = recovery.read_request(asked.read_bytes())
    assert pane.code.text() == recovery.code_of(request)
    answer.write_bytes(b"{}")
    press(pane.answer_button, Qt.Key.Key_Space)
    wait_until(lambda: "không phải là tệp khôi phục" in pane.message.text)
    answer.write_bytes(recovery.write(recovery.answer(request, private)))
    press(pane.answer_button, Qt.Key.Key_Space)
    wait_until(lambda: desk.made.window is not None)
    assert pane.password.text() == pane.again.text() == ""
    Profile.load(stage.folder / "mai", stage.clock).unlock("mật khẩu mới")
