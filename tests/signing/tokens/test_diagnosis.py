"""The walk through driver, reader, token, PIN, certificates, chain, clock and test signature."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.kernel.clock import Clock, FixedClock, SystemClock
from app.kernel.errors import Cancelled
from app.kernel.texts import Texts
from signing.tokens import diagnosis
from signing.tokens.diagnosis import Finding, State, Step, diagnose
from signing.tokens.signer import TokenSigner
from signing.trust.store import TrustStore
from tests.signing.conftest import MODULE, Office, Pins, use_tokens


def walk(
    office: Office,
    *modules: str,
    clock: Clock | None = None,
    trust: TrustStore | None = None,
    pins: Pins | None = None,
    drift: timedelta | None = None,
) -> list[Finding]:
    at = clock or SystemClock()
    with TokenSigner(modules or (MODULE,), at, trust or office.trust) as signer:
        return list(diagnose(signer, pins, drift))


def codes(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def test_a_sound_pc_is_sound_in_every_step(office: Office) -> None:
    pins = Pins()
    found = walk(office, pins=pins, drift=timedelta(seconds=3))
    assert [f.step for f in found if f.step not in (Step.TOKEN, Step.PIN)] == [
        Step.DRIVER,
        Step.READER,
        Step.CERTIFICATES,
        Step.CERTIFICATES,
        Step.CHAIN,
        Step.CHAIN,
        Step.CLOCK,
        Step.SIGNATURE,
    ]
    assert {f.state for f in found} == {State.OK}
    assert found[-1].code == "signature.ok"
    assert len(pins.asked) == 1


def test_without_a_prompt_no_pin_is_asked_and_nothing_signed(office: Office) -> None:
    assert "signature" not in {f.step.value for f in walk(office)}


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (datetime(2090, 1, 1, tzinfo=UTC), "certificates.expired"),
        (datetime(2020, 1, 1, tzinfo=UTC), "certificates.not_yet"),
    ],
)
def test_the_validity_is_judged_by_the_clock(office: Office, at: datetime, code: str) -> None:
    pins = Pins()
    found = walk(office, clock=FixedClock(at), pins=pins)
    assert codes(found).count(code) == 2
    assert ("clock.early" in codes(found)) is (code == "certificates.not_yet")
    assert found[-1].code == "signature.no_key"
    assert pins.asked == []


def test_an_end_that_is_near_is_warned_of(office: Office) -> None:
    with office.signer() as signer:
        end = min(c.not_after for c in signer.certificates())
    found = walk(office, clock=FixedClock(end - timedelta(days=20)))
    near = [f for f in found if f.code == "certificates.soon"]
    assert {(f.state, f.params["days"]) for f in near} == {(State.WARN, 20)}


def test_an_issuer_without_an_anchor_is_said(office: Office, tmp_path: Path) -> None:
    none = walk(office, trust=TrustStore([tmp_path]))
    assert "chain.no_anchors" in codes(none)
    other = tmp_path / "other"
    other.mkdir()
    stranger = office.folder.parent / "stranger"
    from sync.server.demo.authority import DemoAuthority
    from tests.signing.conftest import free_port

    DemoAuthority.create(stranger, [], [], port=free_port()).anchors(other)
    found = walk(office, trust=TrustStore([other]))
    assert codes(found).count("chain.unknown") == 2


@pytest.mark.parametrize(
    ("drift", "code"),
    [
        (None, "clock.alone"),
        (timedelta(minutes=-5), "clock.ok"),
        (timedelta(minutes=-6), "clock.off"),
    ],
)
def test_the_clock_is_compared(office: Office, drift: timedelta | None, code: str) -> None:
    assert code in codes(walk(office, drift=drift))


def test_no_library_and_broken_libraries(office: Office, tmp_path: Path) -> None:
    with TokenSigner((), SystemClock(), office.trust) as signer:
        assert codes(list(diagnose(signer)))[:2] == ["driver.none", "token.none"]
    broken = tmp_path / "vendor.so"
    broken.write_bytes(b"\x7fELF broken")
    alone = walk(office, str(broken))
    assert (alone[0].code, alone[0].state) == ("driver.broken", State.FAIL)
    beside = walk(office, str(broken), MODULE)
    assert (beside[0].code, beside[0].state) == ("driver.broken", State.WARN)
    missing = walk(office, str(tmp_path / "nothing.so"))
    assert missing[0].code == "driver.missing"


def test_an_empty_reader_is_said(office: Office, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        use_tokens(tmp_path / "empty", patch)
        assert "token.none" in codes(walk(office))


def test_a_wrong_pin_ends_the_walk_with_its_word(own_office: Office) -> None:
    pins = Pins("0000")
    found = walk(own_office, pins=pins)
    assert found[-1].state is State.FAIL
    assert found[-1].code.startswith("signature.pin")
    assert len(pins.asked) == 1


def test_a_person_who_stops_gets_no_verdict_on_the_signature(office: Office) -> None:
    class Stops(Pins):
        def pin(self, *_arguments: object) -> bytearray:
            raise Cancelled

    assert walk(office, pins=Stops())[-1].step is Step.CLOCK


def named_codes() -> Iterator[str]:
    """Return every code that the walk can give."""
    steps = "|".join(Step)
    for node in ast.walk(ast.parse(inspect.getsource(diagnosis))):
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, str) and re.fullmatch(rf"({steps})\.\w+", value):
            yield value


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_finding_has_its_texts(language: str) -> None:
    texts = Texts(language)
    known = {"name": "n", "n": 1, "label": "l", "serial": "s", "holder": "h", "until": "u"}
    known |= {"days": 1, "issuer": "i", "at": "a", "minutes": 1}
    found = set(named_codes())
    assert len(found) > 40
    for code in found:
        assert texts(f"diagnosis.{code}", **known) != f"diagnosis.{code}"
        texts(f"diagnosis.{code}.do", **known)
