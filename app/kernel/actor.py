"""Who acts: a person at a post, perhaps for somebody else."""

from __future__ import annotations

from dataclasses import dataclass

SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person acting at one of his posts.

    `agency` is the unit with its own seal and registers, `unit` the unit of the post (the
    agency itself or a department in it). `acting_for` is the person on whose behalf he acts,
    `authority` how (KT., TL., TUQ., Q.: NĐ 30/2020 Art 13) or "paper" for an instruction
    that the other wrote by hand.
    """

    person: str
    post: str = ""
    agency: str = ""
    unit: str = ""
    roles: frozenset[str] = frozenset()
    name: str = ""
    title: str = ""
    acting_for: str | None = None
    authority: str = ""

    @property
    def is_system(self) -> bool:
        """Tell whether this is the server acting by itself."""
        return self.person == SYSTEM


SYSTEM_ACTOR = Actor(person=SYSTEM, roles=frozenset({SYSTEM}), name="Hệ thống")
