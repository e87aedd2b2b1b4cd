"""The catalogue of PKCS#11 libraries that Vietnamese tokens come with; data, not code."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from app.kernel.texts import resource


def known_modules(extra: Iterable[str] = ()) -> list[str]:
    """Return the libraries that lie on this machine, the configured ones first.

    Nothing is loaded here: only existing files of the catalogue are named.
    """
    catalogue = json.loads(resource("signing", "modules.json").read_text(encoding="utf-8"))
    system = "windows" if sys.platform == "win32" else "linux"
    entry = catalogue[system]
    candidates = [Path(folder) / name for folder in entry["folders"] for name in entry["names"]]
    existing = [str(path) for path in candidates if path.is_file()]
    return list(dict.fromkeys([*extra, *existing]))
