"""Texts by key: Vietnamese is the default and the fallback, English the second.

Texts are data in `resources/texts/<language>/<area>.json`, flat objects of key to text with
`{name}` placeholders. A missing key is a bug and raises `KeyError`; a test keeps both sides
whole.
"""

from __future__ import annotations

import json
from importlib.resources import files
from importlib.resources.abc import Traversable

from app.kernel.errors import HoaBanError

DEFAULT = "vi"


def resource(*path: str) -> Traversable:
    """Return a file or folder of `resources/`."""
    return files("resources").joinpath(*path)


class Texts:
    """Answer texts in one language."""

    def __init__(self, language: str = DEFAULT) -> None:
        self.language = language
        self._texts = _load(DEFAULT)
        if language != DEFAULT:
            self._texts |= _load(language)

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of a key with its placeholders filled."""
        text = self._texts[key]
        return text.format(**values) if values else text

    def has(self, key: str) -> bool:
        """Tell whether a key has a text."""
        return key in self._texts

    def error(self, error: HoaBanError) -> str:
        """Return what happened and what to do, in one or two sentences."""
        what = self(f"error.{error.code}", **error.params)
        remedy = self(f"error.{error.code}.do", **error.params)
        return f"{what} {remedy}".strip()


def _load(language: str) -> dict[str, str]:
    merged: dict[str, str] = {}
    for entry in resource("texts", language).iterdir():
        if entry.name.endswith(".json"):
            merged |= json.loads(entry.read_text(encoding="utf-8"))
    return merged
