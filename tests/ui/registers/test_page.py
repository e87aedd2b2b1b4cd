"""Books and their numbers: hold a book on this machine, give it back, fence a lost one off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.kernel.codec import to_json
from app.registers.model import EntryState, Lease, Register, RegisterEntry, RegisterMode
from app.store.model import Page as Pull
from app.store.model import Row
from app.store.replica import Replica
from tests.ui.conftest import wait_until
from tests.ui.sessions import session_of
from tests.ui.typing import letters
from tests.ui.walk import walk
from ui.bridge.session import Session
from ui.registers.page_registers import FenceDialog, RegistersPage

Shown = Callable[..., QWidget]
ADMIN = Actor("thu", "q.thu", "11@-/UBND", "11@-/UBND", frozenset({"administrator"}), "Lê Văn Thử")


@pytest.fixture
def session(tmp_path: Path, qapp: object) -> Iterator[Session]:
    with session_of(tmp_path, "mai") as made:
        yield made


def come(session: Session, name: str, mode: RegisterMode, lease: Lease | None = None) -> str:
    """Let a book with two numbers come from the server; return its id."""
    now = session.desk.clock.now()
    year = local_date(now).year
    book = Register(
        f"xa:{year}:{name}", "xa", year, name, f"Sổ {name}", mode, next=3, lease=lease, epoch=1
    )
    given = RegisterEntry(f"{book.id}:1", book.id, 1, "document", "d1", EntryState.GIVEN, "", now)
    void = RegisterEntry(f"{book.id}:2", book.id, 2, "", "", EntryState.VOIDED, "ghi nhầm", now)
    values = (("register", book), ("register_entry", given), ("register_entry", void))
    replica = Replica(session.desk.store)
    cursor = replica.state().cursor
    rows = tuple(
        Row(kind, value.id, cursor + place, ("agency:xa",), to_json(value))
        for place, (kind, value) in enumerate(values, 1)
    )
    replica.apply(Pull(rows=rows, cursor=cursor + len(rows)))
    return book.id


def page_of(session: Session, shown: Shown) -> RegistersPage:
    page = RegistersPage(session)
    shown(page, 1150, 650)
    page.activate()
    return page


def offers(page: RegistersPage) -> tuple[bool, bool, bool]:
    """Tell whether holding, giving back and fencing are offered."""
    return page.hold.isVisible(), page.give.isVisible(), page.fence.isVisible()


def cells(page: RegistersPage, row: int) -> list[str]:
    return [str(page.numbers.index(row, column).data() or "") for column in (0, 1, 3)]


def sent(session: Session) -> list[str]:
    return [item.name for item in Replica(session.desk.store).items()]


def test_without_a_book_the_page_says_so(session: Session, shown: Shown) -> None:
    page = page_of(session, shown)
    assert page.stack.state == "empty"


def test_a_book_shows_its_numbers_with_what_became_of_them(session: Session, shown: Shown) -> None:
    come(session, "incoming", RegisterMode.LEASED)
    page = page_of(session, shown)
    assert page.title.text() == "Sổ incoming"
    assert page.numbers.total == 2
    assert cells(page, 0) == ["01", "đã cấp", ""]
    assert cells(page, 1) == ["02", "đã hủy", "ghi nhầm"]
    card = page._card(page.list.current_row())
    assert (card.number, card.badges) == ("Số tiếp theo 3", (("chưa máy nào giữ", "info"),))


@pytest.mark.parametrize(
    ("mode", "holder", "wanted"),
    [
        (RegisterMode.LEASED, None, (True, False, False)),
        (RegisterMode.LEASED, "here", (False, True, False)),
        (RegisterMode.LEASED, "elsewhere", (False, False, False)),
        (RegisterMode.SERVER, None, (False, False, False)),
    ],
)
def test_a_clerk_is_offered_what_he_may_do(
    session: Session,
    shown: Shown,
    mode: RegisterMode,
    holder: str | None,
    wanted: tuple[bool, bool, bool],
) -> None:
    device = session.desk.store.device if holder == "here" else "another"
    come(session, "incoming", mode, Lease(device, "mau", 1) if holder else None)
    page = page_of(session, shown)
    assert offers(page) == wanted
    said = page._card(page.list.current_row()).badges[0][0]
    assert ("Quàng Văn Mẫu" in said) == (holder == "elsewhere")


def test_holding_and_giving_back_are_asked_of_the_server(session: Session, shown: Shown) -> None:
    come(session, "incoming", RegisterMode.LEASED)
    page = page_of(session, shown)
    page.hold.click()
    assert sent(session) == ["register.lease"]
    come(session, "outgoing", RegisterMode.LEASED, Lease(session.desk.store.device, "mai", 1))
    wait_until(lambda: page.books.total == 2)
    page.list.select(1)
    wait_until(page.give.isVisible)
    page.give.click()
    assert sent(session) == ["register.lease", "register.return_lease"]


def test_an_administrator_fences_a_lost_machine_with_a_reason(
    session: Session, shown: Shown
) -> None:
    book = come(session, "incoming", RegisterMode.LEASED, Lease("lost", "mau", 1))
    session.take_post(ADMIN)
    page = page_of(session, shown)
    assert offers(page) == (False, False, True)
    page.fence.click()
    dialog = page.findChild(FenceDialog)
    dialog._go()
    assert dialog.field.error
    assert session.desk.store.get("register", book).lease is not None
    letters(dialog.reason, "Máy bị mất")
    dialog._go()
    assert sent(session) == ["register.fence"]
    assert session.desk.store.get("register", book).lease is None


def test_the_page_is_whole_in_every_look(session: Session, shown: Shown) -> None:
    come(session, "incoming", RegisterMode.LEASED)
    come(session, "outgoing", RegisterMode.LEASED, Lease(session.desk.store.device, "mai", 1))
    page = page_of(session, shown)
    assert walk(page, (1150, 650)) == []
