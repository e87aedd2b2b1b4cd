"""The province's units, from the lists of places and departments.

Ids are stable and readable: a place or department is `<code>@<first day>` ("-" when open),
because codes survive reorganisations; what belongs to it follows after a slash:
`03325@2025-07-01/UBND`, `03325@2025-07-01/UBND/KT`. Every place has a people's committee and a
people's council; departments stand under the province's committee.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from app.catalogues.load import day_or_none, rows
from app.catalogues.model import OPEN
from app.identity.model import Unit

PROVINCE = f"11@{OPEN}"
PROVINCE_COMMITTEE = f"{PROVINCE}/UBND"
PROVINCE_OFFICE = "VPUB25@2025-03-01"
_KINDS = {
    "department_2019": "department",
    "department_2025": "department",
    "commune_2020": "commune",
    "commune_2025": "commune",
}
_EDXML = {"province": "H18"}
_OFFICES_SINCE = date(2025, 3, 1)

Row = Mapping[str, str]


def unit_id(code: str, valid_from: date | None) -> str:
    """Return the id of a place or department."""
    return f"{code}@{valid_from.isoformat() if valid_from else OPEN}"


def commune_id(code: str) -> str:
    """Return the id of a commune as it stands since 01/07/2025."""
    return unit_id(code, date(2025, 7, 1))


def load_units() -> tuple[Unit, ...]:
    """Return all units since 2019, parents before their parts, past ones with successors."""
    abbreviations = {row["code"]: row["abbr"] for row in rows("agency-abbreviations")}
    parts: dict[str, list[Row]] = {}
    for row in rows("agencies"):
        parts.setdefault(row["of"], []).append(row)
    found: list[Unit] = []
    for row in rows("units"):
        unit = _base(row, abbreviations)
        found.append(unit)
        found.extend(_parts(unit, row, parts))
    return tuple(found)


def _base(row: Row, abbreviations: Mapping[str, str]) -> Unit:
    kind = _KINDS.get(row["kind"], row["kind"])
    valid_from, valid_to = day_or_none(row["valid_from"]), day_or_none(row["valid_to"])
    department = kind == "department"
    return Unit(
        id=unit_id(row["code"], valid_from),
        code=row["code"],
        name=row["name_vi"],
        short=row["name_vi"],
        abbr=abbreviations.get(row["code"], ""),
        kind=kind,
        parent=_parent(row, department=department),
        is_agency=department,
        place="Điện Biên" if department else _bare_name(row),
        valid_from=valid_from,
        valid_to=valid_to,
        successor=_successor(row, valid_to),
        edxml_code=_EDXML.get(kind, ""),
    )


def _parent(row: Row, *, department: bool) -> str | None:
    if department:
        return PROVINCE_COMMITTEE
    return unit_id(row["parent_code"], None) if row["parent_code"] else None


def _bare_name(row: Row) -> str:
    """Return the name without what kind of place it is, as the date line has it."""
    return row["name_vi"][len(row["unit_type"]) :].strip()


def _successor(row: Row, valid_to: date | None) -> str | None:
    if not row["successor_code"] or valid_to is None:
        return None
    return unit_id(row["successor_code"], valid_to + timedelta(days=1))


def _parts(unit: Unit, row: Row, parts: Mapping[str, list[Row]]) -> Iterator[Unit]:
    if unit.kind == "department":
        yield from _offices(unit, _office_lists(unit, row), parts)
        return
    for part in parts[unit.kind]:
        agency = _part(unit, unit, part)
        yield agency
        if part["code"] == "UBND":
            yield from _offices(agency, _office_lists(unit, row), parts)


def _office_lists(unit: Unit, row: Row) -> tuple[str, ...]:
    if unit.valid_from is None or unit.valid_from < _OFFICES_SINCE:
        return ()
    if unit.id == PROVINCE_OFFICE:
        return ("provincial_office",)
    if unit.kind == "department":
        return ("department_office",)
    return ("commune_office", "ward_office" if row["unit_type"] == "phường" else "rural_office")


def _offices(
    agency: Unit, lists: tuple[str, ...], parts: Mapping[str, list[Row]]
) -> Iterator[Unit]:
    for name in lists:
        for part in parts[name]:
            yield _part(agency, agency, part)


def _part(parent: Unit, named_after: Unit, part: Row) -> Unit:
    """Return an agency or office; it lives as long as its parent and passes to the same."""
    name = _lower_first(_place_name(named_after))
    follows = part["is_agency"] == "yes" and parent.successor
    return Unit(
        id=f"{parent.id}/{part['code']}",
        code=part["code"],
        name=part["name_vi"].format(unit=name),
        short=part["short"].format(unit=name),
        abbr=part["abbr"],
        kind=part["kind"],
        parent=parent.id,
        is_agency=part["is_agency"] == "yes",
        place=parent.place,
        valid_from=parent.valid_from,
        valid_to=parent.valid_to,
        successor=f"{parent.successor}/{part['code']}" if follows else None,
        edxml_code="",
    )


def _place_name(unit: Unit) -> str:
    return unit.short.removeprefix("UBND ") if unit.kind == "committee" else unit.name


def _lower_first(name: str) -> str:
    return name if name.startswith("Sở ") else name[:1].lower() + name[1:]
