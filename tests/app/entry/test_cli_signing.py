"""`sign`, `sign-batch` and `verify` as a script calls them: every purpose, kind and level."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from pyhanko.pdf_utils.crypt.permissions import StandardPermissions
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from app.kernel.levels import LEVELS
from app.kernel.ports import Purpose
from app.kernel.purposes import FORMS, Look, Owner
from tests.app.entry.conftest import Answer, Cli
from tests.signing.conftest import AGENCY, MODULE, NAME, PINS, Office

XML = '<?xml version="1.0" encoding="UTF-8"?>\n<bang><dong>một (mẫu)</dong></bang>\n'
BOXES = {
    Purpose.APPROVE: ("--box", "1,300,200,150,70"),
    Purpose.ISSUE: ("--box", "1,250,200,90,90"),
}
WORD = "mật khẩu tệp"
RIGHTS = StandardPermissions.allow_everything() | StandardPermissions.TOLERATE_MISSING_PDF_MAC


class Scripts:
    """Command lines over the office's tokens and anchors."""

    def __init__(self, cli: Cli, office: Office) -> None:
        self._cli = cli
        self._trust = ("--trust", office.folder / "trust")
        self._tsa = ("--tsa", office.authority.tsa_url)

    def _key(self, purpose: Purpose) -> tuple[tuple[object, ...], str]:
        token = "Người ký" if FORMS[purpose].owner is Owner.PERSON else "Cơ quan"
        words = ("--module", MODULE, "--token", token, "--purpose", purpose.value, "--pin-stdin")
        return (*words, *BOXES.get(purpose, ()), *self._trust), f"{PINS[token]}\n"

    def sign(self, source: Path, target: Path, purpose: Purpose, *more: str) -> Answer:
        """Sign one file without any line."""
        words, pin = self._key(purpose)
        word = f"{WORD}\n" if "--password-stdin" in more else ""
        return self._cli("sign", "--json", source, target, *words, *more, stdin=pin + word)

    def stamped(self, source: Path, target: Path, purpose: Purpose, *more: str) -> Answer:
        """Sign one file with a time stamp authority."""
        return self.sign(source, target, purpose, *map(str, self._tsa), *more)

    def batch(self, source: Path, out: Path, *more: str, stamped: bool = True) -> Answer:
        """Sign the PDFs of a folder."""
        words, pin = self._key(Purpose.APPROVE)
        line = (*words, *(self._tsa if stamped else ()), *more)
        word = f"{WORD}\n" if "--password-stdin" in more else ""
        return self._cli("sign-batch", "--json", source, "--out", out, *line, stdin=pin + word)

    def verify(self, *files: Path, word: str = "") -> Answer:
        """Check files with the line."""
        more = ("--password-stdin",) if word else ()
        return self._cli("verify", "--json", *files, *self._trust, *more, stdin=f"{word}\n")


