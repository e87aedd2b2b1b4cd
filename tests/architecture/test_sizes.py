"""Small files and small functions: what does not fit on a page is not understood."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.sources import PRODUCT, name_of, python_files, tree

FILE_LINES = 400
FUNCTION_LINES = 40


@pytest.mark.parametrize("package", [*PRODUCT, "tests"])
def test_files_are_small(package):
    sizes = {name_of(p): len(p.read_bytes().splitlines()) for p in python_files(package)}
    assert sizes
    assert not {name: size for name, size in sizes.items() if size > FILE_LINES}


@pytest.mark.parametrize("package", [*PRODUCT, "tests"])
def test_functions_are_small(package):
    long = {}
    for path in python_files(package):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    long[f"{name_of(path)}:{node.lineno} {node.name}"] = lines
    assert not long
