"""Edits of the same record by several people: what merges, and what stays as a proposal.

Three values meet: what the author saw when he began (`base`), what stands now (`theirs`), and
what he typed (`mine`). Desk and server run this same code, so both come to the same. Nothing
that was typed is dropped: it is in the values or in a clash.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from app.kernel.errors import RuleViolation

Json = Any
_WORD = re.compile(r"\s*\S+|\s+")


class Merge(StrEnum):
    """How two edits of one field come together; a feature declares it for each field.

    PLAIN: one of the two stands. TEXT: word by word. MAP: key by key, where the keys below are
    declared by "field.key", or by "field.*" for all. APPEND: a list to which both may add and
    from which both may take.
    """

    PLAIN = "plain"
    TEXT = "text"
    MAP = "map"
    APPEND = "append"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody typed into a field that another had changed meanwhile.

    `over` is what stood there, `base` what its author had seen, `typed` his own words where
    `value` is more than these: his words within a text in which the rest was merged.
    """

    id: str
    field: str
    value: Json = None
    base: Json = None
    over: Json = None
    typed: Json = None
    person: str = ""
    name: str = ""
    at: datetime | None = None
    command: str = ""

    @property
    def words(self) -> Json:
        """Return what its author typed."""
        return self.value if self.typed is None else self.typed


@dataclass(frozen=True, slots=True)
class Clash:
    """A field, named by its path, whose two edits do not come together.

    `value` is what taking the edit would put there.
    """

    field: str
    value: Json
    base: Json
    over: Json
    typed: Json = None


@dataclass(frozen=True, slots=True)
class Merged:
    """The fields that change with their new values, and what is to be decided by people."""

    values: dict[str, Json]
    clashes: tuple[Clash, ...] = ()


def merge_fields(
    kinds: Mapping[str, Merge],
    base: Mapping[str, Json],
    theirs: Mapping[str, Json],
    mine: Mapping[str, Json],
    limits: Mapping[str, int] | None = None,
) -> Merged:
    """Merge the fields of `mine` into those that stand.

    A field without a base was made by a program that does not send it: it is put as it is.
    `limits` are the longest texts; a merged text beyond its limit is a clash as a whole. Raises
    `RuleViolation("argument", field)` for a field that nobody declared.
    """
    rules = _Rules(kinds, limits or {})
    values: dict[str, Json] = {}
    clashes: list[Clash] = []
    for name in sorted(mine):
        standing = theirs.get(name)
        value = rules.merged(name, base.get(name, standing), standing, mine[name], clashes)
        if value != standing:
            values[name] = value
    return Merged(values, tuple(clashes))


@dataclass(frozen=True, slots=True)
class _Rules:
    kinds: Mapping[str, Merge]
    limits: Mapping[str, int]

    def kind(self, path: str) -> Merge:
        parent = path.rsplit(".", 1)[0]
        found = self.kinds.get(path) or self.kinds.get(f"{parent}.*")
        if found is None:
            raise RuleViolation("argument", field=path[:40])
        return found

    def merged(self, path: str, base: Json, theirs: Json, mine: Json, clashes: list[Clash]) -> Json:
        """Return what stands at a path from now on, and note what clashes there."""
        kind = self.kind(path)
        if mine in (theirs, base):
            return theirs
        if theirs == base:
            return mine
        if kind is Merge.MAP:
            return self._map(path, base or {}, theirs or {}, mine or {}, clashes)
        if kind is Merge.APPEND:
            return union(base or (), theirs or (), mine or ())
        if kind is Merge.TEXT:
            return self._text(path, base or "", theirs or "", mine or "", clashes)
        clashes.append(Clash(path, mine, base, theirs))
        return theirs

    def _map(
        self,
        path: str,
        base: Mapping[str, Json],
        theirs: Mapping[str, Json],
        mine: Mapping[str, Json],
        clashes: list[Clash],
    ) -> dict[str, Json]:
        values: dict[str, Json] = {}
        for key in sorted({*base, *theirs, *mine}):
            below = (base.get(key), theirs.get(key), mine.get(key))
            value = self.merged(f"{path}.{key}", *below, clashes)
            # A key that has no value is a key that is not there
            if value is not None:
                values[key] = value
        return values

    def _text(self, path: str, base: str, theirs: str, mine: str, clashes: list[Clash]) -> str:
        found = merge_texts(base, theirs, mine)
        limit = self.limits.get(path)
        if limit is not None and max(len(found.text), len(found.other)) > limit:
            clashes.append(Clash(path, mine, base, theirs))
            return theirs
        if not found.clean:
            typed = None if found.other == mine else mine
            clashes.append(Clash(path, found.other, base, found.text, typed))
        return found.text