@pytest.fixture
def scripts(cli: Cli, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scripts:
    # What authorities answer here is kept for no other test
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Scripts(cli, office)


@pytest.fixture
def protected(letter: Path) -> Path:
    """A letter that opens with a password only."""
    writer = copy_into_new_writer(PdfFileReader(BytesIO(letter.read_bytes())))
    writer.encrypt("chu-tep", WORD, pdf_mac=False, perms=RIGHTS)
    out = BytesIO()
    writer.write(out)
    path = letter.with_name("protected.pdf")
    path.write_bytes(out.getvalue())
    return path


@pytest.mark.parametrize("purpose", [p for p in Purpose if p is not Purpose.FILES])
def test_every_purpose_signs_a_pdf_in_its_form(
    scripts: Scripts, letter: Path, tmp_path: Path, purpose: Purpose
) -> None:
    source, target = letter, tmp_path / "out.pdf"
    if purpose is Purpose.ISSUE:
        source = tmp_path / "by-person.pdf"
        assert scripts.sign(letter, source, Purpose.APPROVE).code == 0
    words = ("--line", "Số 05 (mẫu)") if FORMS[purpose].look is Look.LINES else ()
    done = scripts.sign(source, target, purpose, *words)
    assert (done.code, done.err) == (0, ""), done
    [row] = done.rows
    person = FORMS[purpose].owner is Owner.PERSON
    assert (row["level"], row["signer"]) == ("B-B", NAME if person else AGENCY)
    assert row["field"].startswith(FORMS[purpose].field)
    found = scripts.verify(target)
    assert (found.code, found.rows[0]["verdict"]) == (0, "valid")


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_is_reached_and_said(
    scripts: Scripts, letter: Path, tmp_path: Path, level: str
) -> None:
    target = tmp_path / "out.pdf"
    done = scripts.stamped(letter, target, Purpose.APPROVE, "--level", level)
    assert (done.code, done.rows[0]["level"]) == (0, level)
    assert scripts.verify(target).rows[0]["signatures"][0]["level"] == level


def test_without_a_time_stamp_nothing_is_signed_where_one_is_required(
    scripts: Scripts, letter: Path, tmp_path: Path
) -> None:
    target, table = tmp_path / "out.pdf", tmp_path / "bang.ods"
    table.write_bytes(b"PK\x03\x04 bang (mau)")
    apart = tmp_path / "bang.ods.p7s"
    for source, made, purpose in (
        (letter, target, Purpose.APPROVE),
        (table, apart, Purpose.FILES),
    ):
        refused = scripts.sign(source, made, purpose, "--require-time")
        assert (refused.code, refused.rows[0]["error"]["code"]) == (1, "timestamp_required")
        assert not made.exists()
        done = scripts.stamped(source, made, purpose, "--require-time", "--level", "B-T")
        assert (done.code, done.rows[0]["level"]) == (0, "B-T")


def test_a_folder_is_verified_with_all_that_bears_signatures(
    scripts: Scripts, letter: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    table, package = folder / "bang.ods", tmp_path / "goi.xml"
    table.write_bytes(b"PK\x03\x04 bang (mau)")
    package.write_text(XML, encoding="utf-8")
    apart, xml, pdf = folder / "bang.ods.p7s", folder / "sub" / "goi.xml", folder / "thu.pdf"
    assert scripts.sign(table, apart, Purpose.FILES).code == 0
    assert scripts.sign(package, xml, Purpose.COMMENT).code == 0
    assert scripts.sign(letter, pdf, Purpose.APPROVE).code == 0
    found = scripts.verify(folder)
    verdicts = {row["file"]: row["verdict"] for row in found.rows}
    assert (found.code, verdicts) == (0, dict.fromkeys(map(str, (apart, xml, pdf)), "valid"))
    table.write_bytes(b"PK\x03\x04 bang (khac)")
    xml.write_text(xml.read_text("utf-8").replace("một", "hai"), encoding="utf-8")
    found = scripts.verify(apart, xml)
    assert [row["verdict"] for row in found.rows] == ["invalid", "invalid"]
    assert found.code == 1
    table.unlink()
    [row] = scripts.verify(apart).rows
    assert (row["verdict"], row["reasons"]) == ("unreadable", ["file_missing"])


def test_a_protected_pdf_is_signed_with_its_password_alone(
    scripts: Scripts, protected: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out.pdf"
    refused = scripts.sign(protected, target, Purpose.APPROVE)
    assert (refused.code, refused.rows[0]["error"]["code"]) == (1, "pdf_password")
    assert not target.exists()
    done = scripts.sign(protected, target, Purpose.APPROVE, "--password-stdin")
    assert (done.code, WORD in done.out + done.err) == (0, False)
    assert scripts.verify(target, word=WORD).rows[0]["verdict"] == "valid"


def test_a_batch_has_the_same_words_for_level_time_and_password(
    scripts: Scripts, letter: Path, protected: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    plain, shut = letter.rename(folder / "a.pdf"), protected.rename(folder / "b.pdf")
    none = scripts.batch(folder, tmp_path / "none", "--require-time", stamped=False)
    states = [(row["state"], row["error"]["code"]) for row in none.rows[:-1]]
    assert states == [("failed", "timestamp_required"), ("failed", "pdf_password")]
    out = tmp_path / "out"
    done = scripts.batch(folder, out, "--require-time", "--level", "B-T", "--password-stdin")
    assert done.code == 0, done
    rows = {row["file"]: (row["state"], row["level"]) for row in done.rows[:-1]}
    assert rows == dict.fromkeys(map(str, (plain, shut)), ("signed", "B-T"))
    assert scripts.verify(out / "b.pdf", word=WORD).rows[0]["verdict"] == "valid"
