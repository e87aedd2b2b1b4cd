"""What a record says of a file; the bytes lie in the vault under their hash."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file by its hash.

    `size` is in bytes, `media` the media type, `name` what people called it, `role` one of
    main, attachment, slip, original, signed.
    """

    sha256: str
    size: int
    media: str = "application/pdf"
    name: str = ""
    role: str = "main"
