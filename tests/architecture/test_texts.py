"""Texts are data: every key that code uses exists, none lies idle, both languages agree."""

from __future__ import annotations

import ast
import json
import re
import string
from collections.abc import Iterator
from pathlib import Path

from app.kernel import errors
from tests.architecture.sources import PRODUCT, ROOT, calls, name_of, python_files, tree

FOLDER = ROOT / "resources" / "texts"
READERS = {"tr", "texts", "_texts"}
# Keys put together at run time: by error, by reason of a verdict.
DYNAMIC = ("error.", "verify.reason.")
# Errors that came over the wire or out of another process carry their code with them.
RELAYS = {
    "app/kernel/errors.py",
    "signing/trust/remote.py",
    "signing/work/",
    "sync/client/",
    "sync/http.py",
}
ERRORS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.HoaBanError)
}


def load(language: str) -> dict[str, str]:
    merged: dict[str, str] = {}
    for path in sorted((FOLDER / language).glob("*.json")):
        own = json.loads(path.read_text(encoding="utf-8"))
        assert not merged.keys() & own.keys(), f"{path.name} repeats keys of another area"
        merged |= own
    return merged


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def literals(node: ast.expr | None) -> Iterator[ast.Constant | ast.JoinedStr]:
    if isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from literals(value)
    elif isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    ):
        yield node


def key_arguments(name: str, call: ast.Call) -> Iterator[ast.Constant | ast.JoinedStr]:
    """Yield what a call names as the key of a text."""
    if name in READERS and call.args:
        yield from literals(call.args[0])
    if name == "Action" and len(call.args) > 1:
        yield from literals(call.args[1])
    for keyword in call.keywords:
        if keyword.arg and re.fullmatch(r"(.*_)?text_key|.*_key", keyword.arg):
            yield from literals(keyword.value)


def used_keys() -> tuple[dict[str, str], set[str]]:
    """Return the literal keys with a place of use, and the beginnings of built ones."""
    keys: dict[str, str] = {}
    prefixes: set[str] = set()
    for path in python_files(*PRODUCT):
        for name, call in calls(path):
            for node in key_arguments(name, call):
                if isinstance(node, ast.Constant):
                    keys[node.value] = f"{name_of(path)}:{node.lineno}"
                elif isinstance(node.values[0], ast.Constant):
                    prefixes.add(node.values[0].value)
    return {key: place for key, place in keys.items() if "." in key}, prefixes


def error_codes() -> tuple[dict[str, str], list[str]]:
    """Return the literal codes with a place, and the places that give no literal code."""
    codes = {"cancelled": "app/kernel/errors.py"}
    unclear: list[str] = []
    for path in python_files(*PRODUCT):
        for name, call in calls(path):
            if name not in ERRORS or name == "Cancelled":
                continue
            found = [n.value for n in literals(next(iter(call.args), None)) if _plain(n)]
            place = f"{name_of(path)}:{call.lineno}"
            codes |= dict.fromkeys(found, place)
            if not found and not name_of(path).startswith(tuple(RELAYS)):
                unclear.append(place)
    return codes, unclear


def _plain(node: ast.Constant | ast.JoinedStr) -> bool:
    return isinstance(node, ast.Constant)


def constants(path: Path) -> set[str]:
    return {
        n.value
        for n in ast.walk(tree(path))
        if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }


def test_both_languages_have_the_same_keys():
    assert load("vi").keys() == load("en").keys()


def test_both_languages_have_the_same_placeholders():
    english = load("en")
    assert not [
        key
        for key, text in load("vi").items()
        if placeholders(text) != placeholders(english.get(key, text))
    ]


def test_keys_in_use_exist():
    keys, prefixes = used_keys()
    texts = load("vi")
    assert not {key: place for key, place in keys.items() if key not in texts}
    assert not [p for p in prefixes if not any(key.startswith(p) for key in texts)]


def test_no_key_lies_idle():
    _, prefixes = used_keys()
    named = set().union(*(constants(path) for path in python_files(*PRODUCT)))
    built = (*DYNAMIC, *(p for p in prefixes if "." in p))
    assert not [k for k in load("vi") if k not in named and not k.startswith(built)]


def test_error_texts_belong_to_errors():
    codes, _ = error_codes()
    told = {k.removeprefix("error.").removesuffix(".do") for k in load("vi") if k[:6] == "error."}
    named = set().union(*(constants(path) for path in python_files(*PRODUCT)))
    assert not told - codes.keys() - named


def test_every_error_says_what_happened_and_what_to_do():
    codes, unclear = error_codes()
    texts = load("vi")
    assert not unclear, "codes are literal, so that this test sees them"
    assert not {
        code: place
        for code, place in codes.items()
        if not texts.get(f"error.{code}") or f"error.{code}.do" not in texts
    }
