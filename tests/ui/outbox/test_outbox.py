"""The outbox: what waits can be taken back, what was refused has a reason and ways out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from app.documents.commands import AddNote, MarkRead, Receive
from app.documents.model import Channel, Particulars, reading_id
from app.features import registry
from app.kernel.codec import to_json
from app.kernel.event import Event
from app.kernel.ids import new_id
from app.kernel.texts import Texts
from app.parties.commands import PutParty
from app.parties.model import PartyKind
from app.store.model import Page, Row
from app.store.replica import Replica
from tests.ui.sessions import session_of
from tests.ui.walk import walk
from ui.bridge.session import Session
from ui.outbox.model_outbox import outbox_rows
from ui.outbox.page_outbox import OutboxPage

Shown = Callable[..., QWidget]


@dataclass
class Files:
    to_send: int = 0
    to_fetch: int = 0
    waiting: dict[str, int] = field(default_factory=dict)
    metered: bool = False


@dataclass
class Status:
    state: str
    since: datetime | None
    last_sync: datetime | None
    retry_at: datetime | None = None
    files: Files = field(default_factory=Files)


class Sync:
    """A line in a given state."""

    def __init__(self, status: Status) -> None:
        self.status = status
        self.poked = 0

    def poke(self) -> None:
        self.poked += 1


@pytest.fixture
def session(tmp_path: Path, qapp: object) -> Iterator[Session]:
    with session_of(tmp_path, "mai") as made:
        yield made


def put_party(session: Session, name: str) -> None:
    session.act(PutParty(f"party-{name}", PartyKind.ORGANISATION, name))


def page_of(session: Session, shown: Shown) -> OutboxPage:
    page = OutboxPage(session)
    page._timer.setInterval(10_000)
    shown(page, 1150, 650)
    page.activate()
    return page


def states(page: OutboxPage) -> list[str]:
    rows = page.rows
    return [str(rows.index(r, 1).data()) for r in range(rows.total)]


def test_every_command_has_a_name_for_people() -> None:
    for language in ("vi", "en"):
        texts = Texts(language)
        assert not [n for n in registry().handlers if not texts.has(f"outbox.command.{n}")]


def test_a_held_act_counts_down_and_can_be_undone(session: Session, shown: Shown) -> None:
    put_party(session, "Bưu điện huyện mẫu")
    page = page_of(session, shown)
    assert states(page) == ["Gửi sau 30 giây"]
    session.desk.clock.advance(timedelta(seconds=12))  # type: ignore[attr-defined]
    assert states(page) == ["Gửi sau 18 giây"]
    session.desk.clock.advance(timedelta(seconds=20))  # type: ignore[attr-defined]
    assert states(page) == ["Chờ gửi"]
    assert str(page.rows.index(0, 3).data()) == "Bưu điện huyện mẫu"
    page.card.undo.click()
    assert page.rows.total == 0
    assert page.stack.state == "empty"
    assert session.desk.store.entities("party") == []


def test_acts_on_a_document_say_which_one(session: Session) -> None:
    document, subject = new_id(session.desk.clock.now()), "Về việc mẫu"
    agency = session.actor.agency
    session.act(Receive(document, agency, Particulars(subject=subject), Channel.PAPER))
    session.act(MarkRead(reading_id(document, session.actor.person), document))
    assert [row.title for row in outbox_rows(session.desk)] == [subject, subject]


def test_an_act_on_its_way_cannot_be_undone(session: Session, shown: Shown) -> None:
    put_party(session, "Bưu điện mẫu")
    Replica(session.desk.store).outgoing(flush=True)
    page = page_of(session, shown)
    assert states(page) == ["Đã gửi, chờ trả lời"]
    assert not page.card.undo.isVisible()


@pytest.fixture
def refused(session: Session, shown: Shown) -> OutboxPage:
    put_party(session, "Bưu điện mẫu")
    put_party(session, "Hợp tác xã mẫu")
    replica = Replica(session.desk.store)
    replica.reject(replica.items()[1].command, "permission", permission="party.put")
    return page_of(session, shown)


def test_a_refused_act_comes_first_with_its_reason(refused: OutboxPage) -> None:
    assert states(refused)[0] == "Bị từ chối"
    assert refused._counts.text() == "1 chờ gửi · 1 bị từ chối"
    row = refused.table.current_row()
    assert row.refused
    assert refused.card.reason.text == refused.words.reason(row)
    assert len(refused.card.reason.text) > 20
    assert (refused.card.again.isVisible(), refused.card.dismiss.isVisible()) == (True, True)


def test_a_refused_act_can_be_forgotten(refused: OutboxPage) -> None:
    refused.card.dismiss.click()
    assert states(refused) == ["Gửi sau 30 giây"]


def test_a_refused_act_can_be_done_again(refused: OutboxPage) -> None:
    store = refused.session.desk.store
    assert [p.name for _, p in store.entities("party")] == ["Bưu điện mẫu"]
    refused.card.again.click()
    assert {p.name for _, p in store.entities("party")} == {"Bưu điện mẫu", "Hợp tác xã mẫu"}
    assert states(refused) == ["Gửi sau 30 giây"] * 2


def by_another(session: Session, entity: str, name: str, **data: str) -> Row:
    """Return an event of a colleague as the server sends it."""
    now = session.desk.clock.now()
    event = Event(
        new_id(now), "document", entity, name, data, new_id(now), 0, "khac", "post-khac", now,
        server_at=now,
    )  # fmt: skip
    return Row("event", event.id, 7, (f"agency:{session.actor.agency}",), to_json(event))


def test_a_refused_act_is_a_card_that_says_who_did_what_meanwhile(
    session: Session, shown: Shown
) -> None:
    document = new_id(session.desk.clock.now())
    text = "Đề nghị phòng Kinh tế chủ trì"
    session.act(
        Receive(document, session.actor.agency, Particulars(subject="Về việc mẫu"), Channel.PAPER)
    )
    session.act(AddNote(document, text))
    replica = Replica(session.desk.store)
    told = by_another(session, document, "document.refused", by="Quàng Văn Mẫu")
    replica.apply(Page(rows=(told,), cursor=7))
    replica.reject(replica.items()[1].command, "document.state", state="returned")
    page = page_of(session, shown)
    card = page.card
    assert card.title.text() == "Ghi ý kiến · Về việc mẫu"
    assert card.mine.text().startswith("Bạn làm lúc")
    assert "• Quàng Văn Mẫu: từ chối tiếp nhận," in card.happened.text()
    assert card.typed.text() == f"Bạn đã nhập: {text}"
    assert card.typed.isVisible()
    assert walk(page, (1150, 650)) == []
    drop = next(a for a in page.acts() if a.shortcut == "Del")
    drop.trigger()
    assert page.rows.total == 1


@pytest.mark.parametrize(
    ("state", "headline", "meaning"),
    [
        ("ok", "Trực tuyến", "đều tốt"),
        ("offline", "Ngoại tuyến từ", "Lỗi ở đường truyền"),
        ("server_down", "Máy chủ không trả lời từ", "lỗi ở máy chủ"),
        ("proxy_auth", "Máy chủ trung gian đòi", "Kiểm tra mạng"),
        ("portal", "Mạng đòi đăng nhập từ", "Lỗi ở đường truyền"),
        ("sign_in", "Cần đăng nhập lại", "đăng nhập lại"),
    ],
)
def test_the_line_is_told_in_words(
    session: Session, shown: Shown, state: str, headline: str, meaning: str
) -> None:
    sync = Sync(Status(state, session.desk.clock.now(), None))
    session.desk.sync = sync
    page = page_of(session, shown)
    assert page.line._headline.text().startswith(headline)
    assert meaning in page.line._meaning.text()
    page.line.sync_button.click()
    assert sync.poked == 1


def test_the_page_is_whole_in_every_look(refused: OutboxPage) -> None:
    assert walk(refused, (1150, 650)) == []
