"""Rules of the code that no linter knows."""

from __future__ import annotations

import ast
import unicodedata

from tests.architecture.sources import PRODUCT, calls, docstrings, name_of, python_files, tree

# The three lanes where a bug of any kind must become a crash dialog or a reply, not a dead thread:
# the workers of the window, the server's skin, and the process that owns the token's library.
LANES = {"signing/tokens/helper.py", "sync/server/guard.py", "ui/bridge/runner.py"}
STYLE = "ui/kit/theme.py"


def _is_broad(handler: ast.ExceptHandler) -> bool:
    """Tell whether a handler swallows everything; one that tidies and raises again does not."""
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False
    caught = handler.type
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    names = {"Exception", "BaseException"}
    return any(k is None or (isinstance(k, ast.Name) and k.id in names) for k in kinds)


def test_broad_excepts_stand_in_the_lanes_only():
    broad = {
        name_of(path)
        for path in python_files(*PRODUCT)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and _is_broad(node)
    }
    assert broad <= LANES


def test_styles_are_set_in_the_theme_only():
    setters = {
        name_of(path)
        for path in python_files("ui")
        for name, _ in calls(path)
        if name == "setStyleSheet"
    }
    assert setters <= {STYLE}


def _is_vietnamese(text: str) -> bool:
    decomposed = unicodedata.normalize("NFD", text)
    return any(c in "đĐ" or unicodedata.combining(c) for c in decomposed)


def test_screens_hold_no_vietnamese_of_their_own():
    found = [
        f"{name_of(path)}:{node.lineno} {node.value!r}"
        for path in python_files("ui")
        for said in [docstrings(path)]
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in said
        and _is_vietnamese(node.value)
    ]
    assert not found
