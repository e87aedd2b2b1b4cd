"""What changed after a signature: only further signatures and proof data are permitted.

pyHanko also lets forms be filled after signing. An administrative document has no such right:
its number and every other field stand before the first signature.
"""

from __future__ import annotations

import logging
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
from pyhanko.sign.fields import enumerate_sig_fields

from signing.pdf.pages import BAD_FILE, value_of

MAX_REVISIONS = 200
"""Diffs grow with the revisions; a file with more is not one that an office made."""

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


class Revisions:
    """The changes between neighbouring revisions of one file, each looked at once."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self._steps: dict[int, bool] = {}
        self.count = int(reader.xrefs.total_revisions)

    def after(self, revision: int) -> str:
        """Return what changed after a revision: none, permitted or forbidden."""
        if revision >= self.count - 1:
            return "none"
        if self.count > MAX_REVISIONS:
            return "forbidden"
        steps = range(revision + 1, self.count)
        return "permitted" if all(self._step(number) for number in steps) else "forbidden"

    def _step(self, number: int) -> bool:
        if number not in self._steps:
            self._steps[number] = self._permitted(number)
        return self._steps[number]

    def _permitted(self, number: int) -> bool:
        old = self._reader.get_historical_resolver(number - 1)
        new = self._reader.get_historical_resolver(number)
        for policy in _POLICIES:
            try:
                policy.apply(old, new)
                return not _shows_unsigned(old, new)
            except (SuspiciousModification, *BAD_FILE):
                continue
        return False


def _shows_unsigned(old: Any, new: Any) -> bool:
    """Tell whether a revision adds a signature field that shows something but signs nothing."""
    before = {name for name, _, _ in enumerate_sig_fields(old)}
    for name, value, reference in enumerate_sig_fields(new):
        if name in before or value is not None:
            continue
        widget = reference.get_object()
        left, bottom, right, top = (float(part) for part in value_of(widget, "/Rect", [0, 0, 0, 0]))
        if right > left and top > bottom and "/AP" in widget:
            return True
    return False
