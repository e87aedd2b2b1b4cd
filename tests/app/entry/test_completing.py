"""The desk's completer: in a process of its own, with the authority in force, ended with the desk."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from app.entry.desks import launcher
from app.kernel.ports import Purpose
from app.settings import Settings
from tests.app.entry.conftest import PASSWORD
from tests.signing.conftest import Office


def workers_of_this_process() -> set[int]:
    """Return the ids of the worker processes that were started here and live."""
    lines = [p.read_text() for p in Path("/proc/self/task").glob("*/children")]
    numbers = [int(number) for line in lines for number in line.split()]
    return {n for n in numbers if b"signing.work.child" in Path(f"/proc/{n}/cmdline").read_bytes()}


def test_a_desk_completes_in_a_process_of_its_own_that_ends_with_it(
    profile: Path, office: Office, letter: Path
) -> None:
    made = office.sign(letter, Purpose.APPROVE).path
    assert made is not None
    desk = launcher(profile.parent).open(profile, PASSWORD, online=False)
    try:
        assert desk.completer is not None
        desk.settings = Settings(province={"tsa_url": office.authority.tsa_url})
        others = workers_of_this_process()
        done = desk.completer.complete(BytesIO(made.read_bytes()), BytesIO(), "B-T")
        assert (done.changed, done.levels) == (True, {"Sig_NguoiKy": "B-T"})
        [worker] = workers_of_this_process() - others
    finally:
        desk.close()
    assert not Path(f"/proc/{worker}").exists()
