"""What must not harm: files that are no good, a full disk, a wrong clock; and what is said."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.documents import commands as c
from app.documents.model import State
from app.files import checks
from app.forms.compose import compose
from app.kernel.errors import HoaBanError
from app.store import vault
from tests.ui.documents.commune import BOOK, LETTER, TODAY, Commune
from tests.ui.documents.conftest import Sessions
from tests.ui.pdfs import locked
from ui.documents.model_acts import ActModel
from ui.documents.model_register import RegisterModel
from ui.documents.page_work import WorkPage

MARKED = replace(LETTER, paragraphs=("Mở đầu.", "MẬT"))
FILES: dict[str, Callable[[], bytes]] = {
    "document.secret": lambda: compose(MARKED),
    "damaged": lambda: compose(LETTER)[:400],
    "encrypted": locked,
    "empty": bytes,
    "no pdf": lambda: b"PK\x03\x04 bang tinh (mau)",
}


def registering(session: Sessions) -> tuple[RegisterModel, list[HoaBanError]]:
    model, failed = RegisterModel(session("clerk")), []
    model.failed.connect(failed.append)
    model.active = True
    model.load()
    return model, failed


@pytest.mark.parametrize("kind", FILES)
def test_a_bad_file_is_refused_in_words_and_leaves_nothing(
    kind: str, commune: Commune, session: Sessions, tmp_path: Path
) -> None:
    scan = tmp_path / "quet.pdf"
    scan.write_bytes(FILES[kind]())
    model, failed = registering(session)
    model.begin(scan)
    assert len(failed) == 1 and model.queue == ()
    assert len(session("clerk").explain(failed[0])) > 20
    assert not commune.desk.store.vault.to_upload()


def test_a_full_disk_is_said_and_the_scan_is_not_lost(
    commune: Commune, session: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = tmp_path / "quet.pdf"
    scan.write_bytes(compose(LETTER))
    model, failed = registering(session)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "no room")

    with monkeypatch.context() as patch:
        patch.setattr(vault.Vault, "_write_whole", full)
        model.begin(scan)
    assert [e.code for e in failed] == ["store.disk_full"]
    assert "đĩa" in session("clerk").explain(failed[0]).lower()
    model.begin(scan)
    assert len(model.queue) == 1, "with room again the same scan is taken in"


def test_a_clock_years_off_gives_no_number(commune: Commune) -> None:
    entity = commune.received()
    commune.clock.advance(timedelta(days=365 * 3))
    with pytest.raises(HoaBanError) as caught:
        commune.run("clerk", c.Register(entity, BOOK, TODAY))
    assert caught.value.code == "register.year"
    assert commune.document(entity).state is State.TO_REGISTER


def test_an_act_without_undo_is_said(commune: Commune, session: Sessions) -> None:
    begun, said = session("clerk"), []
    begun.said.connect(said.append)
    ActModel(begun).act("note", c.AddNote(commune.registered(), "Đã gọi điện (mẫu)"))
    assert said == ["pages.did.note"] and begun.texts.has(said[0])


@pytest.mark.parametrize(("who", "told"), [("clerk", True), ("anna", False)])
def test_files_kept_back_are_told_to_the_clerk(
    who: str, told: bool, commune: Commune, session: Sessions
) -> None:
    commune.registered(files=(commune.pdf(MARKED),))
    while commune.desk.arrivals.step():
        pass
    with commune.desk.store.reader() as connection:
        assert len(checks.alarms(connection)) == 1
    page = WorkPage(session(who))
    page.activate()
    assert ("độ mật" in page.alarm.text) is told
    page.close_page()
    page.deleteLater()
