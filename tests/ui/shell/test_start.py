"""From the login to the window and back, with real profiles."""

from __future__ import annotations

from pathlib import Path

from tests.ui.conftest import wait_until
from tests.ui.stage import PASSWORD, Stage
from ui.shell.application import Application, build


def opened(stage: Stage, person: str) -> Application:
    made = build(stage, None, "vi")
    made.start()
    wait_until(lambda: made.login._profiles)
    made.unlock(stage.folder / person, PASSWORD)
    wait_until(lambda: made.window is not None)
    return made


def test_a_password_opens_the_desk(tmp_path: Path, qapp: object) -> None:
    stage = Stage(tmp_path)
    stage.seed("mai")
    made = opened(stage, "mai")
    assert made.window is not None
    assert made.window.session.actor.name == "Lò Thị Mai"
    made.close()