def union(base: Sequence[Json], theirs: Sequence[Json], mine: Sequence[Json]) -> list[Json]:
    """Return a list with what both sides added and without what either took away."""
    taken = [item for item in base if item not in mine]
    kept = [item for item in theirs if item not in taken]
    return kept + [item for item in mine if item not in base and item not in kept]


@dataclass(frozen=True, slots=True)
class Texts:
    """A merged text: `text` with theirs where both differ, `other` with mine there."""

    text: str
    other: str
    clean: bool


def words_of(text: str) -> list[str]:
    """Split a text into words, each with the blanks before it, so that joining gives it back."""
    return _WORD.findall(text)


def merge_texts(base: str, theirs: str, mine: str) -> Texts:
    """Merge two edits of a text word by word (diff3); edits that touch each other clash."""
    old, left, right = words_of(base), words_of(theirs), words_of(mine)
    text: list[str] = []
    other: list[str] = []
    clean = True
    for span, mine_part, theirs_part in _chunks(old, right, left):
        chosen = _chosen(span, theirs_part, mine_part)
        clean = clean and chosen is not None
        text += theirs_part if chosen is None else chosen
        other += mine_part if chosen is None else chosen
    return Texts("".join(text), "".join(other), clean)


def _chosen(base: list[str], theirs: list[str], mine: list[str]) -> list[str] | None:
    """Return what both sides agree on in one part of a text, None where they do not."""
    if mine in (base, theirs):
        return theirs
    return mine if theirs == base else None


def _chunks(
    base: list[str], left: list[str], right: list[str]
) -> Iterable[tuple[list[str], list[str], list[str]]]:
    """Cut three texts where a word of the base stands in both others."""
    in_left, in_right = _places(base, left), _places(base, right)
    b = lft = rgt = 0
    for place in [p for p in range(len(base)) if p in in_left and p in in_right]:
        yield base[b:place], left[lft : in_left[place]], right[rgt : in_right[place]]
        word = [base[place]]
        yield word, word, word
        b, lft, rgt = place + 1, in_left[place] + 1, in_right[place] + 1
    yield base[b:], left[lft:], right[rgt:]


def _places(base: list[str], other: list[str]) -> dict[int, int]:
    """Return where the words of the base that were kept stand in another text."""
    blocks = SequenceMatcher(None, base, other, autojunk=False).get_matching_blocks()
    return {m.a + step: m.b + step for m in blocks for step in range(m.size)}


class Mark(StrEnum):
    """What became of a piece of a text."""

    SAME = "same"
    OLD = "old"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words of a comparison."""

    mark: Mark
    text: str


def word_diff(old: str, new: str) -> tuple[Piece, ...]:
    """Compare two texts word by word: the same, then what only the old has, then the new."""
    left, right = words_of(old), words_of(new)
    found: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Piece(Mark.SAME, "".join(left[a:b])))
            continue
        if b > a:
            found.append(Piece(Mark.OLD, "".join(left[a:b])))
        if d > c:
            found.append(Piece(Mark.NEW, "".join(right[c:d])))
    return tuple(found)
