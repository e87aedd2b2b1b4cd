"""The line of what was handled in time: for those who answer for a unit, as the server said it."""

from __future__ import annotations

from app.store.model import Page, Row
from app.store.replica import Replica
from tests.ui.documents.commune import TODAY, Commune, actor
from tests.ui.documents.conftest import Sessions
from ui.documents.panel_share import ShareLine


def told(commune: Commune, numerator: int, denominator: int) -> None:
    """Let the server's figure of the clerk's agency come in."""
    agency = actor("leader").agency
    name = f"{agency}:{TODAY.year}"
    data = {
        "id": name,
        "unit": agency,
        "year": TODAY.year,
        "numerator": numerator,
        "denominator": denominator,
        "on": "2026-03-02",
        "homes": [f"agency:{agency}"],
    }
    Replica(commune.desk.store).apply(
        Page(rows=(Row("timeliness", name, 1, (f"agency:{agency}",), data),))
    )


def test_a_leader_sees_it_when_it_comes(commune: Commune, session: Sessions) -> None:
    line = ShareLine(session("leader"))
    assert line.isHidden()
    told(commune, 17, 18)
    line.load()
    assert not line.isHidden()
    assert "17/18 (94,4 %)" in line.whole
    assert "02/03/2026" in line.whole


def test_who_answers_for_no_unit_sees_none(commune: Commune, session: Sessions) -> None:
    told(commune, 17, 18)
    assert ShareLine(session("clerk")).isHidden()


def test_nothing_owed_is_no_share(commune: Commune, session: Sessions) -> None:
    told(commune, 0, 0)
    assert ShareLine(session("leader")).isHidden()
