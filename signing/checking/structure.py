"""Compare two revisions part by part: which pages, fields, scripts and layers are not the same.

The verdict does not come from here: whatever is not expressly permitted is refused before. This
names what it was, for the person, and finds the pages worth showing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError

from signing.pdf.pages import shape_of, value_of

MAX_STEPS = 200_000
"""Pairs of objects compared before giving up; an office's letter has a few hundred."""

Key = tuple[int, int]
_MAX_DEPTH = 120
_MAX_PAGES = 5000
# Back references: they lead out of the part that is compared.
_BACK = {"/Parent", "/P", "/StructParent", "/StructParents"}
_PAGE_SHAPE = {"/Rotate", "/UserUnit"}
_SCRIPTS = {"/OpenAction", "/AA"}
_CATALOG = {
    "/OCProperties": "layers_changed",
    "/OpenAction": "script_added",
    "/AA": "script_added",
    "/PageLabels": "page_labels_changed",
    "/Perms": "permissions_changed",
}


class TooLarge(PdfError):
    """There is more to compare than is worth while."""


@dataclass
class Differences:
    """What is not the same: codes for the person, pages by number, and pages come or gone."""

    codes: list[str] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)
    overlaid: set[int] = field(default_factory=set)

    def add(self, code: str) -> None:
        """Note a code once."""
        if code not in self.codes:
            self.codes.append(code)


class _Same:
    """Compare two values with everything they lead to, but for pages: those are told by number."""

    def __init__(self, pages: set[Key]) -> None:
        self._pages = pages
        self._known: dict[tuple[Key, Key], bool] = {}
        self._steps = 0

    def __call__(self, old: Any, new: Any, depth: int = 0) -> bool:
        self._steps += 1
        if self._steps > MAX_STEPS or depth > _MAX_DEPTH:
            raise TooLarge("too much to compare")
        if isinstance(old, generic.IndirectObject) and isinstance(new, generic.IndirectObject):
            return self._references(old, new, depth)
        old, new = _direct(old), _direct(new)
        if isinstance(old, generic.DictionaryObject):
            return self._dictionaries(old, new, depth)
        if isinstance(old, generic.ArrayObject):
            return (
                isinstance(new, generic.ArrayObject)
                and len(old) == len(new)
                and all(self(a, b, depth + 1) for a, b in zip(_raw(old), _raw(new), strict=True))
            )
        return type(old) is type(new) and bool(old == new)

    def _references(self, old: Any, new: Any, depth: int) -> bool:
        pair = (_key(old), _key(new))
        if pair[0] in self._pages or pair[1] in self._pages:
            return pair[0] == pair[1]
        if pair not in self._known:
            # Parts that lead back to themselves are the same unless another part of them is not.
            self._known[pair] = True
            self._known[pair] = self(_direct(old), _direct(new), depth + 1)
        return self._known[pair]

    def _dictionaries(self, old: Any, new: Any, depth: int) -> bool:
        if not isinstance(new, generic.DictionaryObject):
            return False
        if isinstance(old, generic.StreamObject) and not (
            isinstance(new, generic.StreamObject) and old.encoded_data == new.encoded_data
        ):
            return False
        keys = set(old) - _BACK
        return keys == set(new) - _BACK and all(
            self(old.raw_get(key), new.raw_get(key), depth + 1) for key in keys
        )


def differences(old: Any, new: Any) -> Differences:
    """Compare two revisions; raises pyHanko's errors on what cannot be read."""
    found = Differences()
    before, after = list(every_page(old.root)), list(every_page(new.root))
    same = _Same({_key(page.container_ref) for page in (*before, *after)})
    _compare_catalogs(old.root, new.root, found, same)
    _compare_forms(old.root, new.root, found, same)
    if len(after) > len(before):
        found.add("page_added")
    elif len(after) < len(before):
        found.add("page_removed")
    for number in range(max(len(before), len(after))):
        if number >= len(before) or number >= len(after):
            found.pages.append(number)
            continue
        _compareevery_page(before[number], after[number], number, found, same)
    if "layers_changed" in found.codes:
        found.pages = list(range(max(len(before), len(after))))
    return found


def widgets(resolver: Any) -> Iterator[tuple[Any, list[Any]]]:
    """Yield every page with its widgets, in order."""
    for page in every_page(resolver.root):
        yield page, [a for _, a in _annotations(page) if value_of(a, "/Subtype") == "/Widget"]


def _compare_catalogs(old: Any, new: Any, found: Differences, same: _Same) -> None:
    rest = {"/Pages", "/AcroForm", "/DSS", "/Metadata", "/Extensions", "/Version", "/MarkInfo"}
    for key in sorted((set(old) | set(new)) - rest):
        if key in old and key in new and same(old.raw_get(key), new.raw_get(key)):
            continue
        if key == "/Names":
            _compare_names(value_of(old, key, {}), value_of(new, key, {}), found, same)
        else:
            found.add(_CATALOG.get(key, "catalog_changed"))


