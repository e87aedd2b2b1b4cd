"""Every setting in one table: default, bounds, and who decides.

What the province imposes beats what the person chose, which beats the machine's value, which
beats the default. Values that are missing, of a wrong type or out of bounds count as unset,
so an old or damaged file never stops the program.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from app.kernel.errors import NotPermitted, RuleViolation
from app.kernel.levels import LEVELS

Value = bool | int | str


class Scope(StrEnum):
    """Who may change a setting; the province may impose any of them."""

    MACHINE = "machine"
    PERSON = "person"
    PROVINCE = "province"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting; `low` and `high` bound whole numbers, `choices` bound texts."""

    name: str
    default: Value
    scope: Scope
    low: int = 0
    high: int = 0
    choices: tuple[str, ...] = ()

    def accepts(self, value: object) -> bool:
        """Tell whether a value is of the right type and within the bounds."""
        if type(value) is not type(self.default):
            return False
        if isinstance(value, int) and not isinstance(value, bool):
            return self.low <= value <= self.high
        return not self.choices or value in self.choices


SETTINGS: Mapping[str, Setting] = {
    s.name: s
    for s in (
        Setting("hold_seconds", 30, Scope.PROVINCE, 0, 300),
        Setting("idle_lock_minutes", 10, Scope.PERSON, 1, 60),
        # How far a device's clock may be off the server's before it is said
        Setting("clock_tolerance_minutes", 5, Scope.PROVINCE, 1, 60),
        # An offline cache that never syncs expires
        Setting("offline_days", 14, Scope.PROVINCE, 1, 90),
        Setting("kdf", "standard", Scope.MACHINE, choices=("light", "standard", "strong")),
        Setting("tsa_url", "", Scope.PROVINCE),
        # The public half of what opens profiles whose password is lost (docs/admin-guide.md)
        Setting("recovery_key", "", Scope.PROVINCE),
        # How long a login on a token is kept; 0 asks for the PIN at every act or batch
        Setting("signing.pin_minutes", 0, Scope.PERSON, 0, 15),
        # B-LT is what goes out, B-LTA what is kept for good (EN 319 142-1)
        Setting("signature_level", "B-LT", Scope.PROVINCE, choices=LEVELS),
        Setting("require_timestamp", default=False, scope=Scope.PROVINCE),
        # Where documents for those beyond the axis are announced, and when people are left alone
        Setting("announcement_url", "", Scope.PROVINCE),
        Setting("quiet_hours", "21:00-06:30", Scope.PROVINCE),
        Setting("theme", "system", Scope.PERSON, choices=("system", "light", "dark")),
        Setting("scale_percent", 100, Scope.PERSON, 100, 250),
        Setting("language", "vi", Scope.PERSON, choices=("vi", "en")),
        # Whoever shares an account of the system would open the desk of a colleague
        Setting("quick_unlock", default=False, scope=Scope.PERSON),
        # Working days from arrival, where the working rules say nothing else
        Setting("deadline_days", 10, Scope.PROVINCE, 1, 60),
        # Decree 30/2020 Art 24: urgent documents are handled at once
        Setting("deadline_days_urgent", 1, Scope.PROVINCE, 1, 10),
        Setting("due_soon_days", 2, Scope.PERSON, 1, 10),
        # What the files may take of the disk; what waits to be sent or is pinned never goes
        Setting("files.quota_mb", 4096, Scope.PERSON, 256, 1 << 20),
        # Files of work due within so many days are fetched unasked; 0 fetches on opening alone
        Setting("files.ahead_days", 14, Scope.PERSON, 0, 365),
        Setting("files.up_kbs", 0, Scope.PERSON, 0, 1 << 20),
        Setting("files.down_kbs", 0, Scope.PERSON, 0, 1 << 20),
        Setting("files.large_mb", 5, Scope.PERSON, 1, 1024),
        # Vietnamese hours in which large files move by themselves; equal ones set no bounds
        Setting("files.from_hour", 0, Scope.PERSON, 0, 23),
        Setting("files.to_hour", 0, Scope.PERSON, 0, 23),
        Setting("files.spare_metered", default=True, scope=Scope.PERSON),
    )
}


# The catalogue list in which the province imposes settings: code is the name, label the value
SETTING_LIST = "setting"


def parsed(name: str, text: str) -> Value | None:
    """Return a value from the text of a catalogue entry, None for an unknown name or a bad one."""
    setting = SETTINGS.get(name)
    if setting is None:
        return None
    if isinstance(setting.default, bool):
        return {"yes": True, "no": False}.get(text)
    if isinstance(setting.default, int):
        return int(text) if text.isdecimal() else None
    return text


class Settings:
    """Answer settings from JSON maps that the caller keeps."""

    def __init__(
        self,
        machine: Mapping[str, Any] | None = None,
        person: Mapping[str, Any] | None = None,
        province: Mapping[str, Any] | None = None,
    ) -> None:
        self._maps = {
            Scope.MACHINE: dict(machine or {}),
            Scope.PERSON: dict(person or {}),
            Scope.PROVINCE: dict(province or {}),
        }

    def get(self, name: str) -> Value:
        """Return the value that counts; `KeyError` for a name that is not in the table."""
        setting = SETTINGS[name]
        for scope in (Scope.PROVINCE, Scope.PERSON, Scope.MACHINE):
            value = self._maps[scope].get(name)
            allowed = scope in (Scope.PROVINCE, setting.scope)
            if allowed and value is not None and setting.accepts(value):
                return cast("Value", value)
        return setting.default

    def number(self, name: str) -> int:
        """Return a setting that is a whole number; `TypeError` for any other."""
        value = self.get(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(name)
        return value

    def text(self, name: str) -> str:
        """Return a setting that is a text; `TypeError` for any other."""
        value = self.get(name)
        if not isinstance(value, str):
            raise TypeError(name)
        return value

    def imposed(self, name: str) -> bool:
        """Tell whether the province has decided this, so that screens show it locked."""
        setting = SETTINGS[name]
        value = self._maps[Scope.PROVINCE].get(name)
        return setting.scope is Scope.PROVINCE or (value is not None and setting.accepts(value))

    def set(self, name: str, value: Value) -> None:
        """Change a setting of the machine or the person.

        Raises `NotPermitted("settings.imposed")`, `RuleViolation("settings.value")`.
        """
        setting = SETTINGS[name]
        if self.imposed(name):
            raise NotPermitted("settings.imposed")
        if not setting.accepts(value):
            raise RuleViolation("settings.value", field=name)
        self._maps[setting.scope][name] = value

    def to_map(self, scope: Scope) -> dict[str, Any]:
        """Return the map of a scope for the caller to keep."""
        return dict(self._maps[scope])
