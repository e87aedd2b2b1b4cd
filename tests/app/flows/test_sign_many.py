"""Many documents, one PIN: numbers in order, the rules of one document for each, and what is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from app.documents.model import Document, State
from app.flows.ports import SigningPorts
from app.flows.sign_document import SignRequest, content_of
from app.flows.sign_many import Seen, give_back_many, number_many, sign_many
from app.flows.signing import Appearance
from app.identity import audit
from app.kernel.batch import BatchControl, PieceState
from app.kernel.errors import Cancelled, DeviceProblem
from app.kernel.ports import Box, FileReport, Verdict, Verifier
from signing.batch.signer import TokenBatchSigner
from signing.pdf.appearance import demo_signature
from signing.pdf.placement import find_box
from tests.shim.fixtures import shim, shim_library
from tests.shim.shim import Shim
from tests.signing.conftest import Pins
from tests.ui.outgoing.keys import PERSON_PIN, Keys, make_keys
from tests.ui.outgoing.office import STAFF, Office, actor, open_office

__all__ = ["shim", "shim_library"]
LEADER = actor("leader")
WHY = "Chưa ký (mẫu)"
PLACE = Box(0, 300, 200, 120, 60)


class Goes:
    """Nobody stops it."""

    def raise_if_cancelled(self) -> None:
        """Go on."""


@dataclass
class Stops:
    """Stop at the nth question."""

    after: int

    def raise_if_cancelled(self) -> None:
        """Raise when it is time."""
        self.after -= 1
        if self.after < 0:
            raise Cancelled


@dataclass
class Desk:
    """A desk with the chairman's token behind the shim."""

    office: Office
    shim: Shim
    pins: Pins = field(default_factory=lambda: Pins(PERSON_PIN))
    control: BatchControl = field(default_factory=BatchControl)
    verifier: Verifier | None = None

    @property
    def ports(self) -> SigningPorts:
        desk = self.office.desk
        return SigningPorts(
            get=desk.store.get,
            run=desk.run,
            vault=desk.store.vault,
            signer=desk.signer,
            verifier=self.verifier or desk.verifier,
            prompts=self.pins,
            clock=desk.clock,
            note=desk.note,
            device=desk.store.device,
        )

    def documents(self, count: int) -> list[str]:
        return [self.office.submitted(f"Báo cáo số {n} (mẫu)") for n in range(count)]

    def number(self, documents: Sequence[str]) -> None:
        assert number_many(self.ports, LEADER, documents, WHY, Goes(), _silent) == {}

    def seen(self, documents: Sequence[str]) -> list[Seen]:
        certificate = next(c for c in self.office.desk.signer.certificates() if _own(c.holder))
        look = Appearance(demo_signature(STAFF["leader"][0]), box=PLACE)
        names = (STAFF["leader"][0], certificate.holder)
        requests = [SignRequest(d, certificate, look, WHY, names) for d in documents]
        return [Seen(r, content_of(self.office.document(r.document))) for r in requests]

    def sign(self, run: Sequence[Seen]) -> None:
        signer = self.office.desk.signer
        assert isinstance(signer, TokenBatchSigner)
        sign_many(self.ports, signer, LEADER, run, lambda *_: None, self.control)

    def states(self, documents: Sequence[str]) -> list[State]:
        return [self.office.document(d).state for d in documents]

    def numbers(self, documents: Sequence[str]) -> list[int | None]:
        return [self.office.document(d).reserved for d in documents]


def _silent(_done: int, _total: int) -> None:
    """Hear nothing."""


def _own(holder: str) -> bool:
    return STAFF["leader"][0] in holder


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keys]:
    with pytest.MonkeyPatch.context() as patch:
        yield make_keys(tmp_path_factory.mktemp("keys"), patch)


@pytest.fixture
def desk(tmp_path: Path, keys: Keys, shim: Shim) -> Iterator[Desk]:
    folder = tmp_path / "desk"
    folder.mkdir()
    made = open_office(folder, signer=keys.signer(shim.module), trust=keys.trust)
    yield Desk(made, shim)
    made.close()


def test_all_are_signed_with_one_pin_and_numbered_in_order(desk: Desk) -> None:
    documents = desk.documents(5)
    desk.number(documents)
    assert desk.numbers(documents) == [157, 158, 159, 160, 161]
    desk.sign(desk.seen(documents))
    assert (desk.pins.asked, desk.shim.count("login_user")) == (["Người ký"], 1)
    assert desk.shim.count("signed") == 5
    assert desk.states(documents) == [State.SIGNED] * 5
    for entity in documents:
        made = desk.office.document(entity)
        assert made.main_file is not None
        assert len(made.signatures) == 1 and made.particulars.number == str(made.reserved)
        with desk.office.desk.store.vault.open(made.main_file.sha256) as stream:
            report = desk.office.desk.verifier.verify(stream)
            assert report.verdict is not Verdict.INVALID and len(report.signatures) == 1
    held = (p.read_bytes() for p in desk.office.desk.store.folder.rglob("*") if p.is_file())
    assert not any(b"%PDF-" in data for data in held)


