"""The command line's contract: JSON lines alone, exit codes, every command against a server."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from app.entry.cli import MAX_INPUT
from app.features import registry
from app.identity import audit
from app.kernel.clock import SystemClock
from app.store.lock import ProfileLock
from app.store.profile import Profile
from sync.server.__main__ import main as office_line
from tests.app.entry.conftest import PASSWORD, Cli, opening
from tests.signing.conftest import MODULE, NAME, PINS, Office, free_port

WORD = f"{PASSWORD}\n"
PARTY = {"id": "p1", "kind": "organisation", "name": "Hợp tác xã mẫu"}


def said(text: str) -> str:
    """Return standard input: the password, then what a command reads."""
    return WORD + text


def test_what_one_pc_does_another_lists_after_the_exchange(
    profile: Path, province: str, cli: Cli, tmp_path: Path
) -> None:
    done = cli("do", "party.put", "--json", *opening(profile), stdin=said(json.dumps(PARTY)))
    assert (done.code, done.err) == (0, "")
    assert ["party", "p1"] in done.rows[0]["changes"]
    sent = cli("sync", "--json", "--once", *opening(profile), stdin=WORD)
    assert (sent.code, sent.rows[0]["sent"], sent.rows[0]["refused"]) == (0, 1, 0)
    other = tmp_path / "other" / "mai"
    new = ("profile", "new", "--server", province, "--user", "mai")
    assert cli(*new, *opening(other), stdin=WORD).code == 0
    taken = cli("sync", "--once", *opening(other), stdin=WORD)
    assert (taken.code, "state: ok" in taken.out) == (0, True)
    look = ("list", "party", "--json", "--query", "hop tac", *opening(other))
    found = cli(*look, stdin=WORD)
    assert [row["name"] for row in found.rows] == ["Hợp tác xã mẫu"]
    nothing = cli("list", "party", "--json", "--query", "zz", *opening(other), stdin=WORD)
    assert (nothing.code, nothing.out) == (0, "")


def test_a_stick_goes_to_the_server_and_back(
    profile: Path, cli: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli("do", "party.put", "--json", *opening(profile), stdin=said(json.dumps(PARTY)))
    stick, folder = tmp_path / "stick", tmp_path / "province"
    stick.mkdir()
    out = cli("package", "write", "--json", *opening(profile), "--to", stick, stdin=WORD)
    assert (out.code, out.rows[0]["commands"]) == (0, 1)
    where = ("--database", f"sqlite:///{folder / 'server.db'}", "--files", str(folder / "files"))
    words = ["package", "answer", *where, "--from", out.rows[0]["path"], "--to", str(stick)]
    assert office_line(words) == 0
    assert json.loads(capsys.readouterr().out)["commands"] == 1
    back = cli("package", "read", "--json", *opening(profile), "--from", stick, stdin=WORD)
    assert (back.code, back.rows[0]["accepted"], back.rows[0]["whole"]) == (0, 1, True)
    again = cli("package", "read", "--json", *opening(profile), "--from", stick, stdin=WORD)
    assert (again.code, again.rows[0]["error"]["code"]) == (1, "package.taken")


@pytest.mark.parametrize(
    ("stdin", "code"),
    [
        (said("[1]"), "input.not_json"),
        (said("{"), "input.not_json"),
        (said(" " * (MAX_INPUT + 1)), "input.too_large"),
        ("sai\n{}", "profile.wrong_password"),
        ("", "input.password"),
    ],
)
def test_a_refusal_is_one_json_object(profile: Path, cli: Cli, stdin: str, code: str) -> None:
    refused = cli("do", "party.put", "--json", *opening(profile), stdin=stdin)
    assert (refused.code, refused.err) == (1, "")
    [row] = refused.rows
    assert row["error"]["code"] == code
    assert len(row["error"]["text"]) > 10


def test_without_json_a_refusal_is_a_sentence_on_the_other_stream(profile: Path, cli: Cli) -> None:
    refused = cli("do", "no.such", *opening(profile), stdin=said("{}"))
    assert (refused.code, refused.out) == (1, "")
    assert len(refused.err) > 20


def test_a_profile_in_use_says_so(profile: Path, cli: Cli) -> None:
    lock = ProfileLock(profile)
    try:
        refused = cli("list", "party", "--json", *opening(profile), stdin=WORD)
    finally:
        lock.release()
    assert (refused.code, refused.rows[0]["error"]["code"]) == (1, "profile_in_use")
    assert str(os.getpid()) in refused.rows[0]["error"]["text"]


def test_no_profile_is_made_for_a_wrong_password_or_without_a_server(
    province: str, cli: Cli, tmp_path: Path
) -> None:
    folder = tmp_path / "mai"
    for server, password in ((province, "sai"), (f"http://127.0.0.1:{free_port()}", PASSWORD)):
        new = ("profile", "new", "--json", "--server", server, "--user", "mai")
        refused = cli(*new, *opening(folder), stdin=f"{password}\n")
        assert (refused.code, list(refused.rows[0])) == (1, ["error"])
        assert not folder.exists()


def test_a_cut_line_is_told_and_the_exit_code_says_so(profile: Path, cli: Cli) -> None:
    gone = f"http://127.0.0.1:{free_port()}"
    answer = cli("sync", "--json", "--once", "--server", gone, *opening(profile), stdin=WORD)
    assert (answer.code, answer.rows[0]["rows"]) == (1, 0)
    assert answer.rows[0]["state"] in {"offline", "server_down"}


@pytest.mark.parametrize(
    "line",
    [(), ("fly",), ("list", "party"), ("list", "party", "--profile", "x", "--limit", "0"),
     ("sign", "a", "b", "--module", "m", "--token", "t", "--purpose", "approve"),
     ("sign", "a", "b", "--module", "m", "--token", "t", "--purpose", "approve", "--pin-stdin",
      "--box", "1,2")],
)  # fmt: skip
def test_wrong_use_is_exit_code_2(cli: Cli, line: tuple[str, ...]) -> None:
    answer = cli(*line)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("python -m app")


def test_the_schema_names_every_command_kind_and_list(cli: Cli) -> None:
    answer = cli("schema", "--json")
    by = {key: {row[key] for row in answer.rows if key in row} for key in ("command", "list")}
    assert "document.register" in by["command"]
    assert {"document", "party", "register"} <= by["list"]
    [party] = [row for row in answer.rows if row.get("command") == "party.put"]
    assert {"kind", "name"} <= set(party["fields"])
    assert party["roles"] == ["clerk", "one_stop", "specialist"]


def test_the_schema_leaves_no_type_unexplained_and_no_list_without_fields(cli: Cli) -> None:
    rows = cli("schema", "--json").rows
    plain = {"str", "int", "float", "bool", "date", "datetime", "null", "Any", "bytes"}
    told = {row["type"] for row in rows if "type" in row}
    used = {
        word for row in rows for name in row.get("fields", {}).values()
        for word in re.findall(r"\w+", name)
    }  # fmt: skip
    assert used - plain == told
    assert {"Particulars", "FileRef", "Urgency"} <= told
    [urgency] = [row for row in rows if row.get("type") == "Urgency"]
    assert "express" in urgency["values"]
    assert all(row["fields"] for row in rows if "list" in row)


def test_a_list_answers_the_fields_of_its_schema(profile: Path, cli: Cli) -> None:
    fields = {
        row["list"]: set(row["fields"]) for row in cli("schema", "--json").rows if "list" in row
    }
    for name in ("unit", "person", "register"):
        found = cli("list", name, "--json", *opening(profile), stdin=f"{PASSWORD}\n")
        assert found.rows or name == "register"
        assert all(set(row) == fields[name] for row in found.rows), name


def test_the_doctor_tells_of_every_part_and_of_a_broken_profile(
    profile: Path, office: Office, cli: Cli
) -> None:
    well = cli("doctor", "--json", "--profile", profile)
    states = {row["check"]: row["state"] for row in well.rows}
    assert {"python", "database", "pdf", "forms", "signing", "keyring", "disk"} <= set(states)
    assert (well.code, states["profile"], states["tokens"]) == (0, "ok", "ok")
    assert all(set(row) == {"check", "state", "text", "remedy"} for row in well.rows)
    network = [row for row in well.rows if row["check"].startswith("network.")]
    assert [row["check"].split(".")[1] for row in network][:3] == ["pc"] * 3
    assert "mai" not in json.dumps(network)
    (profile / "profile.json").write_text("{", encoding="utf-8")
    ill = cli("doctor", "--json", "--profile", profile)
    broken = ill.rows[-2]
    assert (ill.code, broken["check"], broken["state"]) == (1, "profile", "fail")
    assert len(broken["remedy"]) > 10


def test_the_doctor_follows_the_audit_log_of_an_opened_profile(profile: Path, cli: Cli) -> None:
    asked = ("doctor", "--json", *opening(profile))
    closed = cli("doctor", "--json", "--profile", profile).rows[-1]
    assert (closed["check"], closed["state"]) == ("audit", "warn")
    assert cli("list", "party", *opening(profile), stdin="sai\n").code == 1
    assert cli("do", "party.put", *opening(profile), stdin=said(json.dumps(PARTY))).code == 0
    assert cli("list", "party", *opening(profile), stdin=WORD).code == 0
    well = cli(*asked, stdin=WORD)
    assert (well.code, well.rows[-1]["state"]) == (0, "ok")
    opened = Profile.load(profile, SystemClock())
    with opened.opened(opened.unlock(PASSWORD), registry()) as store:
        with store.reader() as connection:
            noted = [(e.action, e.detail) for e in audit.entries(connection)]
            assert well.rows[-1]["text"].endswith(audit.verify_chain(connection))
        with store.writing() as connection:
            connection.exec_driver_sql("DROP TRIGGER audit_no_delete")
            connection.exec_driver_sql("DELETE FROM audit WHERE seq = 3")
    assert noted == [
        ("sign_in", ""),
        ("login", "password"),
        ("login_failed", "1"),
        ("login", "password"),
        ("command", ""),
        ("login", "password"),
        ("export", "party"),
        ("login", "password"),
    ]
    ill = cli(*asked, stdin=WORD)
    assert (ill.code, ill.rows[-1]["state"]) == (1, "fail")
    assert "mục 3" in ill.rows[-1]["text"]


def test_a_signed_file_verifies_against_the_folder_of_trust(
    office: Office, letter: Path, cli: Cli, tmp_path: Path
) -> None:
    target = tmp_path / "out.pdf"
    sign = ("sign", "--json", letter, target, "--module", MODULE, "--token", "Người ký")
    pin = f"{PINS['Người ký']}\n"
    box = ("--box", "1,300,200,150,70")
    done = cli(*sign, "--purpose", "approve", *box, "--pin-stdin", stdin=pin)
    assert done.code == 0, done
    assert list(done.rows[0]) == ["file", "output", "level", "field", "signer"]
    assert done.rows[0]["signer"] == NAME
    trust = ("--trust", office.folder / "trust", "--offline")
    found = cli("verify", "--json", target, letter, *trust)
    assert [row["verdict"] for row in found.rows] == ["unknown", "unsigned"]
    assert found.code == 1
    now = SystemClock().now().isoformat()
    strange = cli("verify", "--json", target, "--at", now, "--offline")
    assert strange.rows[0]["signatures"][0]["reasons"]
    late = cli("verify", "--json", target, "--at", "hôm qua", *trust)
    assert (late.code, late.rows[0]["error"]["code"]) == (1, "input.time")
    nowhere = cli(*sign, "--purpose", "approve", "--box", "0,1,1,5,5", "--pin-stdin", stdin=pin)
    assert (nowhere.code, nowhere.rows[0]["error"]["code"]) == (1, "sign_box_form")


def test_the_doctor_walks_the_signing_device_and_signs_a_scrap(
    own_office: Office, cli: Cli
) -> None:
    rows = {row["check"] for row in cli("doctor", "--json").rows}
    steps = {f"token.{s}" for s in ("driver", "reader", "token", "pin", "certificates", "clock")}
    assert steps <= rows
    assert "token.signature" not in rows
    assert cli("doctor", "--json", "--test-signature").code == 2
    asked = ("doctor", "--json", "--test-signature", "--pin-stdin")
    wrong = cli(*asked, stdin="0000\n")
    [row] = [row for row in wrong.rows if row["check"] == "token.signature"]
    assert (wrong.code, row["state"]) == (1, "fail")
    assert "0000" not in wrong.out


def test_a_damaged_database_is_told_and_repaired_without_losing_what_waits(
    profile: Path, cli: Cli
) -> None:
    done = cli("do", "party.put", "--json", *opening(profile), stdin=said(json.dumps(PARTY)))
    assert done.code == 0
    sound = cli("repair", "--json", *opening(profile), stdin=WORD)
    assert (sound.code, sound.rows[0]["state"]) == (0, "sound")
    data = bytearray((profile / "desk.db").read_bytes())
    data[20] ^= 1
    (profile / "desk.db").write_bytes(data)
    asked = ("list", "party", "--json", *opening(profile))
    assert cli(*asked, stdin=WORD).rows[0]["error"]["code"] == "store.damaged"
    wrong = cli("repair", "--json", *opening(profile), stdin="sai\n")
    assert wrong.rows[0]["error"]["code"] == "profile.wrong_password"
    mended = cli("repair", "--json", *opening(profile), stdin=WORD)
    assert (mended.code, mended.rows[0]["state"], mended.rows[0]["waiting"]) == (0, "repaired", 1)
    assert (profile / mended.rows[0]["aside"]).read_bytes() == data
    doctor = cli("doctor", "--json", "--profile", profile, "--password-stdin", stdin=WORD)
    assert doctor.rows[-1]["state"] == "ok"
    sent = cli("sync", "--json", "--once", *opening(profile), stdin=WORD)
    assert (sent.code, sent.rows[0]["sent"], sent.rows[0]["refused"]) == (0, 1, 0)
    assert [row["name"] for row in cli(*asked, stdin=WORD).rows] == ["Hợp tác xã mẫu"]
