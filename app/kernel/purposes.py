"""The form of each kind of signature (Decree 30/2020, Annex I, part I.II.7-8 and III.1; Art 32).

Whose key it takes, what it shows, where, and how its field is named. Who may ask for it is a
rule of the documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.kernel.ports import Purpose

PERSON_FIELD = "Sig_NguoiKy"
AGENCY_FIELD = "Sig_CoQuan"
OPINION_FIELD = "Sig_YKien"


class Owner(StrEnum):
    """Whose key signs: the person's own, or the agency's in the hands of its clerk."""

    PERSON = "person"
    AGENCY = "agency"


class Look(StrEnum):
    """What is seen of a signature."""

    SIGNATURE = "signature"
    SEAL = "seal"
    LINES = "lines"
    NOTHING = "nothing"


class Place(StrEnum):
    """Where it is seen."""

    UNDER_TITLE = "under_title"
    OVER_LEFT_THIRD = "over_left_third"
    TOP_RIGHT = "top_right"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Form:
    """The form of one purpose; `field` is the beginning of its field's name."""

    owner: Owner
    look: Look
    place: Place
    field: str


FORMS: Mapping[Purpose, Form] = {
    Purpose.APPROVE: Form(Owner.PERSON, Look.SIGNATURE, Place.UNDER_TITLE, PERSON_FIELD),
    Purpose.ISSUE: Form(Owner.AGENCY, Look.SEAL, Place.OVER_LEFT_THIRD, AGENCY_FIELD),
    Purpose.INCOMING: Form(Owner.AGENCY, Look.LINES, Place.TOP_RIGHT, f"{AGENCY_FIELD}_Den"),
    Purpose.ATTACHMENT: Form(Owner.AGENCY, Look.LINES, Place.TOP_RIGHT, AGENCY_FIELD),
    Purpose.COPY: Form(Owner.AGENCY, Look.LINES, Place.TOP_RIGHT, AGENCY_FIELD),
    Purpose.COMMENT: Form(Owner.PERSON, Look.NOTHING, Place.NOWHERE, OPINION_FIELD),
    Purpose.FILES: Form(Owner.PERSON, Look.NOTHING, Place.NOWHERE, "Sig_DanhSach"),
}
