"""The units of the province come from data, with validity and successors."""

from __future__ import annotations

from collections import Counter
from datetime import date

from app.catalogues.units import PROVINCE_COMMITTEE, commune_id, load_units

UNITS = {unit.id: unit for unit in load_units()}


def test_counts_are_those_of_the_resolutions() -> None:
    # NQ 815/NQ-UBTVQH14: 129 communes, 10 districts; NQ 1661/NQ-UBTVQH15: 45 communes.
    now = Counter(u.kind for u in UNITS.values() if u.valid_to is None)
    then = Counter(u.kind for u in UNITS.values() if u.valid_to is not None)
    assert (now["commune"], now["department"], now["province"]) == (45, 13, 1)
    assert (then["commune"], then["department"], then["district"]) == (129, 19, 10)
    assert len(UNITS) == len(load_units())


def test_every_parent_comes_before_its_parts() -> None:
    seen: set[str] = set()
    for unit in load_units():
        assert unit.parent is None or unit.parent in seen
        seen.add(unit.id)


def test_successors_exist_and_begin_the_day_after() -> None:
    followed = [u for u in UNITS.values() if u.successor]
    assert len(followed) == 19 + 129 * 3
    for unit in followed:
        assert unit.valid_to is not None
        successor = UNITS[str(unit.successor)]
        assert successor.valid_from is not None
        assert (successor.valid_from - unit.valid_to).days == 1
        assert successor.kind == unit.kind


def test_a_code_that_survives_names_two_units() -> None:
    old, new = UNITS["03127@-"], UNITS[commune_id("03127")]
    assert (old.name, new.name) == ("Phường Him Lam", "Phường Điện Biên Phủ")
    assert old.successor == new.id


def test_a_commune_has_both_agencies_and_its_offices() -> None:
    commune = commune_id("03160")
    committee, council = UNITS[f"{commune}/UBND"], UNITS[f"{commune}/HDND"]
    assert (committee.short, committee.abbr) == ("UBND xã Mường Nhé", "UBND")
    assert (council.short, council.abbr) == ("HĐND xã Mường Nhé", "HĐND")
    assert committee.is_agency
    assert council.is_agency
    assert committee.place == "Mường Nhé"
    offices = {u.abbr for u in UNITS.values() if u.parent == committee.id}
    assert offices == {"VP", "KT", "VHXH", "TTPVHCC"}
    ward = commune_id("03127")
    assert UNITS[f"{ward}/UBND/KT"].name.startswith("Phòng Kinh tế, Hạ tầng và Đô thị")


def test_departments_stand_under_the_committee_with_their_notation() -> None:
    finance = UNITS["STC25@2025-03-01"]
    assert finance.parent == PROVINCE_COMMITTEE
    assert (finance.abbr, finance.is_agency, finance.valid_from) == ("STC", True, date(2025, 3, 1))
