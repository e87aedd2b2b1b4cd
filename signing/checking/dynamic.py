"""Content that may show itself differently without a change of the file.

It was there when the signer signed, so the signature holds; but what he saw is not bound to stay
what the next reader sees. That is said beside the verdict.
"""

from __future__ import annotations

from typing import Any

from signing.checking.structure import every_page
from signing.checking.widgets import draws_anew
from signing.pdf.pages import BAD_FILE, value_of

_MAX_FIELDS = 5000
_LIVE = {"/Screen", "/Movie", "/Sound", "/RichMedia", "/3D"}
_ACTIONS = {"/JavaScript", "/SetOCGState", "/Hide", "/ImportData", "/Rendition", "/Trans"}


def has_dynamic_content(reader: Any) -> bool:
    """Tell whether scripts, layers, living forms or content from outside are in a document."""
    try:
        root = reader.root
        return (
            _has_scripts(root)
            or _has_living_form(reader)
            or _has_layers(root)
            or any(_is_living_page(page) for page in every_page(root))
        )
    except BAD_FILE:
        return False


def _has_scripts(root: Any) -> bool:
    names = value_of(root, "/Names", {})
    return "/JavaScript" in names or "/AA" in root or _acts(value_of(root, "/OpenAction"))


def _has_living_form(reader: Any) -> bool:
    form = value_of(reader.root, "/AcroForm", {})
    if "/XFA" in form or draws_anew(reader):
        return True
    waiting, seen = [*value_of(form, "/Fields", ())], 0
    while waiting and seen < _MAX_FIELDS:
        field = waiting.pop().get_object()
        seen += 1
        if "/AA" in field or _acts(value_of(field, "/A")):
            return True
        waiting += value_of(field, "/Kids", ())
    return False


def _has_layers(root: Any) -> bool:
    """Tell whether layers are hidden, or shown by circumstances (ISO 32000-2, 8.11.4)."""
    layers = value_of(root, "/OCProperties", {})
    plan = value_of(layers, "/D", {})
    return (
        bool(value_of(plan, "/OFF", ()))
        or bool(value_of(plan, "/AS", ()))
        or value_of(plan, "/BaseState", "/ON") != "/ON"
        or bool(value_of(layers, "/Configs", ()))
    )


def _is_living_page(page: Any) -> bool:
    if "/AA" in page:
        return True
    for item in value_of(page, "/Annots", ()):
        annotation = item.get_object()
        if value_of(annotation, "/Subtype") in _LIVE or "/AA" in annotation:
            return True
        if _acts(value_of(annotation, "/A")):
            return True
    pictures = value_of(value_of(page, "/Resources", {}), "/XObject", {})
    return any(_is_from_outside(value_of(pictures, name, {})) for name in pictures)


def _is_from_outside(picture: Any) -> bool:
    """Tell whether a picture lies in another file, or has another one for other occasions."""
    return any(key in picture for key in ("/F", "/Ref", "/Alternates", "/OPI"))


def _acts(action: Any) -> bool:
    return hasattr(action, "keys") and value_of(action, "/S") in _ACTIONS
