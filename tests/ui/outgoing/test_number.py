"""The book lies on the clerk's machine, the leader signs on his own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.documents.model import State
from app.kernel.actor import Actor
from app.kernel.codec import from_json, to_json
from app.kernel.command import Envelope
from app.registers.model import Lease, Register
from app.store.model import Page, Row
from app.store.replica import Replica
from tests.ui.conftest import wait_until
from tests.ui.outgoing.conftest import Sessions, Show
from tests.ui.outgoing.keys import PERSON_PIN
from tests.ui.outgoing.office import AGENCY, Office, actor, book, synced
from tests.ui.outgoing.test_journey import LONG, answer, signing
from ui.outgoing.page_issue import IssuePage


def _resolve(_: Any, envelope: Envelope) -> Actor:
    return actor(envelope.person)


def hold(office: Office, device: str) -> None:
    """Let the server say which machine holds the outgoing book."""
    office.desk.store.resolve_actor = _resolve
    row = book(device)
    now = office.desk.store.get("register", row.id)
    made = replace(now or from_json(Register, row.data), lease=Lease(device, "clerk", 1))
    office.versions += 1
    changed = Row("register", row.id, 3000 + office.versions, (f"agency:{AGENCY}",), to_json(made))
    Replica(office.desk.store).apply(Page(rows=(changed,), cursor=3000 + office.versions))


def test_the_clerk_gives_the_number_and_the_leader_signs(
    keyed: Office, begin: Sessions, show: Show
) -> None:
    entity = keyed.submitted()
    synced(keyed)
    hold(keyed, "may-van-thu")
    leader = signing(keyed, begin, show)
    leader.sign.trigger()
    wait_until(lambda: leader.model.run is None and leader._result.text, LONG)
    assert "văn thư" in leader._result.text and leader.pins.dialog is None
    assert keyed.document(entity).state is State.AWAITING_NUMBER
    wait_until(lambda: not leader.sign.enabled)
    clerk = show(IssuePage(begin(keyed, "clerk")))
    assert isinstance(clerk, IssuePage)
    wait_until(lambda: clerk.number.enabled and clerk._number_button.isVisible())
    assert not clerk._seal_button.isVisible() and not clerk.seal.enabled
    hold(keyed, keyed.desk.store.device)
    clerk.number.trigger()
    wait_until(lambda: keyed.document(entity).reserved == 157)
    wait_until(lambda: leader.sign.enabled)
    leader.sign.trigger()
    answer(leader, PERSON_PIN)
    wait_until(lambda: keyed.document(entity).state is State.SIGNED, LONG)
    assert keyed.document(entity).particulars.number == "157"


def test_a_number_of_another_machine_stays_when_the_leader_stops(
    keyed: Office, begin: Sessions, show: Show
) -> None:
    entity = keyed.submitted()
    page = signing(keyed, begin, show)
    page.sign.trigger()
    wait_until(lambda: page.pins.dialog is not None, LONG)
    synced(keyed)
    hold(keyed, "may-van-thu")
    assert page.pins.dialog is not None
    page.pins.dialog.reject()
    wait_until(lambda: page.model.run is None, LONG)
    assert keyed.document(entity).reserved == 157
