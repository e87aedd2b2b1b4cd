"""A token whose key has a PIN of its own: a second question in the window, once."""

from __future__ import annotations

from app.documents.model import State
from app.kernel.ports import SIGNING_PIN
from tests.shim.fixtures import shim, shim_library
from tests.shim.shim import Shim
from tests.ui.conftest import wait_until
from tests.ui.outgoing.conftest import Sessions, Show
from tests.ui.outgoing.keys import PERSON_PIN
from tests.ui.outgoing.office import Office
from tests.ui.outgoing.test_journey import LONG, answer, signing
from tests.ui.outgoing.test_many import over, several, shimmed, start, states
from tests.ui.walk import walk
from ui.outgoing.page_signing import SigningPage

__all__ = ["shim", "shim_library", "shimmed"]


def asked_apart(page: SigningPage) -> None:
    """Wait for the question for the key's own PIN."""

    def there() -> bool:
        dialog = page.pins.dialog
        return dialog is not None and dialog._question.purpose == SIGNING_PIN

    wait_until(there, LONG)
    assert page.pins.dialog is not None
    assert "PIN ký" in page.pins.dialog.field.accessibleName()


def test_it_is_asked_once_for_a_whole_run(
    shimmed: Office, shim: Shim, begin: Sessions, show: Show
) -> None:
    documents = several(shimmed, 3)
    page = signing(shimmed, begin, show)
    shim.signing_pin("135790")
    asked = start(page)
    answer(page, PERSON_PIN)
    asked_apart(page)
    assert page.pins.dialog is not None and walk(page.pins.dialog, (1040, 900)) == []
    answer(page, "135790")
    over(page)
    assert states(shimmed, documents) == [State.SIGNED] * 3
    assert [q.purpose for q in asked] == ["approve", SIGNING_PIN]
    assert (shim.count("login_context"), shim.count("signed")) == (4, 3)


def test_a_wrong_one_or_none_ends_the_run_and_nothing_is_signed(
    shimmed: Office, shim: Shim, begin: Sessions, show: Show
) -> None:
    documents = several(shimmed, 2)
    page = signing(shimmed, begin, show)
    shim.signing_pin("135790")
    asked = start(page)
    answer(page, PERSON_PIN)
    asked_apart(page)
    answer(page, "000000")
    over(page)
    assert (len(asked), shim.count("login_context"), shim.count("signed")) == (2, 2, 0)
    assert "Mã PIN ký không đúng" in page._result.text
    assert states(shimmed, documents) == [State.NUMBERED] * 2
    page.left.again_button.click()
    answer(page, PERSON_PIN)
    asked_apart(page)
    assert page.pins.dialog is not None
    page.pins.dialog.reject()
    over(page)
    assert shim.count("login_context") == 2, "the key is given no PIN that nobody typed for it"
    assert "dừng" in page._result.text
    assert states(shimmed, documents) == [State.SUBMITTED] * 2, "the numbers went back"
