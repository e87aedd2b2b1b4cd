"""View models without a widget: what is offered, shown, sent, kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.documents import commands as c
from app.documents import details
from app.documents.model import Role
from app.documents.rows import Chip, View
from app.forms.compose import compose
from app.kernel.changes import Changes
from app.kernel.ports import Verdict
from app.kernel.texts import Texts
from tests.ui.documents.commune import (
    CULTURE,
    ECONOMY,
    LETTER,
    TODAY,
    Commune,
    actor,
    sample,
    to,
)
from tests.ui.documents.conftest import Sessions
from ui.documents import verdicts, words
from ui.documents.acts import offers
from ui.documents.model_acts import ActModel
from ui.documents.model_instruct import InstructModel
from ui.documents.model_list import ListModel
from ui.documents.model_reader import ReaderModel


def names(commune: Commune, entity: str, who: str) -> list[str]:
    detail = commune.desk.query(details.detail, actor(who), entity)
    return [offer.name for offer in offers(detail, actor(who))]


def detail_of(commune: Commune, entity: str, who: str) -> Any:
    return commune.desk.query(details.detail, actor(who), entity)


# --- acts by role ------------------------------------------------------------------------


def test_the_first_offer_is_that_of_the_role(commune: Commune) -> None:
    new = commune.received()
    assert names(commune, new, "clerk")[:2] == ["register", "refuse"]
    assert names(commune, new, "leader") == ["note"]
    registered = commune.registered(number=1)
    assert names(commune, registered, "clerk")[0] == "present"
    presented = commune.presented(number=2)
    assert names(commune, presented, "leader")[0] == "instruct"
    assert "paper" in names(commune, presented, "clerk")
    assert "instruct" not in names(commune, presented, "clerk")
    given = commune.instructed(to(ECONOMY), number=3)
    assert names(commune, given, "head")[0] == "assign"
    commune.run("head", c.Assign(given, commune.item_of(given, ECONOMY), (to("anna"),)))
    mine = names(commune, given, "anna")
    assert mine[0] == "reply" and {"report", "progress", "finish", "return"} <= set(mine)


def test_a_finished_item_can_only_be_opened_again(commune: Commune) -> None:
    given = commune.instructed(to("hoa"))
    commune.run("hoa", c.Finish(given, commune.item_of(given, "hoa")))
    assert names(commune, given, "hoa") == ["reopen", "note"]


def test_every_offer_has_a_text_and_is_accepted_by_the_rules(
    commune: Commune, session: Sessions
) -> None:
    from ui.documents.page_incoming import ACTS

    texts = Texts()
    given = commune.instructed(to("hoa"))
    for name in names(commune, given, "hoa"):
        assert texts.has(ACTS[name].text_key)
    doer = ActModel(session("hoa"))
    done: list[str] = []
    doer.done.connect(done.append)
    for name in ("progress", "report", "note", "return"):
        doer.run(name, detail_of(commune, given, "hoa"), "Nội dung đủ dài của mẫu")
    assert done == ["progress", "report", "note", "return"]


# --- list --------------------------------------------------------------------------------


def test_list_counts_chips_views_and_words(commune: Commune, session: Sessions) -> None:
    sample(commune)
    model = ListModel(session("leader"))
    model.load()
    assert model.rows.total == len(commune.ids)
    assert model.counts.chips[Chip.OVERDUE] == 1
    assert model.counts.views[View.TO_INSTRUCT] == 3
    model.set_chips(frozenset({Chip.EXPRESS.value}))
    assert [model.rows.row(0).id] == [commune.ids["express"]]
    model.set_chips(frozenset())
    model.set_text("ma doc")
    assert model.rows.row(0).id == commune.ids["virus"] and model.rows.total == 1
    assert model.rows.row(0).pending


def test_words_count_nothing_anew_but_views_and_changes_do(
    commune: Commune, session: Sessions
) -> None:
    sample(commune)
    held = session("leader")
    model = ListModel(held)
    counted: list[object] = []
    model.counted.connect(counted.append)
    model.load()
    model.set_text("ma doc")
    model.set_text("")
    assert len(counted) == 1
    model.set_view(View.ALL)
    assert len(counted) == 2
    held.changed.emit(Changes.of([("document", commune.ids["virus"])]))
    assert len(counted) == 3


def test_the_table_has_the_ten_columns_of_the_register(commune: Commune, session: Sessions) -> None:
    given = commune.instructed(to(ECONOMY), to("hoa", Role.CO), note="Ghi chú mẫu")
    model = ListModel(session("leader"))
    model.set_dense(True)
    assert len(model.table.columns) == 10
    line = model.rows.row(0)
    assert line.id == given
    cells = [column.value(line) for column in model.table.columns]
    assert cells[1] == "1019" and cells[3] == "4512/UBND-TH"
    assert cells[6] == "Phòng Kinh tế; Mùa Thị Mẫu" and cells[9] == "Ghi chú mẫu"


def test_saved_views_are_there_again_at_the_next_start(commune: Commune, session: Sessions) -> None:
    first = ListModel(session("leader"))
    first.set_chips(frozenset({Chip.EXPRESS.value}))
    first.save_view("Hỏa tốc của tôi")
    second = ListModel(session("leader"))
    assert [s.name for s in second.saved] == ["Hỏa tốc của tôi"]
    second.use(second.saved[0])
    assert second.chips == {Chip.EXPRESS}
    second.forget_view("Hỏa tốc của tôi")
    assert ListModel(session("leader")).saved == ()


def test_a_list_follows_what_happens(commune: Commune, session: Sessions, until: Any) -> None:
    model = ListModel(session("leader"))
    model.load()
    assert model.rows.total == 0
    commune.registered()
    until(lambda: model.rows.total == 1)


# --- reader ------------------------------------------------------------------------------


def test_the_reader_opens_the_file_checks_it_and_marks_it_read(
    commune: Commune, session: Sessions
) -> None:
    entity = commune.presented()
    model = ReaderModel(session("leader"))
    sources: list[Any] = []
    model.file_ready.connect(sources.append)
    model.show(entity)
    with sources[0]() as stream:
        assert stream.read(5) == b"%PDF-"
    assert model.report is not None and model.report.verdict is Verdict.UNSIGNED
    assert not model.detail.readings
    model.opened()
    model.show(entity)
    assert [r.person for r in model.detail.readings] == ["leader"]
    assert commune.document(entity).items[0].opened_at is not None
    before = len(commune.desk.timeline("document", entity))
    model.opened()
    assert len(commune.desk.timeline("document", entity)) == before


def test_a_file_that_has_not_come_is_said_so(commune: Commune, session: Sessions) -> None:
    entity = commune.presented()
    main = commune.document(entity).main_file
    commune.desk.store.vault.remove(main.sha256)
    model = ReaderModel(session("leader"))
    missing: list[bool] = []
    model.file_missing.connect(lambda: missing.append(True))
    model.show(entity)
    assert missing == [True] and model.report is None


def test_a_verdict_is_kept_by_the_hash_of_the_file(commune: Commune) -> None:
    main = commune.document(commune.received()).main_file
    first = verdicts.check(commune.desk, main.sha256)
    assert first.verdict is Verdict.UNSIGNED
    assert verdicts.known(commune.desk, [main.sha256, "", "0" * 64]) == {main.sha256: "unsigned"}
    commune.desk.store.vault.remove(main.sha256)
    assert verdicts.check(commune.desk, main.sha256) == first


def test_the_timeline_says_who_did_what_and_who_owes(commune: Commune) -> None:
    entity = commune.instructed(to(ECONOMY, due=TODAY + timedelta(days=3)), to("hoa", Role.CO))
    found = words.steps(Texts(), detail_of(commune, entity, "leader"), "leader", TODAY)
    told = [f"{s.who} {s.what}" for s in found]
    assert told == [
        "Lò Thị Mẫu tiếp nhận văn bản · bản giấy", "Lò Thị Mẫu vào sổ số 1019",
        "Lò Thị Mẫu trình Quàng Văn Mẫu", "Tôi bút phê",
        "Phòng Kinh tế xử lý chính", "Mùa Thị Mẫu phối hợp",
    ]  # fmt: skip
    assert [s.done for s in found] == [True] * 4 + [False] * 2
    assert found[3].note.startswith("Giao Phòng Kinh tế") and found[3].pending
    assert found[4].when == "Hạn 23/11"


@pytest.mark.parametrize(
    ("days", "text", "tone"),
    [(-3, "Quá hạn 3 ngày", "bad"), (0, "Hạn hôm nay", "warn"), (2, "Còn 2 ngày", "warn"),
     (9, "Còn 9 ngày", "neutral")],
)  # fmt: skip
def test_deadlines_are_said_as_people_say_them(days: int, text: str, tone: str) -> None:
    assert words.due_badge(Texts(), TODAY + timedelta(days=days), TODAY) == (text, tone)


# --- instruction -------------------------------------------------------------------------


def instructing(
    commune: Commune, session: Sessions, who: str = "leader", name: str = "instruct"
) -> tuple[str, InstructModel]:
    entity = commune.presented(due=TODAY + timedelta(days=20))
    item = commune.item_of(entity, "leader")
    model = InstructModel(session(who), detail_of(commune, entity, who), name, item)
    model.load()
    return entity, model


def test_an_instruction_names_roles_and_deadlines(commune: Commune, session: Sessions) -> None:
    entity, model = instructing(commune, session)
    assert {p.id for p in model.candidates} >= {ECONOMY, CULTURE, "hoa", "anna", "head"}
    assert "leader" not in {p.id for p in model.candidates}
    model.give_role(ECONOMY, Role.LEAD)
    model.give_role("hoa", Role.LEAD)
    assert [(p.id, p.role) for p in model.chosen] == [("hoa", Role.LEAD), (ECONOMY, Role.CO)]
    due = model.due_in(3)
    # 24/11 is the national day of culture
    assert due.isoformat() == "2026-11-26"
    model.set_due("hoa", due)
    lead = next(p for p in model.phrases if p.code == "lead_with")
    assert model.filled(lead) == (
        "Giao Mùa Thị Mẫu chủ trì, Phòng Kinh tế phối hợp; báo cáo kết quả trước 26/11/2026."
    )
    sent: list[bool] = []
    model.sent.connect(lambda: sent.append(True))
    model.send(model.filled(lead))
    document = commune.document(entity)
    assert sent == [True] and document.instruction == model.filled(lead)
    assert [(i.person or i.unit, i.role, i.due) for i in document.items[1:]] == [
        ("hoa", Role.LEAD, due), (ECONOMY, Role.CO, None),
    ]  # fmt: skip


def test_a_refused_instruction_says_why_and_can_be_sent_again(
    commune: Commune, session: Sessions
) -> None:
    entity, model = instructing(commune, session)
    model.give_role("hoa", Role.CO)
    failed: list[Any] = []
    model.failed.connect(failed.append)
    model.send("Giao xử lý")
    assert [e.code for e in failed] == ["document.lead"]
    model.give_role("anna", Role.LEAD)
    model.send("Giao xử lý")
    assert len(commune.document(entity).items) == 3


def test_the_clerk_enters_what_the_leader_wrote_on_paper(
    commune: Commune, session: Sessions, tmp_path: Path
) -> None:
    commune.desk.person = "clerk"
    entity, model = instructing(commune, session, "clerk", "paper")
    slip = tmp_path / "phieu.pdf"
    slip.write_bytes(compose(replace(LETTER, subject="Phiếu bút phê (mẫu)")))
    model.take_slip(slip)
    model.give_role(ECONOMY, Role.LEAD)
    model.send("Giao Phòng Kinh tế")
    event = commune.desk.timeline("document", entity)[-1]
    assert (event.name, event.authority, event.acting_for) == (
        "document.instructed", "paper", "leader",
    )  # fmt: skip
    assert [f.role for f in commune.document(entity).files] == ["main", "slip"]


def test_a_deadline_explains_itself(commune: Commune, session: Sessions) -> None:
    from ui.documents.model_instruct import explain

    _, model = instructing(commune, session)
    lines = explain(Texts(), model.why(3))
    assert lines[0] == "21/11 · nghỉ hằng tuần" and lines[-1] == "26/11 · ngày làm việc thứ 3"
