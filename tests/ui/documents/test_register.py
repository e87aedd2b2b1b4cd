"""The view model of registration: queue, form, drafts, twins, numbers, secrecy."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.documents.model import State, Urgency
from app.forms.compose import compose
from app.kernel.errors import RuleViolation
from app.kernel.texts import Texts
from tests.doubles.runner import InlineRunner
from tests.ui.documents.commune import (
    BOOK,
    LETTER,
    TODAY,
    Commune,
    actor,
    open_commune,
)
from tests.ui.documents.conftest import Sessions
from ui.bridge.session import Session
from ui.documents.form import particulars_of, split_symbol, values_from
from ui.documents.model_register import RegisterModel


def opened(session: Sessions, who: str = "clerk") -> RegisterModel:
    model = RegisterModel(session(who))
    model.active = True
    model.load()
    return model


def test_registering_goes_through_the_queue(commune: Commune, session: Sessions) -> None:
    commune.received(number=1)
    urgent = commune.received(number=2, urgency=Urgency.EXPRESS)
    model = opened(session)
    assert model.entry.id == urgent and model.place == (1, 2)
    assert model.preview.number == 1019
    model.register(model.entry.values, "leader", TODAY)
    document = commune.document(urgent)
    assert document.arrival_number == 1019 and document.items[0].person == "leader"
    assert model.place == (1, 1) and model.entry.values["symbol"] == "1/UBND-TH"


def test_page_one_proposes_what_the_clerk_left_empty(commune: Commune, session: Sessions) -> None:
    commune.received("Đơn", 0, notation="", issued=None, issuer="", files=(commune.pdf(),))
    model = opened(session)
    read = model.entry.read
    assert read["symbol"] == "4512/UBND-TH" and read["issued"] == "2026-11-20"
    assert read["issuer"] == "Ủy ban nhân dân tỉnh Điện Biên"
    assert model.entry.values["subject"] == "Đơn" and "subject" not in read


def test_twins_are_found_by_file_and_by_number(commune: Commune, session: Sessions) -> None:
    first = commune.registered()
    commune.received()
    model = opened(session)
    found: list[Any] = []
    model.twins_found.connect(found.append)
    model.look_for_twins(model.entry.values)
    assert [(t.id, t.why) for t in found[-1]] == [(first, "file")]
    model.look_for_twins({**model.entry.values, "symbol": "77/XX"})
    assert [t.why for t in found[-1]] == ["file"]


def test_what_is_typed_outlives_the_program(
    commune: Commune, session: Sessions, tmp_path: Path
) -> None:
    scan = tmp_path / "quet.pdf"
    scan.write_bytes(compose(LETTER))
    model = opened(session)
    model.begin(scan)
    entity = model.entry.id
    model.keep_draft({**model.entry.values, "subject": "Đang gõ dở"})
    again = opened(session)
    assert again.queue == (entity,) and again.entry.values["subject"] == "Đang gõ dở"
    assert again.entry.file.name == "quet.pdf"
    again.register(again.entry.values, "", TODAY)
    document = commune.document(entity)
    assert document.particulars.subject == "Đang gõ dở" and document.arrival_number == 1019
    assert document.state is State.WAITING and opened(session).queue == ()
    assert json.loads(commune.desk.store.meta("pages.register.new")) == []


def test_a_secret_scan_never_reaches_the_vault(
    commune: Commune, session: Sessions, tmp_path: Path
) -> None:
    scan = tmp_path / "mat.pdf"
    scan.write_bytes(compose(replace(LETTER, paragraphs=("Mở đầu.", "TỐI MẬT"))))
    model = opened(session)
    failed: list[Any] = []
    model.failed.connect(failed.append)
    before = commune.desk.store.vault.to_upload()
    model.begin(scan)
    assert [e.code for e in failed] == ["document.secret"]
    assert commune.desk.store.vault.to_upload() == before and model.queue == ()


def test_a_secret_degree_is_refused_at_its_field(commune: Commune, session: Sessions) -> None:
    entity = commune.received()
    model = opened(session)
    failed: list[Any] = []
    model.failed.connect(failed.append)
    model.register({**model.entry.values, "secrecy": "mat"}, "", TODAY)
    assert [(e.code, e.field) for e in failed] == [("document.secret", "secrecy")]
    assert commune.document(entity).state is State.TO_REGISTER


def test_without_the_book_the_number_waits_for_the_server(qapp: Any, tmp_path: Path) -> None:
    commune = open_commune(tmp_path, leased=False)
    entity = commune.received()
    held = Session(commune.desk, InlineRunner(), Texts(), actor("clerk"))
    model = RegisterModel(held)
    model.active = True
    model.load()
    assert model.preview.number is None
    model.register(model.entry.values, "", TODAY)
    document = commune.document(entity)
    assert document.register == BOOK and document.arrival_number is None
    held.close()
    commune.desk.close()


def test_a_form_gives_back_what_it_was_given(commune: Commune) -> None:
    base = commune.document(
        commune.received(pages=3, note="Ghi chú", requires_reply=True)
    ).particulars
    assert particulars_of(values_from(base), base, {"CV": "Công văn"}) == base


@pytest.mark.parametrize(
    ("typed", "parts"),
    [("4512/UBND-TH", ("4512", "UBND-TH")), ("05/QĐ-UBND", ("05", "QĐ-UBND")),
     ("QĐ-UBND", ("", "QĐ-UBND")), ("", ("", "")), ("12", ("12", ""))],
)  # fmt: skip
def test_numbers_and_notations_are_told_apart(typed: str, parts: tuple[str, str]) -> None:
    assert split_symbol(typed) == parts


def test_a_number_of_pages_that_is_none_names_its_field(commune: Commune) -> None:
    base = commune.document(commune.received()).particulars
    with pytest.raises(RuleViolation) as found:
        particulars_of({**values_from(base), "pages": "nhiều"}, base, {})
    assert found.value.field == "pages"