def test_a_bad_document_in_the_middle_stops_no_other_and_voids_no_number(desk: Desk) -> None:
    documents = desk.documents(4)
    run = desk.seen(documents)
    desk.number(documents)
    run[1] = replace(run[1], content="another")
    desk.sign(run)
    failed = [o for o in desk.control.outcomes() if o.state is PieceState.FAILED]
    assert [(o.id, o.error and o.error.code) for o in failed] == [
        (documents[1], "pdf_not_as_shown")
    ]
    assert desk.states(documents) == [State.SIGNED, State.NUMBERED, State.SIGNED, State.SIGNED]
    assert desk.shim.count("signed") == 3
    give_back_many(desk.ports, LEADER, documents, WHY)
    assert desk.numbers(documents) == [157, 158, 159, 160], "158 could only be struck through"
    with desk.office.desk.store.reader() as connection:
        noted = [(e.objects[0], e.detail) for e in audit.entries(connection) if e.action == "sign"]
    assert (documents[1], "approve:pdf_not_as_shown") in noted
    assert sum(detail == "approve:done" for _, detail in noted) == 3


def test_a_result_that_our_own_check_refuses_is_not_kept(desk: Desk) -> None:
    documents = desk.documents(2)
    desk.number(documents)

    class Refuses:
        def verify(self, *_: object, **__: object) -> FileReport:
            return FileReport(Verdict.INVALID)

    desk.verifier = Refuses()
    desk.sign(desk.seen(documents))
    assert {o.error.code for o in desk.control.outcomes() if o.error} == {"flow.bad_signature"}
    assert desk.states(documents) == [State.NUMBERED] * 2
    assert not any(desk.office.document(d).signatures for d in documents)


def test_a_pulled_token_leaves_the_rest_with_their_numbers_and_nothing_twice(desk: Desk) -> None:
    documents = desk.documents(6)
    desk.number(documents)
    run = desk.seen(documents)
    desk.shim.remove("C_Sign", 3)
    desk.sign(run)
    assert desk.control.halted is not None and desk.control.halted.code == "token_gone"
    assert desk.states(documents).count(State.SIGNED) == 2
    assert desk.numbers(documents) == list(range(157, 163))
    assert desk.shim.count("login_user") == 1, "nobody logs in again by himself"
    with pytest.raises(DeviceProblem, match="token_gone"):
        desk.sign(run)
    assert desk.numbers(documents) == list(range(157, 163)), "the numbers wait with the documents"
    desk.shim.insert()
    desk.control = BatchControl()
    desk.sign(run)
    refused = [o.error.code for o in desk.control.outcomes() if o.error is not None]
    assert refused == ["document.state"] * 2, "what is signed is refused before the key"
    assert desk.states(documents) == [State.SIGNED] * 6
    assert (desk.shim.count("signed"), len(desk.pins.asked)) == (6, 2)


def test_a_stop_gives_the_numbers_back_to_the_book(desk: Desk) -> None:
    documents = desk.documents(8)
    desk.number(documents)
    stopping = desk.ports.verifier

    class StopsThere:
        def verify(self, *asked: object, **more: bool) -> FileReport:
            desk.control.cancel()
            return stopping.verify(*asked, **more)  # type: ignore[arg-type]

    desk.verifier = StopsThere()
    with pytest.raises(Cancelled):
        desk.sign(desk.seen(documents))
    states = desk.states(documents)
    last = max(n for n, state in enumerate(states) if state is State.SIGNED)
    assert desk.shim.count("signed") == states.count(State.SIGNED) and last < 7
    assert states[last + 1 :] == [State.SUBMITTED] * (7 - last)
    assert State.SUBMITTED not in states[:last], "these could only be struck through: they wait"
    later = desk.documents(1)
    desk.number(later)
    assert desk.numbers(later) == [157 + last + 1], "the book goes on without a gap"


def test_a_stop_while_numbering_leaves_no_number(desk: Desk) -> None:
    documents = desk.documents(3)
    with pytest.raises(Cancelled):
        number_many(desk.ports, LEADER, documents, WHY, Stops(2), _silent)
    assert desk.states(documents) == [State.SUBMITTED] * 3


def test_what_cannot_be_numbered_is_told_and_the_others_go_on(desk: Desk) -> None:
    first, last = desk.documents(2)
    refused = number_many(desk.ports, LEADER, [first, "nothing", last], WHY, Goes(), _silent)
    assert {d: e.code for d, e in refused.items()} == {"nothing": "document.unknown"}
    assert desk.numbers([first, last]) == [157, 158]


def test_the_place_is_found_on_the_numbered_page_unless_it_was_chosen(desk: Desk) -> None:
    documents = desk.documents(2)
    desk.number(documents)
    run = desk.seen(documents)
    look = replace(run[1].request.look, box=None)
    run[1] = replace(run[1], request=replace(run[1].request, look=look))
    asked: list[str] = []
    find: Callable[..., Box | None] = find_box

    def place(document: Document, page: object) -> Box | None:
        asked.append(document.id)
        p = document.particulars
        return find(page, p.signer, p.signer_title, "approve")

    signer = desk.office.desk.signer
    assert isinstance(signer, TokenBatchSigner)
    sign_many(desk.ports, signer, LEADER, run, place, desk.control)
    assert asked == [documents[1]]
    boxes = {o.id: o.signed.box for o in desk.control.outcomes() if o.signed is not None}
    assert boxes[documents[0]] == PLACE and boxes[documents[1]] not in (None, PLACE)
