"""The last try, a locked token and one that is pulled out, as the window tells them."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from app.documents.model import State
from app.kernel.clock import FixedClock
from app.kernel.ports import CertificateInfo, TokenInfo, TokenState
from app.kernel.texts import Texts
from tests.ui.conftest import wait_until
from tests.ui.outgoing.conftest import Sessions, Show
from tests.ui.outgoing.office import NOW, Office
from tests.ui.outgoing.test_journey import LONG, answer, signing
from ui.bridge.prompts import PinQuestion
from ui.kit.labels import Pane
from ui.outgoing.dialog_pin import PinDialog


def question(office: Office) -> PinQuestion:
    """Return a question about the chairman's real token."""
    found: tuple[CertificateInfo, ...] = tuple(office.desk.signer.certificates())
    token: TokenInfo = office.desk.signer.tokens()[0]
    return PinQuestion(token, found[0], "approve")


# SoftHSM2 never counts tries nor locks: the flag alone is put on what it really answered
@pytest.mark.parametrize(
    ("state", "word", "usable"),
    [
        (TokenState.FINE, "", True),
        (TokenState.COUNT_LOW, "ít lần thử", True),
        (TokenState.FINAL_TRY, "lần thử cuối", True),
        (TokenState.LOCKED, "đã bị khóa", False),
    ],
)
def test_the_dialog_says_how_a_token_stands(
    keyed: Office, qapp: object, state: TokenState, word: str, usable: bool
) -> None:
    asked = question(keyed)
    asked.token = replace(asked.token, state=state)
    parent = Pane()
    dialog = PinDialog(Texts(), FixedClock(NOW), asked, "Báo cáo (mẫu)", parent)
    assert (word in dialog.warning.text) and bool(dialog.warning.text) is bool(word)
    assert (dialog.field.isEnabled(), dialog.ok.isEnabled()) == (usable, usable)
    dialog.reject()
    parent.deleteLater()


def test_a_token_pulled_out_at_the_pin_signs_nothing_and_loses_nothing(
    keyed: Office, begin: Sessions, show: Show
) -> None:
    entity = keyed.submitted()
    before = keyed.document(entity)
    page = signing(keyed, begin, show)
    page.sign.trigger()
    wait_until(lambda: page.pins.dialog is not None, LONG)
    for token in (Path(os.environ["SOFTHSM2_CONF"]).parent / "tokens").iterdir():
        shutil.rmtree(token)
    answer(page, "4711")
    wait_until(lambda: page.model.run is None and page._result.text, LONG)
    assert "thiết bị" in page._result.text.lower()
    after = keyed.document(entity)
    assert (after.state, after.signatures, after.files) == (State.SUBMITTED, (), before.files)
    assert after.reserved is None, "the number is given back"