def _compare_names(old: Any, new: Any, found: Differences, same: _Same) -> None:
    codes = {"/JavaScript": "script_added", "/EmbeddedFiles": "file_attached"}
    for key in sorted(set(old) | set(new)):
        if key not in old or key not in new or not same(old.raw_get(key), new.raw_get(key)):
            found.add(codes.get(key, "catalog_changed"))


def _compare_forms(old: Any, new: Any, found: Differences, same: _Same) -> None:
    """Compare all fields but the signatures, and what holds for the whole form."""
    before, after = value_of(old, "/AcroForm", {}), value_of(new, "/AcroForm", {})
    keys = (set(before) | set(after)) - {"/Fields", "/SigFlags", "/DR", "/DA"}
    changed = any(
        key not in before or key not in after or not same(before.raw_get(key), after.raw_get(key))
        for key in keys
    )
    for key in ("/DR", "/DA"):
        if key in before and not (key in after and same(before.raw_get(key), after.raw_get(key))):
            changed = True
    if changed or not same(_others(before), _others(after)):
        found.add("form_changed")


def _others(form: Any) -> Any:
    return generic.ArrayObject(
        [f for f in value_of(form, "/Fields", ()) if value_of(_direct(f), "/FT") != "/Sig"]
    )


def _compareevery_page(old: Any, new: Any, number: int, found: Differences, same: _Same) -> None:
    if shape_of(old) != shape_of(new) or any(
        value_of(old, key) != value_of(new, key) for key in _PAGE_SHAPE
    ):
        found.add("page_shape_changed")
        found.pages.append(number)
    keys = (set(old) | set(new)) - _BACK - _PAGE_SHAPE - {"/Annots", "/MediaBox", "/CropBox"}
    for key in sorted(keys):
        if key in old and key in new and same(old.raw_get(key), new.raw_get(key)):
            continue
        found.add("script_added" if key in _SCRIPTS else "page_replaced")
        found.pages.append(number)
    _compare_annotations(_annotations(old), _annotations(new), number, found, same)
    found.pages = list(dict.fromkeys(found.pages))


def _compare_annotations(
    old: list[tuple[Key, Any]],
    new: list[tuple[Key, Any]],
    number: int,
    found: Differences,
    same: _Same,
) -> None:
    """Compare the notes and fields on a page; new signatures are judged elsewhere."""
    left = dict(old)
    for place, annotation in new:
        earlier = left.pop(place, None)
        if (earlier is not None and same(earlier, annotation)) or _is_signature(annotation):
            continue
        if value_of(annotation, "/Subtype") == "/Widget":
            found.add("form_changed")
        else:
            found.add("annotation_added" if earlier is None else "annotation_changed")
        found.pages.append(number)
        found.overlaid.add(number)
    if any(not _is_signature(annotation) for annotation in left.values()):
        found.add("annotation_changed")
        found.pages.append(number)


def _key(reference: Any) -> Key:
    """Return the number by which two revisions name the same object."""
    return (reference.idnum, reference.generation)


def _is_signature(annotation: Any) -> bool:
    parent = value_of(annotation, "/Parent")
    kind = value_of(annotation, "/FT") or (value_of(parent, "/FT") if parent else None)
    return bool(kind == "/Sig")


def _annotations(page: Any) -> list[tuple[Key, Any]]:
    """Return the annotations of a page, each with its number, else its place in the list."""
    found = []
    for index, item in enumerate(_raw(value_of(page, "/Annots", generic.ArrayObject()))):
        place = _key(item) if isinstance(item, generic.IndirectObject) else (-1, index)
        annotation = _direct(item)
        if isinstance(annotation, generic.DictionaryObject):
            found.append((place, annotation))
    return found


def every_page(root: Any) -> Iterator[Any]:
    """Yield the pages of a catalog in order, each node of their tree once; loops are errors."""
    waiting, seen, count = [root.raw_get("/Pages")], set(), 0
    while waiting:
        item = waiting.pop()
        if isinstance(item, generic.IndirectObject):
            if item.reference in seen:
                raise PdfError("the tree of pages leads back to itself")
            seen.add(item.reference)
        node = _direct(item)
        if not isinstance(node, generic.DictionaryObject):
            raise PdfError("a page is not a dictionary")
        if "/Kids" in node:
            waiting += reversed(list(_raw(node["/Kids"])))
            continue
        count += 1
        if count > _MAX_PAGES:
            raise TooLarge("too many pages to compare")
        yield node


def _raw(items: Any) -> Any:
    return (items.raw_get(index) for index in range(len(items)))


def _direct(value: Any) -> Any:
    if isinstance(value, generic.IndirectObject):
        return value.get_object()  # type: ignore[no-untyped-call]
    return value
