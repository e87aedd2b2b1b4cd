"""Set a template with data to PDF/A-2b.

Data reaches typst as one JSON text in `sys.inputs`, so nothing in it is ever code. Templates
may read only their own folder; fonts are ours alone, and embedded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from app.kernel.errors import Damaged, RuleViolation
from app.kernel.texts import resource

if TYPE_CHECKING:
    from typst import Compiler

TEMPLATES = frozenset({"document", "slip", "register", "verification"})
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_typst = Lock()


def render(
    template: str,
    data: Mapping[str, Any],
    *,
    fonts: Path | None = None,
    made_at: datetime = _EPOCH,
) -> bytes:
    """Return the PDF of a template filled with JSON-able data; same input, same bytes.

    Raises `RuleViolation("forms.template")` for an unknown template and
    `Damaged("forms.data")` where the data does not fit it.
    """
    if template not in TEMPLATES:
        raise RuleViolation("forms.template", field="template")
    from typst import TypstError

    folder = _folder("forms")
    with _typst:
        try:
            made = _compiler(folder, fonts or _folder("fonts")).compile(
                folder / f"{template}.typ",
                format="pdf",
                sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
                pdf_standards="a-2b",
                timestamp=made_at,
            )
        except TypstError:
            # The cause would carry the document's words.
            raise Damaged("forms.data") from None
    if not isinstance(made, bytes):
        raise Damaged("forms.data")
    return made


def _folder(name: str) -> Path:
    return Path(str(resource(name)))


@lru_cache(maxsize=2)
def _compiler(folder: Path, fonts: Path) -> Compiler:
    """Return the one compiler, which keeps fonts and parsed templates between documents."""
    from typst import Compiler, Fonts

    own = Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[fonts])
    return Compiler(root=folder, font_paths=own, ignore_system_fonts=True)
