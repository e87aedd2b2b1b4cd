"""Batches into a folder by the command line: killed, gone on with, refused, counted."""

from __future__ import annotations

import hashlib
import json
import signal
import time
from pathlib import Path

import pytest

from app.kernel.errors import Conflict, RuleViolation
from signing.batch.folder import JOURNAL, PLACE, FolderBatch, sources_of
from signing.batch.journal import Journal, Made
from tests.shim.shim import Shim
from tests.signing.batch.batches import (
    documents,
    finish,
    signatures_in,
    signed_files,
    start,
)
from tests.signing.conftest import Office

COUNT = 60


def kill_after(files: int, source: Path, out: Path, module: str) -> None:
    """Kill a batch by SIGKILL once so many results bear their names."""
    process = start(source, out, module)
    end = time.monotonic() + 120
    while len(signed_files(out)) < files:
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        pipe.close()


def test_kills_and_a_pulled_token_lose_and_double_nothing(
    office: Office, shim: Shim, tmp_path: Path
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    documents(source, COUNT)
    shim.slow("C_Sign", 10)
    for files in (10, 25):
        kill_after(files, source, out, shim.module)
        assert all(signatures_in(path) == 1 for path in signed_files(out))
    shim.remove("C_Sign", 8)
    pulled = finish(start(source, out, shim.module))
    assert pulled.code == 1 and pulled.rows[-1]["error"]["code"] == "token_gone"
    assert pulled.counts["waiting"] == COUNT - len(signed_files(out))
    shim.insert()
    last = finish(start(source, out, shim.module))
    assert last.code == 0
    assert last.counts == {"already": COUNT - last.counts["signed"]} | {
        "signed": pulled.counts["waiting"]
    }
    assert len(signed_files(out)) == COUNT
    assert all(signatures_in(path) == 1 for path in signed_files(out))
    assert COUNT <= shim.count("signed") <= COUNT + 2 * 2, "two more for each kill at the most"
    assert [p.name for p in (out / PLACE).rglob("*")] == [JOURNAL]
    again = finish(start(source, out, shim.module, pin="0000"))
    assert (again.code, again.counts) == (0, {"already": COUNT}), "no PIN is needed"


def test_what_another_put_there_is_not_written_over(
    office: Office, shim: Shim, tmp_path: Path
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    documents(source, 3)
    out.mkdir()
    (out / "vb-0001.pdf").write_bytes(b"not ours")
    (source / "bad.pdf").write_bytes(b"no PDF")
    done = finish(start(source, out, shim.module))
    assert (done.code, done.counts) == (1, {"signed": 2, "failed": 2})
    codes = {Path(r["file"]).name: r["error"]["code"] for r in done.rows[:-1] if "error" in r}
    assert codes == {"bad.pdf": "pdf_not_pdf", "vb-0001.pdf": "batch_target_taken"}
    assert (out / "vb-0001.pdf").read_bytes() == b"not ours"


def test_a_changed_result_is_told_and_not_signed_again(
    office: Office, shim: Shim, tmp_path: Path
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    documents(source, 2)
    finish(start(source, out, shim.module))
    (out / "vb-0000.pdf").write_bytes(b"changed")
    (source / "vb-0001.pdf").write_bytes((source / "vb-0000.pdf").read_bytes())
    done = finish(start(source, out, shim.module))
    assert done.counts == {"failed": 2}
    assert shim.count("signed") == 2


def test_a_wrong_pin_is_refused_once(office: Office, shim: Shim, tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    documents(source, 2)
    done = finish(start(source, out, shim.module, pin="0000"))
    assert done.code == 1 and done.rows[0]["error"]["code"].startswith("pin_incorrect")
    assert (shim.count("login_user"), signed_files(out)) == (1, [])


def test_a_batch_has_one_key_and_one_process(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    first = Journal(path)
    first.claim("01", "approve")
    with pytest.raises(Conflict, match="batch_in_use"):
        Journal(path)
    first.close()
    second = Journal(path)
    second.claim("01", "approve")
    with pytest.raises(RuleViolation, match="batch_other_key"):
        second.claim("02", "approve")
    with pytest.raises(RuleViolation, match="batch_other_key"):
        second.claim("01", "issue")
    second.close()


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_a_line_cut_by_a_kill_counts_as_nothing(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "journal"
    first = Journal(path)
    first.claim("01", "approve")
    first.note("a", Made("s", "r"))
    whole = path.read_bytes()
    first.note("b", Made("s2", "r2"))
    first.close()
    path.write_bytes(path.read_bytes()[: len(whole) + cut])
    second = Journal(path)
    second.claim("01", "approve")
    assert second.made == {"a": Made("s", "r")}
    second.note("c", Made("s3", "r3"))
    second.close()
    third = Journal(path)
    assert set(third.made) == {"a", "c"}
    third.close()


def test_the_journal_bears_no_names(tmp_path: Path) -> None:
    [path] = documents(tmp_path / "in", 1)
    secret = path.rename(path.with_name("Lò Văn Mẫu.pdf"))
    batch = FolderBatch(tmp_path / "out")
    [found] = batch.plan(sources_of([secret.parent])).waiting
    batch.journal.claim("01", "approve")
    batch.journal.note(found.name, Made(found.sha256, "r"))
    batch.close()
    text = (tmp_path / "out" / PLACE / JOURNAL).read_text()
    assert "Mẫu" not in text and "M\\u1eabu" not in text
    row = json.loads(text.splitlines()[1])
    assert row["source"] == hashlib.sha256(secret.read_bytes()).hexdigest()


def test_two_files_of_one_name_are_told(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        documents(tmp_path / folder, 1)
    files = [tmp_path / "a" / "vb-0000.pdf", tmp_path / "b" / "vb-0000.pdf"]
    batch = FolderBatch(tmp_path / "out")
    plan = batch.plan(sources_of(files))
    batch.close()
    assert len(plan.waiting) == 1
    assert [error.code for _, error in plan.refused] == ["batch_same_name"]
