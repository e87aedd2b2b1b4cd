"""The JSON of `sign` and `verify`, texts of every code, and what may not be imported at start."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.kernel.clock import SystemClock
from app.kernel.errors import DeviceProblem, RuleViolation
from app.kernel.ports import Box, Purpose
from app.kernel.texts import Texts
from signing.checking import verify
from signing.cli import make_job, parse_box, report_json, sign_command
from signing.trust.store import TrustStore
from tests.signing.conftest import MODULE, NAME, PINS, TITLE, Office

ROOT = Path(__file__).parents[2]
ERRORS = {"RuleViolation", "Damaged", "Unavailable", "DeviceProblem"}


def test_sign_and_verify_answer_in_the_forms_of_the_contract(
    office: Office, letter: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out.pdf"
    job = make_job(letter, target, Purpose.APPROVE, box=Box(0, 300, 200, 120, 60))
    answer = sign_command(
        job,
        module=MODULE,
        token="Người ký",
        cert_id="",
        pin=PINS["Người ký"],
        clock=SystemClock(),
        trust=office.trust,
        http=office.http,
    )
    assert answer == {
        "file": str(letter),
        "output": str(target),
        "level": "B-B",
        "field": "Sig_NguoiKy",
        "signer": NAME,
        "warnings": [],
    }
    checker = office.verifier()
    found = [report_json(path, checker.verify(path)) for path in (target, letter)]
    assert json.loads(json.dumps(found)) == found
    assert [f["verdict"] for f in found] == ["valid", "unsigned"]
    assert list(found[0]) == ["file", "verdict", "signatures", "reasons", "sha256", "checked_at"]
    assert list(found[0]["signatures"][0])[:8] == [
        *("field", "signer", "verdict", "level", "signed_at", "time_source", "reasons", "changes")
    ]
    signature = found[0]["signatures"][0]
    assert (signature["changes"], signature["shown"]) == ("none", [])
    assert signature["status"]["source"] == "ocsp"
    assert signature["serial"]
    assert signature["claimed_at"] == signature["signed_at"]


def test_an_unknown_token_and_an_unknown_certificate_are_refused(
    office: Office, letter: Path
) -> None:
    job = make_job(letter, letter.with_name("o.pdf"), Purpose.APPROVE, signer_title=TITLE)
    common = {"module": MODULE, "pin": "1", "clock": SystemClock(), "trust": office.trust}
    with pytest.raises(DeviceProblem) as gone:
        sign_command(job, token="Khác", cert_id="", **common)  # type: ignore[arg-type]
    with pytest.raises(RuleViolation) as several:
        sign_command(job, token="Cơ quan", cert_id="00", **common)  # type: ignore[arg-type]
    assert (gone.value.code, several.value.code) == ("token_gone", "certificate_ambiguous")


def test_boxes_count_pages_from_one() -> None:
    assert parse_box("2,10,20.5,30,40") == Box(1, 10, 20.5, 30, 40)
    for wrong in ("", "0,1,1,1,1", "1,2,3", "1,1,1,-5,3", "a,1,1,1,1"):
        with pytest.raises(RuleViolation):
            parse_box(wrong)


def test_trust_folders_pass_over_what_is_no_certificate(office: Office, tmp_path: Path) -> None:
    (tmp_path / "note.pem").write_text("not a certificate")
    (tmp_path / "cut.der").write_bytes(office.authority.certificate("root")[:100])
    (tmp_path / "root.der").write_bytes(office.authority.certificate("root"))
    (tmp_path / "ca.cer").write_bytes(office.authority.certificate("ca"))
    store = TrustStore([tmp_path, tmp_path / "missing"])
    assert (len(store.roots), len(store.links)) == (1, 1)
    assert sorted(store.skipped) == ["cut.der", "note.pem"]


def test_every_code_has_its_texts_in_both_languages() -> None:
    codes = {code for path in (ROOT / "signing").rglob("*.py") for code in _codes(path)}
    assert "pin_locked" in codes
    reasons = verify._INVALID | verify._NOT_COMPLIANT | verify._UNKNOWN | {"legacy_format"}
    for language in ("vi", "en"):
        texts = Texts(language)
        assert [c for c in codes if not texts.has(f"error.{c}")] == []
        assert [c for c in codes if not texts.has(f"error.{c}.do")] == []
        assert [r for r in reasons if not texts.has(f"verify.reason.{r}")] == []


def test_the_start_imports_neither_pyhanko_nor_pkcs11() -> None:
    program = (
        "import sys, signing, signing.tokens.signer, signing.cli\n"
        "print([m for m in ('pyhanko', 'pkcs11', 'typst', 'PySide6') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def _codes(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            first = node.args[0] if node.args else None
            if node.func.id in ERRORS and isinstance(first, ast.Constant):
                found.add(str(first.value))
    return found
