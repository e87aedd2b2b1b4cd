"""A feature leaves by its folders and one line per list: the product without bulletins runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import ROOT

FOLDERS = ("app/bulletins", "ui/bulletins", "tests/app/bulletins", "tests/ui/bulletins")
TEXTS = ("resources/texts/vi/bulletins.json", "resources/texts/en/bulletins.json")
LISTS = ("app/features.py", "ui/features.py")
SMOKE = """
import sys
from pathlib import Path
from app.entry.schema import rows
from app.features import registry
from tests.ui.conftest import wait_until
from tests.ui.stage import PASSWORD, Stage
from ui.features import PAGES
from ui.shell.application import build

assert "bulletin" not in registry().kinds
said = " ".join(map(str, rows()))
assert "document.register" in said and "bulletin" not in said
assert {p.name for p in PAGES} >= {"outbox", "settings"} and "bulletins" not in {p.name for p in PAGES}
stage = Stage(Path(sys.argv[1]))
stage.seed("mai")
made = build(stage, None, "vi")
made.start()
made.unlock(stage.folder / "mai", PASSWORD)
wait_until(lambda: made.window is not None)
made.window.open_keys()
made.close()
print("runs without it")
"""


def copy_of_the_tree(target: Path) -> None:
    """Copy every file that git knows or would know."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)


def take_out(tree: Path) -> dict[str, int]:
    """Take the feature out; return how many lines went from each list."""
    for folder in FOLDERS:
        shutil.rmtree(tree / folder)
    for name in TEXTS:
        (tree / name).unlink()
    gone = {}
    for name in LISTS:
        lines = (tree / name).read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if "bulletins" not in line]
        gone[name] = len(lines) - len(kept)
        (tree / name).write_text("".join(kept), encoding="utf-8")
    return gone


def test_bulletins_leave_by_their_folders_and_one_line_per_list(tmp_path: Path) -> None:
    tree, folder = tmp_path / "tree", tmp_path / "profiles"
    copy_of_the_tree(tree)
    assert take_out(tree) == dict.fromkeys(LISTS, 1)
    ran = subprocess.run(  # noqa: PLW1510 - its code is the question
        [sys.executable, "-c", SMOKE, str(folder)],
        cwd=tree, capture_output=True, text=True, timeout=600,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(tree)},
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (0, "runs without it\n"), ran.stderr[-2000:]
