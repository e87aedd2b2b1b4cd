"""Settings: who decides, and what an old or damaged file does."""

from __future__ import annotations

import pytest

from app.kernel.errors import NotPermitted, RuleViolation
from app.settings import SETTINGS, Scope, Settings


def test_every_default_is_within_its_own_bounds() -> None:
    assert [s.name for s in SETTINGS.values() if not s.accepts(s.default)] == []


@pytest.mark.parametrize(
    ("name", "machine", "person", "province", "value"),
    [
        ("theme", None, None, None, "system"),
        ("theme", None, "dark", None, "dark"),
        ("theme", None, "dark", "light", "light"),
        ("theme", "dark", None, None, "system"),
        ("theme", None, "pink", None, "system"),
        ("theme", None, 3, None, "system"),
        ("theme", None, "dark", "pink", "dark"),
        ("idle_lock_minutes", None, 5, None, 5),
        ("idle_lock_minutes", None, 0, None, 10),
        ("idle_lock_minutes", None, True, None, 10),
        ("idle_lock_minutes", None, 60, 5, 5),
        ("kdf", "strong", None, None, "strong"),
        ("hold_seconds", None, 0, None, 30),
        ("hold_seconds", None, None, 0, 0),
        ("quick_unlock", None, True, False, False),
        ("quick_unlock", None, 1, None, False),
    ],
)
def test_which_value_counts(
    name: str, machine: object, person: object, province: object, value: object
) -> None:
    maps = [{name: given} for given in (machine, person, province)]
    assert Settings(*maps).get(name) == value


def test_changes_are_kept_in_the_map_of_their_scope() -> None:
    settings = Settings()
    settings.set("scale_percent", 150)
    settings.set("kdf", "light")
    assert settings.to_map(Scope.PERSON) == {"scale_percent": 150}
    assert settings.to_map(Scope.MACHINE) == {"kdf": "light"}
    assert Settings(person=settings.to_map(Scope.PERSON)).number("scale_percent") == 150


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("scale_percent", 251, RuleViolation),
        ("scale_percent", "150", RuleViolation),
        ("hold_seconds", 10, NotPermitted),
        ("theme", "light", NotPermitted),
    ],
)
def test_refusals(name: str, value: object, kind: type[Exception]) -> None:
    settings = Settings(province={"theme": "dark"})
    with pytest.raises(kind):
        settings.set(name, value)


def test_typed_reading() -> None:
    assert Settings().text("language") == "vi"
    for read, name in ((Settings().number, "theme"), (Settings().text, "hold_seconds")):
        with pytest.raises(TypeError):
            read(name)
