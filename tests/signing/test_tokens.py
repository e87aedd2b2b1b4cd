"""Tokens: what is seen without a PIN, and every way in which a token refuses or fails."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from app.kernel.clock import FixedClock
from app.kernel.errors import Cancelled, Damaged, DeviceProblem, RuleViolation
from app.kernel.ports import Purpose, TokenState, Verdict
from signing.tokens import device as device_module
from signing.tokens.device import Device
from signing.tokens.frames import wipe
from signing.tokens.signer import TokenSigner
from sync.server.demo.authority import DemoAuthority
from tests.doubles.http import LoopbackHttp
from tests.signing.conftest import MODULE, NAME, PINS, Office, Pins, free_port


def test_tokens_and_certificates_need_no_pin(office: Office) -> None:
    with office.signer() as signer:
        tokens, certificates = signer.tokens(), signer.certificates()
    assert {t.label for t in tokens} == set(PINS)
    assert all(t.state is TokenState.FINE and "RSA_PKCS" in t.mechanisms for t in tokens)
    assert {c.holder for c in certificates} == {NAME, "UBND xã Mẫu"}
    assert all(c.may_sign and c.not_after > c.not_before and c.cert_id for c in certificates)


def test_the_desk_never_loads_the_library(office: Office) -> None:
    with office.signer() as signer:
        assert signer.tokens()
    assert "softhsm" not in Path("/proc/self/maps").read_text()


def test_a_broken_library_hides_no_other(office: Office, tmp_path: Path) -> None:
    broken = tmp_path / "vendor.so"
    broken.write_bytes(b"\x7fELF broken")
    with TokenSigner([str(broken), MODULE], FixedClock(_now()), office.trust) as signer:
        assert len(signer.tokens()) == len(PINS)
        assert signer.faults == {str(broken): "token_module"}


def test_wrong_pin_is_said_and_not_repeated(own_office: Office, letter: Path) -> None:
    with own_office.signer() as signer:
        pins = Pins("0000")
        with pytest.raises(DeviceProblem) as caught:
            signer.sign(own_office.job(signer, letter, Purpose.APPROVE), pins)
        assert caught.value.code in {"pin_incorrect", "pin_incorrect_low"}
        assert len(pins.asked) == 1
        assert not letter.with_name("letter-approve.pdf").exists()
        assert not list(letter.parent.glob("*.part"))
        assert signer.sign(own_office.job(signer, letter, Purpose.APPROVE), Pins()).field


def test_a_token_warns_and_a_locked_token_is_not_asked(office: Office, letter: Path) -> None:
    with office.signer() as signer:
        job = office.job(signer, letter, Purpose.APPROVE)
        device = signer.keys._devices[MODULE]
        seen = {"state": "locked"}
        real = device.call

        def call(name: str, blob: bytes | bytearray = b"", **head: object) -> tuple[dict, bytes]:
            """SoftHSM2 never locks: put the flag of a locked token on a real answer."""
            reply, data = real(name, blob, **head)  # type: ignore[arg-type]
            if name == "login":
                raise AssertionError("a locked token must not be asked")
            if "tokens" in reply:
                reply = {"tokens": [token | seen for token in reply["tokens"]]}
            return reply, data

        device.call = call  # type: ignore[method-assign]
        pins = Pins()
        with pytest.raises(DeviceProblem) as caught:
            signer.sign(job, pins)
        assert caught.value.code == "pin_locked"
        assert pins.asked == []
        seen["state"] = "final_try"
        assert {t.state for t in signer.tokens()} == {TokenState.FINAL_TRY}


def test_a_pulled_token_is_named_and_nothing_is_written(own_office: Office, letter: Path) -> None:
    with own_office.signer() as signer:
        job = own_office.job(signer, letter, Purpose.APPROVE)

        class Pulling(Pins):
            def pin(self, *arguments: object) -> bytearray:
                for token in (Path(os.environ["SOFTHSM2_CONF"]).parent / "tokens").iterdir():
                    shutil.rmtree(token)
                return bytearray(b"4711")

        with pytest.raises(DeviceProblem):
            signer.sign(job, Pulling())
        with pytest.raises(DeviceProblem) as caught:
            signer.sign(job, Pins())
    assert caught.value.code == "token_gone"
    assert [p.name for p in letter.parent.iterdir() if "letter" in p.name] == ["letter.pdf"]


def test_a_helper_killed_in_mid_call_is_replaced(office: Office, letter: Path) -> None:
    with office.signer() as signer:
        job = office.job(signer, letter, Purpose.APPROVE)
        device = signer.keys._devices[MODULE]

        class Killing(Pins):
            def pin(self, *arguments: object) -> bytearray:
                assert device.helper_pid
                os.kill(device.helper_pid, signal.SIGKILL)
                return bytearray(PINS["Người ký"].encode())

        with pytest.raises(DeviceProblem) as caught:
            signer.sign(job, Killing())
        assert caught.value.code == "token_crashed"
        assert signer.sign(job, Pins()).field == "Sig_NguoiKy"


def test_a_hanging_helper_is_killed_within_its_limit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "hang.py"
    program.write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setattr(
        device_module, "helper_command", lambda _module: [sys.executable, str(program)]
    )
    device = Device(MODULE, limit=0.3)
    begun = time.monotonic()
    with pytest.raises(DeviceProblem) as caught:
        device.call("tokens")
    assert caught.value.code == "token_hangs"
    assert time.monotonic() - begun < 30
    assert device.helper_pid is None


def test_a_stopped_helper_hangs_and_a_fresh_one_serves(office: Office) -> None:
    device = Device(MODULE, limit=10.0)
    device.call("tokens", refresh=True)
    assert device.helper_pid
    os.kill(device.helper_pid, signal.SIGSTOP)
    with pytest.raises(DeviceProblem) as caught:
        device.call("tokens", refresh=True, limit=0.3)
    assert caught.value.code == "token_hangs"
    reply, _ = device.call("tokens", refresh=True)
    device.close()
    assert len(reply["tokens"]) == len(PINS)


def test_the_pin_is_overwritten_whatever_comes(office: Office) -> None:
    device = Device(MODULE)
    reply, _ = device.call("tokens", refresh=True)
    pin = bytearray(b"0000")
    with pytest.raises(DeviceProblem):
        device.login(reply["tokens"][0] | {"id": "", "public": ""}, pin)
    device.close()
    assert pin == bytearray(4)
    secret = bytearray(b"1234")
    wipe(secret)
    assert secret == bytearray(4)


def test_other_bytes_than_shown_are_refused_before_the_pin(office: Office, letter: Path) -> None:
    shown = hashlib.sha256(letter.read_bytes()).hexdigest()
    with office.signer() as signer:
        job = office.job(signer, letter, Purpose.APPROVE, expected_sha256=shown)
        assert signer.sign(job, Pins()).sha256
        letter.write_bytes(letter.read_bytes() + b"\n")
        pins = Pins()
        with pytest.raises(Damaged) as caught:
            signer.sign(job, pins)
    assert caught.value.code == "pdf_not_as_shown"
    assert pins.asked == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"may_sign": False}, "certificate_not_for_signing"),
        ({"not_after": datetime(2020, 1, 1, tzinfo=UTC)}, "certificate_expired"),
        ({"not_before": datetime(2090, 1, 1, tzinfo=UTC)}, "certificate_not_yet"),
    ],
)
def test_unfit_certificates_are_refused(
    office: Office, letter: Path, change: dict[str, object], code: str
) -> None:
    with office.signer() as signer:
        job = office.job(signer, letter, Purpose.APPROVE)
        unfit = replace(job.certificate, **change)  # type: ignore[arg-type]
        pins = Pins()
        with pytest.raises(RuleViolation) as caught:
            signer.sign(replace(job, certificate=unfit), pins)
    assert caught.value.code == code
    assert pins.asked == []


def test_cancelling_changes_nothing(office: Office, letter: Path) -> None:
    class Stopped:
        def raise_if_cancelled(self) -> None:
            raise Cancelled

    before = sorted(letter.parent.iterdir())
    with office.signer() as signer, pytest.raises(Cancelled):
        signer.sign(office.job(signer, letter, Purpose.APPROVE), Pins(), Stopped())
    assert sorted(letter.parent.iterdir()) == before


def test_the_authority_is_the_same_after_a_restart(tmp_path: Path) -> None:
    people = [("a", "Người Mẫu"), ("b", "Thử")]
    first = DemoAuthority.create(tmp_path, people, [], port=free_port())
    root, person = first.certificate("root"), first.certificate("person-a")
    again = DemoAuthority.create(tmp_path, [], [])
    assert (again.certificate("root"), again.certificate("person-a")) == (root, person)
    assert again.port == first.port
    assert "MẪU".encode() in first.certificate("person-b")
    with again.serve():
        missing = LoopbackHttp().request("GET", f"http://127.0.0.1:{again.port}/nothing")
    assert missing.status == 404


def _now() -> datetime:
    return datetime(2026, 6, 1, tzinfo=UTC)


def test_a_key_without_its_id_is_found_by_its_public_part(office: Office, letter: Path) -> None:
    with office.signer() as signer:
        job = office.job(signer, letter, Purpose.APPROVE)
        unknown = replace(job.certificate, cert_id="ff" * 8)
        assert signer.sign(replace(job, certificate=unknown), Pins()).field == "Sig_NguoiKy"
    assert office.verifier().verify(job.target).verdict is Verdict.VALID


def test_a_token_without_pss_signs_with_pkcs1_and_says_so(office: Office, letter: Path) -> None:
    with office.signer() as signer:
        job = office.job(signer, letter, Purpose.APPROVE)
        device = signer.keys._devices[MODULE]
        real = device.call

        def call(name: str, blob: bytes | bytearray = b"", **head: object) -> tuple[dict, bytes]:
            """Hide PSS, as older tokens do; the signature itself is the token's own."""
            reply, data = real(name, blob, **head)  # type: ignore[arg-type]
            for token in reply.get("tokens", []):
                token["mechanisms"] = [m for m in token["mechanisms"] if "PSS" not in m]
            return reply, data

        device.call = call  # type: ignore[method-assign]
        signed = signer.sign(job, Pins())
    assert "pkcs1" in signed.warnings
    report = office.verifier().verify(signed.path)
    assert report.verdict is Verdict.VALID
    assert report.signatures[0].algorithm == "sha256_rsa sha256"


def test_one_pin_opens_a_key_for_many_signatures(office: Office, letter: Path) -> None:
    with office.signer() as signer:
        certificate = office.job(signer, letter, Purpose.APPROVE).certificate
        pins = Pins()
        with signer.keys.unlocked(certificate, pins, "approve") as key:
            signatures = [key.sign(text) for text in (b"one", b"two", b"three")]
            assert key.pss
            assert (key.token.label, key.certificate) == ("Người ký", certificate)
        with pytest.raises(DeviceProblem):
            key.sign(b"after the end")
    assert pins.asked == ["Người ký"]
    public = x509.load_der_x509_certificate(certificate.der).public_key()
    assert isinstance(public, RSAPublicKey)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    for text, signature in zip((b"one", b"two", b"three"), signatures, strict=True):
        public.verify(signature, text, pss, hashes.SHA256())
