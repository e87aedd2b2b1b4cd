"""From outside: an input method types, and a screen reader's view is read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import ROOT

HERE = Path(__file__).parent
SCREEN = ["dbus-run-session", "--", "xvfb-run", "-a", "-s", "-screen 0 1024x700x24"]


def run(command: list[str], home: Path, **more: str) -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("QT_", "DBUS_", "DISPLAY"))}
    env |= {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "XDG_CONFIG_HOME": str(home)}
    env |= {"XDG_CACHE_HOME": str(home), "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "xcb", **more}
    done = subprocess.run(
        [*SCREEN, *command],
        cwd=ROOT,
        env=env,
        check=False,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]


def test_ibus_unikey_types_into_every_kind_of_field(tmp_path: Path) -> None:
    out = tmp_path / "values.json"
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    script = ["sh", str(HERE / "type_with_ibus.sh"), sys.executable, str(out)]
    run(script, home, QT_IM_MODULE="ibus", GTK_IM_MODULE="ibus", XMODIFIERS="@im=ibus")
    assert json.loads(out.read_text(encoding="utf-8")) == {
        "line": "Điện Biên",
        "completed": "Sở Nội vụ",
        "area": "Đầu tư công",
        "search": "ủy ban",
    }


def test_a_screen_reader_finds_roles_and_names(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    said = tmp_path / "said.json"
    reader = str(HERE / "read_with_atspi.py")
    script = (
        f'"{sys.executable}" -m tests.ui.shell.fields "{tmp_path}/values.json" >/dev/null 2>&1 & '
        f'program=$!; PYTHONPATH= /usr/bin/python3 "{reader}" "{said}"; code=$?; kill $program; exit $code'
    )
    run(["sh", "-c", script], tmp_path, QT_LINUX_ACCESSIBILITY_ALWAYS_ON="1")
    found = {tuple(pair) for pair in json.loads(said.read_text(encoding="utf-8"))}
    assert {
        ("text", "Trích yếu"),
        ("text", "Cơ quan ban hành"),
        ("text", "Ý kiến, bắt buộc"),
        ("text", "Lọc danh sách"),
        ("label", "Trích yếu"),
    } <= found
