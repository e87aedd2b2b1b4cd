"""`trust` of the command line, as the administrator of a machine uses it."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.entry import trust
from app.entry.desks import ProfileLauncher
from app.kernel.clock import SystemClock
from app.kernel.ports import Purpose
from app.store.profile_file import profiles_folder
from signing.trust.store import TrustStore
from tests.app.entry.conftest import Cli
from tests.signing.conftest import Office


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The machine's folder and the person's memory of it, both empty."""
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "etc"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "etc" / "HoaBan"


@pytest.fixture
def anchors(office: Office) -> list[Path]:
    """The certificates of the demonstration authority, as files."""
    return sorted((office.folder / "trust").glob("*.pem"))


def refused(cli: Cli, *words: object) -> str:
    """Return the code of a refusal."""
    answer = cli("trust", *words, "--json")
    assert answer.code == 1, answer
    return str(answer.rows[0]["error"]["code"])


def doctor(cli: Cli) -> dict[str, str]:
    """Return what the doctor says of trust."""
    [row] = [row for row in cli("doctor", "--json").rows if row["check"] == "trust"]
    return dict(row)


def test_the_shipped_list_is_empty_and_said_to_be(cli: Cli, machine: Path) -> None:
    assert json.loads((trust.SHIPPED / "anchors.json").read_bytes()) == {"serial": 1, "anchors": []}
    assert cli("trust", "list", "--json").rows == []
    assert doctor(cli)["state"] == "warn"
    assert not machine.exists()


def test_an_administrator_adds_and_removes(
    office: Office, cli: Cli, machine: Path, anchors: list[Path], letter: Path
) -> None:
    signed = office.sign(letter, Purpose.APPROVE, tsa=office.authority.tsa_url).path

    def verdict() -> str:
        return str(cli("verify", "--json", signed, "--offline").rows[0]["verdict"])

    before = verdict()
    added = cli("trust", "add", *anchors, "--json", "--name", "Mẫu")
    assert (added.code, before) == (0, "unknown")
    assert {row["name"] for row in added.rows} == {"Mẫu"}
    assert doctor(cli)["state"] == "ok"
    assert stat.S_IMODE((machine / "anchors.key").stat().st_mode) == 0o600
    rows = cli("trust", "list", "--json").rows
    assert {(row["list"], row["serial"]) for row in rows} == {("machine", 1)}
    found = cli("verify", "--json", signed).rows[0]["signatures"][0]
    assert "unknown_root" not in found["reasons"]
    for row in rows:
        assert cli("trust", "remove", row["sha256"].upper(), "--json").code == 0
    assert cli("trust", "list", "--json").rows == []
    assert refused(cli, "remove", rows[0]["sha256"]) == "trust_unknown"
    assert verdict() == "unknown"


def test_what_is_added_again_takes_the_new_bounds(
    cli: Cli, machine: Path, anchors: list[Path]
) -> None:
    cli("trust", "add", *anchors, "--json")
    until = ("--until", "2030-01-01T00:00:00", "--purpose", "stamping")
    cli("trust", "add", anchors[0], "--json", *until)
    rows = cli("trust", "list", "--json").rows
    assert len(rows) == len(TrustStore([anchors[0].parent]).certificates)
    bounded = [row for row in rows if row["until"]]
    assert {(row["purpose"], row["until"]) for row in bounded} == {
        ("stamping", "2030-01-01T00:00:00+07:00")
    }
    assert {row["serial"] for row in rows} == {2}
    assert refused(cli, "add", anchors[0], "--since", "hôm qua") == "input.time"
    settings = json.loads((machine / "signing.json").read_bytes())
    assert len(settings["catalogue_keys"]) == 1


def test_an_older_list_is_known_by_its_number(cli: Cli, machine: Path, anchors: list[Path]) -> None:
    cli("trust", "add", *anchors, "--json")
    old = {path.name: path.read_bytes() for path in machine.glob("anchors.json*")}
    first = cli("trust", "list", "--json").rows[0]["sha256"]
    cli("trust", "remove", first, "--json")
    for name, data in old.items():
        (machine / name).write_bytes(data)
    assert refused(cli, "list") == "trust_list_older"
    assert trust.machine_list().least == 2
    row = doctor(cli)
    assert row["state"] == "fail"
    assert row["remedy"]
    assert refused(cli, "add", *anchors) == "trust_list_older"
    assert not TrustStore(trust.sources()).anchors


def test_a_broken_list_is_neither_used_nor_signed_anew(
    cli: Cli, machine: Path, anchors: list[Path]
) -> None:
    cli("trust", "add", *anchors, "--json")
    (machine / "signing.json").write_text("{}")
    assert refused(cli, "list") == "trust_list_signature"
    assert refused(cli, "add", *anchors) == "trust_list_signature"
    assert doctor(cli)["state"] == "fail"
    assert not TrustStore(trust.sources()).anchors


def test_without_the_right_to_write_nothing_is_changed(
    cli: Cli, machine: Path, anchors: list[Path]
) -> None:
    machine.parent.mkdir()
    machine.write_text("no folder, and none can be made here")
    assert refused(cli, "add", *anchors) == "trust_list_unreadable"
    machine.unlink()
    machine.mkdir()
    (machine / ".anchors.key.part").mkdir()
    assert refused(cli, "add", *anchors) == "trust_folder"
    assert not (machine / "anchors.json").exists()


def test_only_certificates_of_authorities_are_taken(
    office: Office, cli: Cli, machine: Path, tmp_path: Path, anchors: list[Path]
) -> None:
    person = tmp_path / "person.cer"
    person.write_bytes(office.authority.certificate("person-mau"))
    note = tmp_path / "note.pem"
    note.write_text("no certificate")
    assert refused(cli, "add", anchors[0], person) == "trust_not_authority"
    assert refused(cli, "add", note) == "trust_no_certificate"
    assert refused(cli, "add", tmp_path / "missing.pem") == "trust_no_certificate"
    assert not machine.exists()


def test_the_key_may_lie_elsewhere_and_must_be_one(
    cli: Cli, machine: Path, tmp_path: Path, anchors: list[Path]
) -> None:
    key = tmp_path / "usb.pem"
    assert cli("trust", "add", *anchors, "--json", "--key", key).code == 0
    assert key.exists()
    assert not (machine / "anchors.key").exists()
    curve = ec.generate_private_key(ec.SECP256R1())
    other = curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for wrong in (b"no key", other):
        key.write_bytes(wrong)
        assert refused(cli, "add", *anchors, "--key", key) == "trust_key"
    (machine / "signing.json").write_text("[]")
    (machine / "anchors.json").unlink()
    assert refused(cli, "add", *anchors) == "trust_settings"


def test_a_plain_folder_counts_only_beside_profiles_that_were_put_somewhere(
    tmp_path: Path,
) -> None:
    chosen = ProfileLauncher(tmp_path / "profiles", SystemClock())
    assert chosen._chosen_trust() == (tmp_path / "trust",)
    assert ProfileLauncher(profiles_folder(), SystemClock())._chosen_trust() == ()
