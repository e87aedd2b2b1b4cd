"""From the login to the window and back, with real profiles."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from app.entry.first import launcher
from app.kernel.clock import SystemClock
from app.kernel.texts import Texts
from app.store.profile import Profile
from app.store.profile_file import FILE, KdfParams
from tests.ui.conftest import wait_until
from tests.ui.stage import PASSWORD, Stage
from ui.kit.buttons import Button
from ui.shell.application import Application, build

_HEAVY = ("sqlalchemy", "sqlcipher3", "requests", "keyring", "pyhanko", "pypdfium2", "argon2")


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


INTERRUPTED = """
import os, signal, sys
from pathlib import Path
from tests.ui.stage import Stage
from ui.shell.application import Application, run_desk

def interrupted(made, start=Application.start):
    start(made)
    os.kill(os.getpid(), signal.SIGINT)

Application.start = interrupted
signal.signal(signal.SIGINT, lambda *_: os._exit(3))
sys.exit(run_desk(Stage(Path(sys.argv[1])), None, "vi"))
"""


def test_a_signal_while_the_window_opens_ends_it_in_order(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(tmp_path)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        timeout=300,
        check=False,
    )
    assert done.returncode == 0


def test_the_login_needs_nothing_of_what_stands_behind_it() -> None:
    loaded = f"[name for name in {_HEAVY} if name in sys.modules]"
    asked = f"import sys, app.entry.cli, app.entry.first, ui.shell.application; print({loaded})"
    said = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=300
    )
    assert said.stdout.strip() == "[]"


def test_what_a_lane_loads_has_nothing_to_do_with_qt() -> None:
    # Two threads that meet one class of PySide6 at once crash it
    asked = (
        "import sys, pathlib; from app.entry.first import launcher;"
        "launcher(pathlib.Path('nowhere')).load();"
        "print('pyhanko' in sys.modules, 'sqlalchemy' in sys.modules, 'PySide6' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=300
    )
    assert said.stdout.strip() == "False True False"


def test_what_stands_behind_the_login_is_loaded_while_the_password_is_typed(
    tmp_path: Path, qapp: object
) -> None:
    stage = Stage(tmp_path)
    stage.seed("mai")
    made = build(stage, None, "vi")
    made.start()
    wait_until(lambda: stage.loaded)
    assert made.window is None
    made.close()


def test_people_are_listed_from_their_files_and_a_broken_one_is_left_out(tmp_path: Path) -> None:
    cheap = KdfParams(rounds=1, memory=64, lanes=1)
    clock = SystemClock()
    Profile.create(tmp_path / "a", PASSWORD, clock, server="https://a", user="mai", kdf=cheap)
    Profile.create(tmp_path / "b", PASSWORD, clock, user="hoa", kdf=cheap)
    (tmp_path / "b" / FILE).write_text("{", encoding="utf-8")
    (info,) = launcher(tmp_path).profiles()
    assert (info.folder, info.user, info.server) == (tmp_path / "a", "mai", "https://a")


def test_opening_without_a_password_is_offered_when_the_keyring_has_answered(
    tmp_path: Path, qapp: object
) -> None:
    stage = Stage(tmp_path)
    stage.seed("mai")
    made = build(stage, None, "vi")
    made.start()
    wait_until(lambda: made.login.chosen is not None)
    made.login.password.setText("đang gõ")
    said = Texts()("shell.login.quick")
    quick = next(b for b in made.login.findChildren(Button) if b.accessibleName() == said)
    assert quick.isHidden()
    made.login.offer_quick(frozenset({tmp_path / "mai"}))
    assert not quick.isHidden()
    assert made.login.password.text() == "đang gõ"
    made.close()
