"""Lists, counts and search over a real encrypted database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from app.documents import commands as c
from app.documents import details, lists, queries
from app.documents.model import (
    DeliveryStatus,
    Direction,
    Recipient,
    Role,
    Urgency,
    reading_id,
)
from app.documents.projection import set_text
from app.documents.rows import Ask, Chip, View
from app.kernel.clock import FixedClock
from app.kernel.errors import NotPermitted, RuleViolation
from app.store.desk import DeskStore
from tests.app.documents.world import (
    DEPARTMENT,
    NOW,
    PROVINCE,
    REGISTRY,
    TODAY,
    World,
    actor,
    book,
    drafted,
    instructed,
    issued,
    receive,
    ref,
    registered,
    sealed,
    submitted,
    to,
    world,
)

IN, OUT = Direction.INCOMING, Direction.OUTGOING
LATE = TODAY - timedelta(2)


def the_day() -> World:
    made = world(server=True)
    receive(made, "d1", subject="Kế hoạch phòng chống cháy rừng (mẫu)", number="41")
    registered(made, "d2", due=TODAY, urgency=Urgency.EXPRESS, subject="Đường Nà Tấu (mẫu)")
    instructed(made, to(Role.LEAD, "anna"), to(Role.INFO, "binh"), entity="d3", due=LATE)
    instructed(made, to(Role.LEAD, unit=DEPARTMENT), entity="d4", subject="Rà soát án (mẫu)")
    instructed(made, to(Role.LEAD, "anna"), entity="d5", subject="Đã xong (mẫu)")
    made.run(actor("anna"), c.Finish("d5", made.item_of("anna", "d5")))
    made.run(actor("anna"), c.MarkRead(reading_id("d3", "anna"), "d3"))
    registered(made, "d6", number="041")
    made.run(actor("clerk"), c.Present("d6", "leader", "Mẫu leader"))
    drafted(made, "o1")
    submitted(made, "o2")
    sealed(made, "o3")
    issued(made, "o4", recipients=(Recipient(PROVINCE, "UBND tỉnh (mẫu)"), Recipient("", "Dân")))
    return made


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskStore]:
    folder: Path = tmp_path_factory.mktemp("desk")
    held = DeskStore.open(folder, bytes(32), REGISTRY, FixedClock(NOW))
    made = the_day()
    with held.transaction() as work:
        for (kind, entity), value in made.entities.items():
            work.put(kind, entity, value)
        for event in made.events:
            work.record(event)
    with held.writing() as connection:
        set_text(connection, "d1", "Nội dung trang một nói về đập thủy lợi")
        set_text(connection, "d1", "Nội dung trang một nói về hồ Pa Khoang")
    yield held
    held.close()


@pytest.fixture
def db(store: DeskStore) -> Iterator[Connection]:
    with store.reader() as connection:
        yield connection


def ids(db: Connection, who: str, ask: Ask) -> list[str]:
    asked = replace(ask, today=TODAY)
    page = lists.page(db, actor(who), asked)
    assert page.rows == lists.rows(db, actor(who), asked)
    assert page.total == len(page.rows) == lists.count(db, actor(who), asked)
    return [row.id for row in page.rows]


def test_the_newest_comes_first(db: Connection) -> None:
    assert ids(db, "clerk", Ask(IN, View.ALL)) == ["d6", "d5", "d4", "d3", "d2", "d1"]


@pytest.mark.parametrize(
    ("who", "direction", "view", "expected"),
    [
        ("clerk", IN, View.OPEN, ["d6", "d4", "d3", "d2", "d1"]),
        ("clerk", IN, View.TO_REGISTER, ["d1"]),
        ("clerk", IN, View.TO_PRESENT, ["d2"]),
        ("leader", IN, View.TO_INSTRUCT, ["d6"]),
        ("deputy", IN, View.TO_INSTRUCT, []),
        ("clerk", IN, View.HANDLING, ["d4", "d3"]),
        ("clerk", IN, View.DONE, ["d5"]),
        ("clerk", OUT, View.DRAFTS, ["o1"]),
        ("leader", OUT, View.TO_SIGN, ["o2"]),
        ("deputy", OUT, View.TO_SIGN, []),
        ("clerk", OUT, View.TO_ISSUE, ["o3"]),
        ("clerk", OUT, View.ISSUED, ["o4"]),
        ("anna", IN, View.ALL, ["d5", "d3"]),  # a specialist sees his own
        ("binh", IN, View.OPEN, ["d3"]),
        ("head", IN, View.OPEN, ["d4"]),  # his department's
        ("p-staff", IN, View.ALL, []),
    ],
)
def test_views(
    db: Connection, who: str, direction: Direction, view: View, expected: list[str]
) -> None:
    assert ids(db, who, Ask(direction, view)) == expected


@pytest.mark.parametrize(
    ("who", "chip", "expected"),
    [
        ("anna", Chip.UNREAD, []),
        ("binh", Chip.UNREAD, ["d3"]),
        ("clerk", Chip.OVERDUE, ["d3"]),
        ("clerk", Chip.DUE_TODAY, ["d2"]),
        ("clerk", Chip.EXPRESS, ["d2"]),
        ("clerk", Chip.URGENT, ["d2"]),
        ("clerk", Chip.PAPER, ["d6", "d4", "d3", "d2", "d1"]),
        ("anna", Chip.MY_LEAD, ["d3"]),
        ("binh", Chip.MY_LEAD, []),
        ("leader", Chip.AWAITING_ME, ["d6"]),
    ],
)
def test_chips_and_their_counts(db: Connection, who: str, chip: Chip, expected: list[str]) -> None:
    assert ids(db, who, Ask(IN, View.OPEN, (chip,))) == expected
    counts = queries.chip_counts(db, actor(who), IN, TODAY)
    assert counts[chip] == len(expected)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("duong na tau", ["d2"]),  # no tones: every form, đ as d
        ("đường", ["d2"]),
        ("dương", ["d2"]),  # its own form is nowhere: every form
        ("án", ["d4"]),
        ("chay ru", ["d1"]),
        ("41", ["d1"]),
        ("12/UBND-VX", ["d5", "d4", "d3", "d2"]),
        ("Mẫu anna", ["d5", "d3"]),
        ("khôngcó", []),
        ('"', []),
        ("thủy", []),
    ],
)
def test_the_quick_filter_respects_tones(db: Connection, words: str, expected: list[str]) -> None:
    assert ids(db, "clerk", Ask(IN, View.ALL, text=words)) == expected


def test_search_looks_into_the_newest_text_of_pdfs(db: Connection) -> None:
    assert [h.id for h in queries.search(db, actor("clerk"), "pa khoang")] == ["d1"]
    assert queries.search(db, actor("clerk"), "thủy lợi") == ()
    assert queries.search(db, actor("anna"), "pa khoang") == ()
    assert queries.palette(db, actor("clerk"), "pa khoang") == ()
    assert queries.search(db, actor("clerk"), " ") == ()


def test_windows_on_a_list_know_the_total(db: Connection) -> None:
    page = lists.page(db, actor("clerk"), Ask(IN, View.ALL), offset=2, limit=2)
    assert ([r.id for r in page.rows], page.total, page.offset) == (["d4", "d3"], 6, 2)


def test_my_work_tells_what_is_owed(db: Connection) -> None:
    anna = queries.my_work(db, actor("anna"), TODAY)
    assert [(w.document, w.task, w.overdue) for w in anna if w.task != "draft"] == [
        ("d3", "handle", True)
    ]
    leader = queries.my_work(db, actor("leader"), TODAY)
    assert {(w.document, w.task) for w in leader} == {("d6", "instruct"), ("o2", "sign")}
    clerk = queries.my_work(db, actor("clerk"), TODAY)
    assert {(w.document, w.task) for w in clerk} == {
        ("d1", "register"),
        ("d2", "present"),
        ("o3", "issue"),
    }


def test_rows_tell_the_readers_own_part(db: Connection) -> None:
    (row,) = lists.page(db, actor("anna"), Ask(IN, today=TODAY)).rows
    assert (row.my_role, row.awaiting_me, row.unread, row.overdue) == (
        Role.LEAD,
        True,
        False,
        True,
    )


def test_twins_by_file_and_by_symbol(db: Connection) -> None:
    by_file = queries.twins(db, actor("clerk"), sha256=ref("scan-d1").sha256)
    assert [(t.id, t.why) for t in by_file] == [("d1", "file")]
    by_symbol = queries.twins(
        db,
        actor("clerk"),
        number="041",
        notation="ubnd-vx",
        issuer="UBND Tỉnh (mẫu)",
        issued=date(2026, 11, 20),
        besides="d6",
    )
    assert [(t.id, t.why) for t in by_symbol] == [("d1", "symbol")]
    assert queries.twins(db, actor("clerk"), number="41", notation="SNV") == ()


def test_the_registers_have_their_columns(db: Connection) -> None:
    incoming = details.incoming_book(db, actor("clerk"), book("incoming"))
    assert [r.arrival_number for r in incoming] == [1, 2, 3, 4, 5]
    assert incoming[1].receivers == "Mẫu anna; Mẫu binh"
    assert incoming[1].type_and_subject.startswith("Công văn - ")
    outgoing = details.outgoing_book(db, actor("clerk"), book("outgoing"))
    assert [r.symbol for r in outgoing] == ["01/UBND-VX", "02/UBND-VX"]
    assert outgoing[1].recipients == "UBND tỉnh (mẫu); Dân"
    assert outgoing[1].sent_on == TODAY
    assert details.incoming_book(db, actor("anna"), book("incoming")) == ()


def test_deliveries_are_followed(db: Connection) -> None:
    rows = queries.deliveries(db, actor("clerk"))
    assert {(r.name, r.status) for r in rows} == {
        ("UBND tỉnh (mẫu)", DeliveryStatus.ARRIVED),
        ("Dân", DeliveryStatus.SENT),
    }
    assert len(queries.deliveries(db, actor("clerk"), status=DeliveryStatus.ARRIVED)) == 1


def test_rows_say_what_is_to_be_decided(db: Connection) -> None:
    ask = Ask(Direction.INCOMING, View.ALL, (Chip.TO_DECIDE,), today=TODAY)
    rows = lists.rows(db, actor("clerk"), ask)
    assert {row.id for row in rows if row.twins} == {row.id for row in rows}
    assert "d3" in {row.id for row in rows}
    counted = queries.chip_counts(db, actor("clerk"), Direction.INCOMING, TODAY)
    assert counted[Chip.TO_DECIDE] == len(rows)


def test_the_detail_holds_timeline_and_readers(db: Connection) -> None:
    found = details.detail(db, actor("anna"), "d3")
    assert [t.name for t in found.timeline if t.name != "twinned"] == [
        "received", "registered", "presented", "instructed", "opened",
    ]  # fmt: skip
    assert all(t.server_at is not None for t in found.timeline)
    assert [r.person for r in found.readings] == ["anna"]
    item = found.document.item(found.my_item)
    assert item is not None
    assert item.person == "anna"


def test_details_are_for_those_concerned(db: Connection) -> None:
    with pytest.raises(NotPermitted, match=r"document\.agency"):
        details.detail(db, actor("anna"), "d1")
    with pytest.raises(RuleViolation, match=r"document\.unknown"):
        details.timeline(db, actor("clerk"), "nothing")


def test_lists_for_the_command_line(db: Connection) -> None:
    rows = details.list_documents(db, actor("clerk"), "Nà Tấu", 10)
    assert [r["id"] for r in rows] == ["d2"]
    assert details.list_timeline(db, actor("clerk"), "d1", 10)[0]["name"] == "received"
    assert len(details.list_register_book(db, actor("clerk"), book("outgoing"), 10)) == 2
    assert len(details.list_deliveries(db, actor("clerk"), "", 10)) == 2


def test_who_gave_a_document_back_finds_it_in_no_list(store: DeskStore) -> None:
    made = instructed(world(), to(Role.LEAD, "binh"), entity="back", subject="Trả lại (mẫu)")
    made.run(actor("binh"), c.ReturnItem("back", made.item_of("binh", "back"), "Nhầm (mẫu)"))
    with store.transaction() as work:
        work.put("document", "back", made.doc("back"))
    with store.reader() as connection:
        for text in ("", "tra lai"):
            assert "back" not in ids(connection, "binh", Ask(IN, View.ALL, text=text))
            assert "back" in ids(connection, "clerk", Ask(IN, View.ALL, text=text))
    with store.transaction() as work:
        work.put("document", "back", None)


def test_a_removed_document_leaves_no_trace(store: DeskStore) -> None:
    made = receive(world(), "gone", subject="Biến mất (mẫu)")
    with store.transaction() as work:
        work.put("document", "gone", made.doc("gone"))
    with store.transaction() as work:
        work.put("document", "gone", None)
    with store.reader() as connection:
        assert queries.search(connection, actor("clerk"), "bien mat") == ()
        assert "gone" not in ids(connection, "clerk", Ask(IN, View.ALL))
