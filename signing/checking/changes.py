"""What changed after a signature: only further signatures and proof data are permitted.

pyHanko also lets forms be filled after signing. An administrative document has no such right:
its number and every other field stand before the first signature. A further signature may show
itself, but not over what was signed. What is refused is named, and its places on the pages found
by drawing the signed bytes and the file as it is.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from io import SEEK_END
from typing import Any

from pyhanko.sign.diff_analysis import (
    CatalogModificationRule,
    DocInfoRule,
    DSSCompareRule,
    FormUpdatingRule,
    MetadataUpdateRule,
    ModificationLevel,
    ObjectStreamRule,
    SigFieldCreationRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
    SuspiciousModification,
    XrefStreamRule,
)

from app.kernel.ports import ShownChange
from signing.checking.dynamic import has_dynamic_content
from signing.checking.readers import is_ambiguous, strays
from signing.checking.shown import DOTS, NotComparable, Pictures, Rect, whole_page
from signing.checking.structure import differences
from signing.checking.widgets import Widget, signature_widgets
from signing.pdf.pages import BAD_FILE, filled_fields

MAX_REVISIONS = 200
"""Diffs grow with the revisions; a file with more is not one that an office made."""

FORBIDDEN = {
    "changed_after",
    "page_added",
    "page_removed",
    "page_replaced",
    "page_shape_changed",
    "annotation_added",
    "annotation_changed",
    "form_changed",
    "layers_changed",
    "script_added",
    "file_attached",
    "page_labels_changed",
    "permissions_changed",
    "catalog_changed",
    "object_replaced",
    "overlay",
    "signature_covers_content",
    "unlisted_object",
    "appended_data",
    "ambiguous_object",
    "shown_differently",
    "too_many_revisions",
}
"""Codes of changes that make a signature invalid."""

_MAX_DRAWN = 40
_MAX_LOOKS = 10
_MAX_SHARE = 0.25
# In square points: four times a seal's square (Decree 30/2020, Annex I) with room around it.
_MAX_AREA = 60_000
_LTA = ModificationLevel.LTA_UPDATES


def _policy(*, orphans: bool) -> StandardDiffPolicy:
    return StandardDiffPolicy(
        global_rules=[
            CatalogModificationRule(),  # type: ignore[no-untyped-call]
            DocInfoRule().as_qualified(_LTA),
            XrefStreamRule().as_qualified(_LTA),
            ObjectStreamRule().as_qualified(_LTA),
            DSSCompareRule().as_qualified(_LTA),
            MetadataUpdateRule().as_qualified(_LTA),  # type: ignore[no-untyped-call]
        ],
        form_rule=FormUpdatingRule(
            field_rules=[
                SigFieldCreationRule(),  # type: ignore[no-untyped-call]
                SigFieldModificationRule(),
            ]
        ),
        ignore_orphaned_objects=orphans,
    )


# Looking for orphans reads the whole file; most revisions have none, so it comes second.
_POLICIES = (_policy(orphans=False), _policy(orphans=True))

# The library logs each refusal as a warning; the verdict already says it, with its reason.
logging.getLogger("pyhanko.sign.diff_analysis").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class _Step:
    """What one revision did: why it is not permitted, and the signatures it came to show."""

    reasons: tuple[str, ...] = ()
    widgets: tuple[Widget, ...] = ()


class Revisions:
    """The changes between neighbouring revisions of one file, each looked at once."""

    def __init__(self, reader: Any, password: str = "") -> None:
        self._reader = reader
        self._steps: dict[int, _Step] = {}
        self._ends: dict[int, int] | None = None
        self._dynamic: bool | None = None
        self._strays: list[tuple[int, str]] | None = None
        self._hiding: dict[int, tuple[str, ...]] = {}
        self._looks: dict[int, tuple[str, ...]] = {}
        self._pictures = Pictures(reader.stream, password)
        self.count = int(reader.xrefs.total_revisions)

    def after(self, revision: int) -> str:
        """Return what changed after a revision: none, permitted or forbidden."""
        reasons = self.reasons(revision)
        if set(reasons) - {"not_comparable"}:
            return "forbidden"
        return "none" if revision >= self.count - 1 else "permitted"

    def reasons(self, revision: int) -> tuple[str, ...]:
        """Return codes of what is wrong with the changes after a revision, the first found first.

        `not_comparable` alone does not make a change forbidden: it could not be looked at.
        """
        if self.count > MAX_REVISIONS:
            return ("too_many_revisions",)
        found: list[str] = []
        for number in range(revision + 1, self.count):
            step = self._step(number)
            found += step.reasons
            if step.widgets:
                found += self._hidden(number)
        found += self._outside(revision)
        if not found and revision < self.count - 1:
            found += self._differs(revision)
        return tuple(dict.fromkeys(found))

    def is_dynamic(self) -> bool:
        """Tell whether the document may show itself differently without being changed."""
        if self._dynamic is None:
            self._dynamic = has_dynamic_content(self._reader)
        return self._dynamic

    def places(self, revision: int) -> tuple[ShownChange, ...]:
        """Return where the pages look different now from what was signed, as far as drawable."""
        reasons = self.reasons(revision)
        if not set(reasons) - {"not_comparable"} or self.count > MAX_REVISIONS:
            return ()
        try:
            return tuple(self._places(revision))
        except (*NotComparable, *BAD_FILE):
            return ()

    def _places(self, revision: int) -> list[ShownChange]:
        before, after = self._end(revision), self._size()
        resolver = self._reader.get_historical_resolver
        found = differences(resolver(revision), resolver(self.count - 1))
        widgets = self._shown_since(revision)
        pages = set(found.pages) | {w.page for w in widgets}
        if not pages or self._outside(revision):
            pages = set(range(max(self._pictures.pages(before), self._pictures.pages(after))))
        places: list[ShownChange] = []
        for page in sorted(pages)[:_MAX_DRAWN]:
            places += self._page_places(page, before, after, widgets, page in found.overlaid)
        return places

    def _page_places(
        self, page: int, before: int, after: int, widgets: list[Widget], covered: bool
    ) -> list[ShownChange]:
        had, has = self._pictures.pages(before), self._pictures.pages(after)
        if page >= has:
            size = self._pictures.page(after, has - 1).size
            return [whole_page(has - 1, size, "removed")]
        if page >= had:
            return [whole_page(page, self._pictures.page(after, page).size, "added")]
        hiding = {w for w in widgets if w.page == page and self._hidden(w.revision)}
        allowed = [w.rect for w in widgets if w.page == page and w not in hiding]
        return self._pictures.changes(before, after, page, allowed, covered=covered or bool(hiding))

    def _shown_since(self, revision: int) -> list[Widget]:
        return [
            widget
            for number in range(revision + 1, self.count)
            for widget in self._step(number).widgets
        ]

    def _step(self, number: int) -> _Step:
        if number not in self._steps:
            self._steps[number] = self._judge(number)
        return self._steps[number]

    def _judge(self, number: int) -> _Step:
        old = self._reader.get_historical_resolver(number - 1)
        new = self._reader.get_historical_resolver(number)
        for policy in _POLICIES:
            try:
                if is_ambiguous(self._reader, number):
                    return _Step(("ambiguous_object",))
                policy.apply(old, new)
                widgets, wrong = signature_widgets(old, new, number)
            except (SuspiciousModification, *BAD_FILE):
                continue
            return _Step(wrong, widgets)
        return _Step(_named(old, new))

    def _hidden(self, number: int) -> tuple[str, ...]:
        """Return what the signatures that a revision came to show do to what was there."""
        if number not in self._hiding:
            self._hiding[number] = self._look(self._step(number).widgets)
        return self._hiding[number]

    def _look(self, widgets: tuple[Widget, ...]) -> tuple[str, ...]:
        for widget in widgets:
            before, after = self._around(widget)
            try:
                if self._pictures.hides(before, after, widget.page, widget.rect):
                    return ("signature_covers_content",)
                if _is_large(widget.rect, self._pictures.page(after, widget.page).size):
                    return ("overlay",)
            except NotComparable:
                return ("not_comparable",)
        return ()

    def _differs(self, revision: int) -> tuple[str, ...]:
        """Compare the pages of a file in which only permitted things seem to have changed.

        When the first signed state looks as the last, those between need no look.
        """
        ends = self._signed_ends()
        first = min(ends)
        if revision != first and not self._differs(first):
            return ()
        if revision not in self._looks:
            self._looks[revision] = self._compare(ends[revision], self._shown_since(revision))
        return self._looks[revision]

    def _compare(self, before: int, widgets: list[Widget]) -> tuple[str, ...]:
        after = self._size()
        try:
            count = self._pictures.pages(after)
            if self._pictures.pages(before) != count:
                return ("shown_differently",)
            for page in range(min(count, _MAX_LOOKS)):
                allowed = [w.rect for w in widgets if w.page == page]
                if self._pictures.changes(before, after, page, allowed, covered=False):
                    return ("shown_differently",)
        except NotComparable:
            return ("not_comparable",)
        return ()

    def _around(self, widget: Widget) -> tuple[int, int]:
        """Return the states of the file to compare: the nearest where signatures overlap.

        Where they do not, the first signed state and the last serve all of them: two drawings.
        """
        ends = sorted(self._signed_ends().items())
        others = [w for w in self._shown_since(ends[0][0]) if w.page == widget.page]
        earlier = [r for r, _ in ends if r < widget.revision]
        later = [r for r, _ in ends if r >= widget.revision]
        clash = [w for w in others if w.revision != widget.revision and _touch(w.rect, widget.rect)]
        first = max(earlier) if any(w.revision < widget.revision for w in clash) else ends[0][0]
        after = range(widget.revision + 1, self.count)
        near = any(self._step(number).reasons for number in after)
        if later and (near or any(w.revision > widget.revision for w in clash)):
            return self._end(first), self._end(min(later))
        return self._end(first), self._size()

    def _outside(self, revision: int) -> list[str]:
        """Return what lies behind the signed bytes and belongs to no revision."""
        ends = self._signed_ends()
        if revision not in ends:
            return []
        if self._strays is None:
            try:
                self._strays = strays(self._reader, min(ends.values()))
            except BAD_FILE:
                self._strays = [(self._size(), "appended_data")]
        return [code for place, code in self._strays if place >= ends[revision]]

    def _end(self, revision: int) -> int:
        return self._signed_ends()[revision]

    def _signed_ends(self) -> dict[int, int]:
        """Return where the signed bytes end, by the revision that was signed."""
        if self._ends is None:
            self._ends = {}
            for _, _, widget in filled_fields(self._reader):
                try:
                    reference = widget.get_value_as_reference("/V")
                    revision = self._reader.xrefs.get_last_change(reference)
                    _, _, start, length = (int(part) for part in widget["/V"]["/ByteRange"])
                    self._ends[revision] = start + length
                except BAD_FILE:
                    continue
        return self._ends

    def _size(self) -> int:
        return int(self._reader.stream.seek(0, SEEK_END))


def _named(old: Any, new: Any) -> tuple[str, ...]:
    """Return codes of what a forbidden revision changed."""
    try:
        codes = differences(old, new).codes
    except BAD_FILE:
        return ("changed_after", "not_comparable")
    return ("changed_after", *(codes or ["object_replaced"]))


def _touch(one: Rect, other: Rect) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _is_large(rect: Rect, size: tuple[int, int]) -> bool:
    """Tell whether a rectangle is larger than any signature, on its page and by itself."""
    width, height = (side / DOTS for side in size)
    area = (rect[2] - rect[0]) * (rect[3] - rect[1])
    return area > _MAX_AREA and area > width * height * _MAX_SHARE
