"""The repository's own files, as the architecture tests read them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("app", "ui", "sync", "signing")


@cache
def tracked() -> tuple[Path, ...]:
    """Return every file that git tracks and that is there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return tuple(p for name in listed.split("\0") if name and (p := ROOT / name).is_file())


def python_files(*packages: str) -> list[Path]:
    """Return the Python files of some top-level packages, tracked or not yet."""
    return sorted(p for package in packages for p in (ROOT / package).rglob("*.py"))


def name_of(path: Path) -> str:
    """Return the path from the repository's top."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Yield each call with the last part of the called name ("" when it has none)."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            target = node.func
            if isinstance(target, ast.Call):
                target = target.func
            if isinstance(target, ast.Attribute):
                yield target.attr, node
            else:
                yield (target.id if isinstance(target, ast.Name) else ""), node


def docstrings(path: Path) -> set[int]:
    """Return the ids of the constants that are docstrings."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        id(node.body[0].value)
        for node in ast.walk(tree(path))
        if isinstance(node, kinds) and node.body and isinstance(node.body[0], ast.Expr)
    }
