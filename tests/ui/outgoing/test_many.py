"""Many documents signed in one go from the window, with one PIN and a token that may be pulled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.documents.model import State
from app.flows.sign_document import content_of
from tests.shim.fixtures import shim, shim_library
from tests.shim.shim import Shim
from tests.ui.conftest import wait_until
from tests.ui.outgoing.conftest import Sessions, Show
from tests.ui.outgoing.keys import PERSON_PIN, Keys
from tests.ui.outgoing.office import AGENCY, Office, open_office
from tests.ui.outgoing.test_journey import LONG, answer, signing
from ui.bridge.prompts import PinQuestion
from ui.outgoing.page_signing import SigningPage

__all__ = ["shim", "shim_library"]


@pytest.fixture
def shimmed(tmp_path: Path, keys: Keys, shim: Shim) -> Iterator[Office]:
    """A desk whose tokens are behind the shim."""
    folder = tmp_path / "desk"
    folder.mkdir()
    made = open_office(folder, signer=keys.signer(shim.module), trust=keys.trust)
    yield made
    made.close()


def several(office: Office, count: int) -> list[str]:
    return [office.submitted(f"Báo cáo số {n} (mẫu)") for n in range(count)]


def states(office: Office, documents: Sequence[str]) -> list[State]:
    return [office.document(d).state for d in documents]


def start(page: SigningPage) -> list[PinQuestion]:
    """Choose everything and sign by the keyboard; return the list of questions for a PIN."""
    asked: list[PinQuestion] = []
    page.session.prompts.pin_asked.connect(asked.append)
    page.activateWindow()
    wait_until(page.isActiveWindow)
    page.rows.setFocus()
    QTest.keyClick(page.rows, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    page.sign.trigger()
    return asked


def over(page: SigningPage) -> None:
    wait_until(lambda: page.model.run is None, LONG)
    wait_until(lambda: not page.session.runner.busy, LONG)


def test_all_by_the_keyboard_with_one_pin(
    shimmed: Office, shim: Shim, begin: Sessions, show: Show
) -> None:
    documents = several(shimmed, 4)
    page = signing(shimmed, begin, show)
    asked = start(page)
    assert page.model.checked == set(documents)
    answer(page, PERSON_PIN)
    over(page)
    assert states(shimmed, documents) == [State.SIGNED] * 4
    assert (len(asked), shim.count("login_user"), shim.count("signed")) == (1, 1, 4)
    assert "4/4" in page._result.text and not page.left.isVisible()
    assert page.rows.current == "" and page.progress.isHidden()


def test_ctrl_a_again_chooses_nothing(office: Office, begin: Sessions, show: Show) -> None:
    several(office, 2)
    page = show(SigningPage(begin(office, "leader")))
    assert isinstance(page, SigningPage)
    wait_until(lambda: len(page.model.items) == 2)
    page.all.click()
    assert len(page.model.checked) == 2
    QTest.keyClick(page.rows, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert page.model.checked == set()


def test_what_was_looked_at_is_marked_and_told(office: Office, begin: Sessions, show: Show) -> None:
    documents = several(office, 2)
    page = show(SigningPage(begin(office, "leader")))
    assert isinstance(page, SigningPage)
    wait_until(lambda: any(i.seen for i in page.model.items))
    page.model.check_all()
    assert "1/2" in page._review.text() and page._review.isVisible()
    QTest.keyClick(page.rows, Qt.Key.Key_Down)
    wait_until(lambda: all(i.seen for i in page.model.items))
    assert "2/2" in page._review.text()
    for document in documents:
        item = page.model.item(document)
        assert item is not None and item.seen == content_of(office.document(document))
        assert "đã xem" in page.rows._items.lines(item, 1)[1]


def test_what_differs_from_what_was_seen_is_refused_and_the_others_are_signed(
    shimmed: Office, shim: Shim, begin: Sessions, show: Show
) -> None:
    documents = several(shimmed, 3)
    page = signing(shimmed, begin, show)
    bad = page.model.item(documents[1])
    assert bad is not None
    bad.seen = "another"
    start(page)
    answer(page, PERSON_PIN)
    over(page)
    assert states(shimmed, documents) == [State.SIGNED, State.NUMBERED, State.SIGNED]
    assert shim.count("signed") == 2
    assert bad.phase == "failed"
    assert "bản vừa hiển thị" in page.rows._items.lines(bad, 1)[1], "the row says why"
    assert "2/3" in page._result.text and "1 không ký được" in page._result.text
    wait_until(lambda: page.paper.strip.text == bad.error)
    assert bad.seen == content_of(shimmed.document(documents[1])), "it is before him again"


def test_a_pulled_token_leaves_the_rest_and_one_goes_on_with_a_new_pin(
    shimmed: Office, shim: Shim, begin: Sessions, show: Show
) -> None:
    documents = several(shimmed, 5)
    page = signing(shimmed, begin, show)
    shim.remove("C_Sign", 3)
    asked = start(page)
    answer(page, PERSON_PIN)
    over(page)
    assert states(shimmed, documents).count(State.SIGNED) == 2
    assert "2/5" in page._result.text and "thiết bị" in page._result.text.lower()
    assert page.left.isVisible() and "3 văn bản" in page.left.text
    page.left.again_button.click()
    wait_until(lambda: not page.session.runner.busy, LONG)
    assert page.model.run is None and len(asked) == 1, "without the token nothing is asked"
    shim.insert()
    page.left.again_button.click()
    answer(page, PERSON_PIN)
    over(page)
    assert states(shimmed, documents) == [State.SIGNED] * 5
    assert (len(asked), shim.count("signed")) == (2, 5), "nothing is signed twice"
    assert not page.left.isVisible()


def test_a_pause_holds_the_key_and_a_stop_gives_numbers_back(
    shimmed: Office, shim: Shim, begin: Sessions, show: Show
) -> None:
    documents = several(shimmed, 12)
    shim.slow("C_Sign", 60)
    page = signing(shimmed, begin, show)
    start(page)
    answer(page, PERSON_PIN)
    run = page.model.run
    assert run is not None
    wait_until(lambda: run.tally.done >= 3, LONG)
    page.progress.pause_button.click()
    wait_until(lambda: run.tally.done == shim.count("signed"), LONG)
    wait_until(lambda: "Tạm dừng" in page.progress._text.text())
    held = shim.count("signed")
    assert page.progress.pause_button.label == "Tiếp tục"
    page.progress.pause_button.click()
    wait_until(lambda: shim.count("signed") > held + 1, LONG)
    page.progress.cancel_button.click()
    over(page)
    assert shim.count("signed") == states(shimmed, documents).count(State.SIGNED) < 12
    reserved = [shimmed.document(d).reserved for d in documents]
    assert None in reserved and "Đã dừng" in page._result.text
    book = shimmed.desk.store.get("register", f"{AGENCY}:2026:outgoing")
    signed = [n for d, n in zip(documents, reserved, strict=True) if n and _signed(shimmed, d)]
    assert (book.released or (book.next,))[0] == max(signed) + 1, "the book goes on from there"


def _signed(office: Office, document: str) -> bool:
    return office.document(document).state is State.SIGNED


def test_stopping_at_the_pin_gives_every_number_back(
    keyed: Office, begin: Sessions, show: Show
) -> None:
    documents = several(keyed, 3)
    page = signing(keyed, begin, show)
    start(page)
    wait_until(lambda: page.pins.dialog is not None, LONG)
    assert states(keyed, documents) == [State.NUMBERED] * 3
    assert page.pins.dialog is not None
    assert "3 văn bản" in page.pins._what and "2 chưa xem" in page.pins._what
    QTest.keyClick(page.pins.dialog, Qt.Key.Key_Escape)
    over(page)
    assert states(keyed, documents) == [State.SUBMITTED] * 3
    assert "Đã dừng" in page._result.text


def test_a_wrong_pin_is_told_and_asked_again_by_the_person_alone(
    shimmed: Office, shim: Shim, begin: Sessions, show: Show
) -> None:
    documents = several(shimmed, 2)
    page = signing(shimmed, begin, show)
    asked = start(page)
    answer(page, "0000")
    wait_until(lambda: len(asked) == 2 and page.pins.dialog is not None, LONG)
    assert page.pins.dialog is not None and "PIN" in page.pins.dialog._error.text
    assert shim.count("login_user") == 1
    answer(page, PERSON_PIN)
    over(page)
    assert states(shimmed, documents) == [State.SIGNED] * 2


def test_after_a_kill_what_was_numbered_is_offered_and_signed_once(
    shimmed: Office, shim: Shim, begin: Sessions, show: Show
) -> None:
    documents = several(shimmed, 3)
    killed = signing(shimmed, begin, show)
    start(killed)
    wait_until(lambda: killed.pins.dialog is not None, LONG)
    fresh = signing(shimmed, begin, show)
    assert fresh.left.isVisible() and "3 văn bản" in fresh.left.text
    numbers = [shimmed.document(d).reserved for d in documents]
    fresh.left.again_button.click()
    answer(fresh, PERSON_PIN)
    over(fresh)
    assert [shimmed.document(d).reserved for d in documents] == numbers
    assert states(shimmed, documents) == [State.SIGNED] * 3 and shim.count("signed") == 3


def test_numbers_that_a_run_left_can_be_given_back(
    shimmed: Office, shim: Shim, begin: Sessions, show: Show
) -> None:
    documents = several(shimmed, 3)
    page = signing(shimmed, begin, show)
    shim.remove("C_Sign", 1)
    start(page)
    answer(page, PERSON_PIN)
    over(page)
    assert states(shimmed, documents) == [State.NUMBERED] * 3
    page.left.back_button.click()
    wait_until(lambda: states(shimmed, documents) == [State.SUBMITTED] * 3, LONG)
    wait_until(lambda: not page.left.isVisible())


def test_a_page_that_is_closed_stops_the_run(
    shimmed: Office, shim: Shim, begin: Sessions, show: Show
) -> None:
    documents = several(shimmed, 10)
    shim.slow("C_Sign", 60)
    page = signing(shimmed, begin, show)
    start(page)
    answer(page, PERSON_PIN)
    wait_until(lambda: shim.count("signed") >= 2, LONG)
    page.close_page()
    over(page)
    signed = states(shimmed, documents).count(State.SIGNED)
    assert shim.count("signed") == signed < 10


def test_without_the_book_no_pin_is_asked(lined: Office, begin: Sessions, show: Show) -> None:
    documents = several(lined, 2)
    page = signing(lined, begin, show)
    asked = start(page)
    over(page)
    assert states(lined, documents) == [State.AWAITING_NUMBER] * 2
    assert not asked and "2 chờ văn thư cấp số" in page._result.text
