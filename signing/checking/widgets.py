"""The signatures that a revision came to show: where they stand, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.sign.fields import enumerate_sig_fields

from signing.checking.structure import widgets
from signing.pdf.pages import shape_of, value_of

_ACTIONS = ("/A", "/AA")


@dataclass(frozen=True, slots=True)
class Widget:
    """A place on a shown page, in points, that a revision gave to a signature."""

    revision: int
    page: int
    rect: tuple[float, float, float, float]


def signature_widgets(
    old: Any, new: Any, revision: int
) -> tuple[tuple[Widget, ...], tuple[str, ...]]:
    """Return the new visible signatures of a permitted revision, and codes against them."""
    before = {name: value for name, value, _ in enumerate_sig_fields(old)}
    shown: list[Any] = []
    wrong = ["form_changed"] if draws_anew(new) and not draws_anew(old) else []
    for name, value, reference in enumerate_sig_fields(new):
        if name in before and (before[name] is not None or value is None):
            continue
        field = reference.get_object()
        kids = [kid.get_object() for kid in value_of(field, "/Kids", ())]
        visible = [w for w in (kids or [field]) if _is_visible(w)]
        if value is None and any("/AP" in w for w in visible):
            # It shows something, and signs nothing.
            wrong.append("overlay")
        if len(visible) > 1:
            wrong.append("overlay")
        if name not in before and any(key in w for w in (field, *kids) for key in _ACTIONS):
            wrong.append("script_added")
        shown += visible if value is not None else []
    if not shown:
        return (), tuple(wrong)
    return tuple(_placed(new, shown, revision)), tuple(wrong)


def draws_anew(resolver: Any) -> bool:
    """Tell whether a form asks readers to draw its fields by themselves, each in its own way."""
    asked = value_of(value_of(resolver.root, "/AcroForm", {}), "/NeedAppearances")
    return isinstance(asked, generic.BooleanObject) and bool(asked.value)


def _placed(new: Any, shown: list[Any], revision: int) -> list[Widget]:
    wanted = {_key(w) for w in shown}
    placed = []
    for number, (page, found) in enumerate(widgets(new)):
        for widget in found:
            if _key(widget) in wanted:
                rect = shape_of(page).to_shown(_rect(widget))
                placed.append(Widget(revision, number, rect))
    return placed


def _key(widget: Any) -> Any:
    reference = widget.container_ref
    return reference if isinstance(reference, generic.Reference) else id(widget)


def _is_visible(widget: Any) -> bool:
    left, bottom, right, top = _rect(widget)
    return right > left and top > bottom


def _rect(widget: Any) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(part) for part in value_of(widget, "/Rect", [0, 0, 0, 0]))
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)
