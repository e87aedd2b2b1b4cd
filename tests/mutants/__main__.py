"""Break the code on purpose, patch by patch, and see that the named test fails.

A patch begins with the lines `Test: <pytest node>` and `Breaks: <what it spoils>`. Each is
applied to a copy of the committed tree, so the work at hand is never touched.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FAILED = 1  # pytest: some tests failed; other codes are errors of another kind
TIME_LIMIT = 300


@dataclass(frozen=True)
class Mutant:
    """One patch with its header."""

    path: Path
    test: str
    breaks: str


def read(path: Path) -> Mutant:
    """Read the header of a patch."""
    lines = path.read_text(encoding="utf-8").splitlines()
    head = dict(line.split(": ", 1) for line in lines[:2])
    return Mutant(path, head["Test"], head["Breaks"])


def git(*words: str, folder: Path = ROOT) -> int:
    """Run git quietly and answer its code."""
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, check=False).returncode


def run_test(test: str, folder: Path) -> int:
    """Run one test in a folder with this environment and answer pytest's code."""
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test]
    try:
        done = subprocess.run(
            words, cwd=folder, capture_output=True, check=False, timeout=TIME_LIMIT
        )
    except subprocess.TimeoutExpired:
        return FAILED
    return done.returncode


def judge(mutant: Mutant, copy: Path) -> str:
    """Answer "caught", or why not."""
    if run_test(mutant.test, copy) != 0:
        return "BROKEN (the test fails without the patch)"
    if git("apply", "--recount", str(mutant.path), folder=copy):
        return "STALE (the patch does not apply)"
    try:
        return "caught" if run_test(mutant.test, copy) == FAILED else "MISSED"
    finally:
        git("checkout", "-q", "--", ".", folder=copy)


def main(words: list[str]) -> int:
    """Judge the patches whose names hold one of the words."""
    patches = [
        p for p in sorted(HERE.glob("*.patch")) if not words or any(w in p.name for w in words)
    ]
    verdicts: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        if git("worktree", "add", "--detach", str(copy)):
            print("git cannot make a copy of the tree")
            return 2
        try:
            for mutant in map(read, patches):
                verdicts.append(judge(mutant, copy))
                print(
                    f"{verdicts[-1]:8} {mutant.path.stem}: {mutant.breaks} [{mutant.test}]",
                    flush=True,
                )
        finally:
            git("worktree", "remove", "--force", str(copy))
    caught = verdicts.count("caught")
    print(f"{caught} of {len(verdicts)} caught")
    return 0 if verdicts and caught == len(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
