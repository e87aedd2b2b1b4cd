"""Blocks on the page of books: taken, given back, void, and chosen by the administrator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from app.kernel.clock import local_date
from app.kernel.codec import to_json
from app.registers.model import Block, Register, RegisterMode
from app.store.model import Page as Pull
from app.store.model import Row
from app.store.replica import Replica
from tests.ui.registers.test_page import ADMIN, come, page_of, sent
from tests.ui.sessions import session_of
from tests.ui.typing import letters
from tests.ui.walk import walk
from ui.bridge.session import Session
from ui.registers.dialog_blocks import ModeDialog, RestDialog, TakeDialog, VoidDialog
from ui.registers.page_registers import RegistersPage

Shown = Callable[..., QWidget]


@pytest.fixture
def session(tmp_path: Path, qapp: object) -> Iterator[Session]:
    with session_of(tmp_path, "mai") as made:
        yield made


def today(session: Session) -> date:
    return local_date(session.desk.clock.now())


def blocks(session: Session, device: str = "", until: date | None = None, years: int = 0) -> str:
    """Let a book of blocks come from the server, with the block of a device; return its id."""
    year = today(session).year - years
    block = Block(device, "mau", 1, (1, 2, 3), (2, 3), until or today(session))
    book = Register(
        f"xa:{year}:incoming", "xa", year, "incoming", "Sổ đến", RegisterMode.BLOCK, next=4,
        epoch=1, blocks=(block,) if device else (), basis="Quy chế",
    )  # fmt: skip
    replica = Replica(session.desk.store)
    cursor = replica.state().cursor + 1
    row = Row("register", book.id, cursor, ("agency:xa",), to_json(book))
    replica.apply(Pull(rows=(row,), cursor=cursor))
    return book.id


def offers(page: RegistersPage) -> list[str]:
    """Tell which acts are offered."""
    names = ("hold", "give", "fence", "take", "rest", "void", "mode")
    return [name for name in names if getattr(page, name).isVisible()]


def badge(page: RegistersPage) -> tuple[str, str]:
    return page._card(page.list.current_row()).badges[0]


def test_a_block_is_asked_for_with_its_size_and_last_day(session: Session, shown: Shown) -> None:
    blocks(session)
    page = page_of(session, shown)
    assert (offers(page), badge(page)) == (["take"], ("cấp số theo khối", "neutral"))
    page.take.click()
    dialog = page.findChild(TakeDialog)
    dialog.size_field.setText("")
    dialog.go.click()
    assert sent(session) == []
    letters(dialog.size_field, "500")
    dialog.go.click()
    assert sent(session) == []
    dialog.size_field.setText("15")
    dialog.go.click()
    (asked,) = Replica(session.desk.store).items()
    assert (asked.name, asked.args["size"]) == ("register.reserve_block", 15)


def test_the_rest_of_a_block_is_returned_with_a_reason(session: Session, shown: Shown) -> None:
    book = blocks(session, session.desk.store.device)
    page = page_of(session, shown)
    assert offers(page) == ["rest"]
    assert badge(page) == (f"máy này còn 2 số, dùng đến {today(session):%d/%m/%Y}", "ok")
    page.rest.click()
    dialog = page.findChild(RestDialog)
    dialog.go.click()
    assert sent(session) == []
    letters(dialog.reason, "Xong việc")
    dialog.go.click()
    assert sent(session) == ["register.return_block"]
    assert session.desk.store.get("register", book).blocks == ()


@pytest.mark.parametrize("years", [0, 1])
def test_an_expired_block_is_shown_until_it_is_returned(
    session: Session, shown: Shown, years: int
) -> None:
    blocks(session, session.desk.store.device, today(session) - timedelta(days=1), years)
    page = page_of(session, shown)
    assert (offers(page), badge(page)) == (["rest"], ("khối hết hạn, còn 2 số phải trả", "bad"))


def test_an_administrator_voids_the_block_of_a_lost_machine(session: Session, shown: Shown) -> None:
    book = blocks(session, "lost")
    session.take_post(ADMIN)
    page = page_of(session, shown)
    assert offers(page) == ["void", "mode"]
    page.void.click()
    dialog = page.findChild(VoidDialog)
    assert dialog.device.currentText().startswith("Quàng Văn Mẫu: còn 2 số")
    letters(dialog.reason, "Mất máy")
    dialog.go.click()
    assert sent(session) == ["register.void_block"]
    assert session.desk.store.get("register", book).blocks == ()


def test_an_administrator_chooses_blocks_and_names_the_rule(session: Session, shown: Shown) -> None:
    book = come(session, "incoming", RegisterMode.SERVER)
    session.take_post(ADMIN)
    page = page_of(session, shown)
    page.mode.click()
    dialog = page.findChild(ModeDialog)
    assert not dialog.basis_field.isVisible()
    dialog.mode.set_value("block")
    dialog.mode.changed.emit("block")
    assert dialog.basis_field.isVisible()
    dialog.go.click()
    assert sent(session) == []
    letters(dialog.basis, "Quy che van thu")
    dialog.go.click()
    assert session.desk.store.get("register", book).mode is RegisterMode.BLOCK


def test_the_page_of_blocks_is_whole_in_every_look(session: Session, shown: Shown) -> None:
    blocks(session, session.desk.store.device)
    page = page_of(session, shown)
    assert walk(page, (1150, 650)) == []
