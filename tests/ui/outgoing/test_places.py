"""The place of a signature, kept in the signing box for the documents of a type."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.documents.model import State
from app.flows.places import kept_place
from app.kernel.ports import Purpose
from tests.ui.conftest import wait_until
from tests.ui.outgoing import office as commune
from tests.ui.outgoing.conftest import Sessions, Show
from tests.ui.outgoing.keys import PERSON_PIN
from tests.ui.outgoing.office import AGENCY, WORDS, Office
from tests.ui.outgoing.test_journey import LONG, answer, signing
from ui.outgoing.model_preview import preview_of

MORE = ("3. Một đoạn nữa để chỗ ký xuống thấp hơn (mẫu).",) * 4


def test_a_kept_place_follows_the_words_of_every_document_of_its_type(
    keyed: Office, begin: Sessions, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = keyed.submitted("Một (mẫu)")
    longer = replace(WORDS, paragraphs=(*WORDS.paragraphs, *MORE))
    monkeypatch.setattr(commune, "WORDS", longer)
    second = keyed.submitted("Hai (mẫu)")
    page = signing(keyed, begin, show)
    page.open_entity("document", first)
    wait_until(lambda: page.model.shown and page.model.shown.document.id == first, LONG)
    wait_until(lambda: page.paper.pdf.box is not None and page.paper.place.keep.isVisible(), LONG)
    assert page.minimumSizeHint().width() <= 1154, "it fits a screen of 1366 points"
    told, pdf = page.paper.pdf.box, page.paper.pdf
    assert told is not None
    pdf.setFocus()
    for _ in range(4):
        QTest.keyClick(pdf, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    moved = pdf.box
    assert moved is not None and moved.x < told.x
    QTest.keyClick(page.paper.place.keep, Qt.Key.Key_Space)
    store = keyed.desk.store
    wait_until(lambda: kept_place(store, AGENCY, "BC", Purpose.APPROVE) is not None, LONG)
    assert kept_place(store, AGENCY, "CV", Purpose.APPROVE) is None, "another type"
    lower = preview_of(keyed.desk, commune.actor("leader"), second)
    assert lower.words is not None and lower.box is not None and lower.words.y < told.y - 20
    assert lower.box.x - lower.words.x == pytest.approx(moved.x - told.x, abs=0.1)
    page.model.boxes.clear()
    page.model.check_all()
    page.sign.trigger()
    answer(page, PERSON_PIN)
    wait_until(lambda: page.model.run is None, LONG)
    assert {keyed.document(d).state for d in (first, second)} == {State.SIGNED}
    assert _left(keyed, first) == pytest.approx(moved.x, abs=0.1)
    assert _left(keyed, second) == pytest.approx(lower.box.x, abs=0.1)
    assert _bottom(keyed, second) == pytest.approx(lower.box.y, abs=0.1)


def _rect(office: Office, entity: str) -> list[float]:
    main = office.document(entity).main_file
    assert main is not None
    with office.desk.store.vault.open(main.sha256) as stream:
        field = PdfFileReader(stream).embedded_signatures[0].sig_field
        return [float(v) for v in field["/Rect"]]


def _left(office: Office, entity: str) -> float:
    return _rect(office, entity)[0]


def _bottom(office: Office, entity: str) -> float:
    return _rect(office, entity)[1]
