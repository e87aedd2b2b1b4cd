"""The line of a batch in this process: counts, bad documents, pause, cancel, a key that ends."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pytest

from app.kernel.batch import BatchControl, PieceState
from app.kernel.errors import Damaged, DeviceProblem, HoaBanError, Unavailable
from app.kernel.ports import CertificateInfo, Purpose, SignedFile, SignJob
from signing.batch.pace import Pace
from signing.batch.signer import TokenBatchSigner
from tests.shim.shim import Shim
from tests.signing.batch.batches import documents, signatures_in
from tests.signing.conftest import Pins


@dataclass
class Stream:
    """A document whose bytes never lie on the disk, as those of a desk."""

    id: str
    data: bytes
    certificate: CertificateInfo
    made: BytesIO = field(default_factory=BytesIO)
    ends: list[object] = field(default_factory=list)

    def open(self) -> SignJob:
        """Return the job."""
        shown = hashlib.sha256(self.data).hexdigest()
        source, purpose = BytesIO(self.data), Purpose.APPROVE
        return SignJob(source, self.made, purpose, self.certificate, expected_sha256=shown)

    def keep(self, signed: SignedFile) -> None:
        """Take note."""
        self.ends.append(signed)

    def drop(self, error: HoaBanError | None) -> None:
        """Take note."""
        self.ends.append(error)


def pieces(signer: TokenBatchSigner, folder: Path, count: int) -> list[Stream]:
    certificate = next(c for c in signer.certificates() if c.token.label == "Người ký")
    paths = documents(folder, count)
    return [Stream(p.stem, p.read_bytes(), certificate) for p in paths]


def run(
    signer: TokenBatchSigner, todo: list[Stream], control: BatchControl, pins: Pins | None = None
) -> None:
    key = todo[0].certificate
    signer.sign_batch(todo, key, pins or Pins(), Purpose.APPROVE, control)


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def states(control: BatchControl) -> dict[str, PieceState]:
    return {o.id: o.state for o in control.outcomes()}


def test_one_pin_signs_all_and_a_bad_document_stops_no_other(
    signer: TokenBatchSigner, shim: Shim, tmp_path: Path
) -> None:
    todo = pieces(signer, tmp_path / "in", 7)
    todo[3].data = b"%PDF-1.7 broken"
    pins, control = Pins(), BatchControl()
    run(signer, todo, control, pins)
    assert (pins.asked, shim.count("login_user")) == (["Người ký"], 1)
    assert (control.tally.done, control.tally.failed, control.tally.total) == (6, 1, 7)
    assert shim.count("signed") == 6
    assert isinstance(todo[3].ends[0], Damaged)
    for piece in todo[:3] + todo[4:]:
        path = tmp_path / f"{piece.id}.pdf"
        path.write_bytes(piece.made.getvalue())
        assert signatures_in(path) == 1
        assert len(piece.ends) == 1


def test_other_bytes_than_were_looked_at_are_not_signed(
    signer: TokenBatchSigner, shim: Shim, tmp_path: Path
) -> None:
    todo = pieces(signer, tmp_path / "in", 2)
    shown = todo[0].open().expected_sha256
    todo[0].open = lambda: SignJob(  # type: ignore[method-assign]
        BytesIO(todo[1].data), BytesIO(), Purpose.APPROVE, todo[0].certificate,
        expected_sha256=shown,
    )  # fmt: skip
    control = BatchControl()
    run(signer, todo, control)
    assert getattr(todo[0].ends[0], "code", "") == "pdf_not_as_shown"
    assert (control.tally.done, shim.count("signed")) == (1, 1)


def test_a_wrong_pin_touches_no_document(
    signer: TokenBatchSigner, shim: Shim, tmp_path: Path
) -> None:
    todo = pieces(signer, tmp_path / "in", 3)
    with pytest.raises(DeviceProblem, match="pin_incorrect"):
        run(signer, todo, BatchControl(), Pins("0000"))
    assert (shim.count("login_user"), shim.count("signed")) == (1, 0)
    assert not any(piece.ends for piece in todo)


def test_a_pulled_token_leaves_the_rest_waiting_and_asks_again_when_told(
    signer: TokenBatchSigner, shim: Shim, tmp_path: Path
) -> None:
    todo = pieces(signer, tmp_path / "in", 9)
    shim.remove("C_Sign", 4)
    control = BatchControl()
    run(signer, todo, control)
    assert control.halted is not None and control.halted.code == "token_gone"
    assert (control.tally.done, control.tally.failed) == (3, 0)
    assert shim.count("login_user") == 1, "nobody logs in again by himself"
    left = [p for p in todo if states(control).get(p.id) is not PieceState.DONE]
    assert len(left) == 6 and all(p.made.getvalue() == b"" for p in left)
    shim.insert()
    again, pins = BatchControl(), Pins()
    run(signer, left, again, pins)
    assert (again.tally.done, len(pins.asked)) == (6, 1)
    assert shim.count("signed") == 9


def test_pause_and_cancel_fall_between_two_documents(
    signer: TokenBatchSigner, shim: Shim, tmp_path: Path
) -> None:
    todo = pieces(signer, tmp_path / "in", 30)
    shim.slow("C_Sign", 30)
    control = BatchControl()
    thread = threading.Thread(target=run, args=(signer, todo, control))
    thread.start()
    until(lambda: control.tally.done >= 4)
    control.pause()
    until(lambda: shim.count("C_Sign") == shim.count("signed"))
    held = shim.count("signed")
    until(lambda: control.tally.done == shim.count("signed"))
    assert control.tally.paused and shim.count("signed") <= held + 1
    control.go_on()
    until(lambda: control.tally.done > held + 1)
    assert control.tally.seconds_left is not None
    control.cancel()
    thread.join()
    done = control.tally.done
    assert control.halted is None and control.tally.failed == 0
    assert done == shim.count("signed") < 30
    assert sum(s is PieceState.DONE for s in states(control).values()) == done


def test_a_bug_ends_the_batch_and_is_not_hidden(
    signer: TokenBatchSigner, shim: Shim, tmp_path: Path
) -> None:
    todo = pieces(signer, tmp_path / "in", 5)

    def broken(_: SignedFile) -> None:
        raise KeyError("bug")

    todo[0].keep = broken  # type: ignore[method-assign]
    with pytest.raises(KeyError, match="bug"):
        run(signer, todo, BatchControl())


def test_a_full_disk_stops_all_and_fails_none(
    signer: TokenBatchSigner, shim: Shim, tmp_path: Path
) -> None:
    todo = pieces(signer, tmp_path / "in", 5)

    def full(_: SignedFile) -> None:
        raise Unavailable("store.disk_full")

    for piece in todo:
        piece.keep = full  # type: ignore[method-assign]
    control = BatchControl()
    run(signer, todo, control)
    assert control.halted is not None and control.halted.code == "store.disk_full"
    assert (control.tally.done, control.tally.failed) == (0, 0)


def test_a_long_pause_closes_the_key() -> None:
    control = BatchControl()
    control.pause()
    with pytest.raises(Unavailable, match="batch_pause_over"):
        control.wait_turn(0.01)


def test_the_time_left_is_the_median_of_the_last_steps() -> None:
    pace = Pace(0.0)
    assert (pace.step(1.0, 9), pace.step(2.0, 8)) == (None, None)
    assert pace.step(300.0, 7) == 7.0, "one long pause changes nothing"
    assert pace.step(301.0, 6) == 6.0
