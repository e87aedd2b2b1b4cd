"""Which part of PDF/A a file says that it keeps to, so that what is added keeps to it too."""

from __future__ import annotations

import re
from typing import Any

from signing.pdf.pages import BAD_FILE, value_of

# The identification schema, as an element or as an attribute (ISO 19005-1, 6.7.11).
_PART = re.compile(rb"pdfaid:part\s*(?:=\s*[\"']|>)\s*(\d)")


def archive_part(root: Any) -> int:
    """Return the part of PDF/A that a catalog's metadata name, 0 for none."""
    try:
        metadata = value_of(root, "/Metadata")
        said = _PART.search(metadata.data) if metadata is not None else None
    except BAD_FILE:
        return 0
    return int(said.group(1)) if said is not None else 0
