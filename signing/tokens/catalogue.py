"""The catalogue of vendors' libraries: shipped as data, replaced by a newer one that is signed.

`modules.json` in the machine's folder counts when its serial is newer than the shipped one's and
`modules.json.sig` beside it (64 bytes, Ed25519) holds under a key of the shipped catalogue or of
the administrator. Whatever is wrong with it, the shipped one stays in force.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any

from app.kernel.errors import Damaged
from app.kernel.texts import resource
from signing.trust.signed import read_signed

CATALOGUE = "modules.json"

Registry = Callable[[str, str], Iterable[tuple[str, str]]]
"""Answer the sub-keys of a key of the machine with a value of each; part of Windows."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """A vendor and the names of its libraries, which may hold `*`; newest first."""

    name: str
    windows: tuple[str, ...]
    linux: tuple[str, ...]
    providers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What libraries are called, where they lie, and who may replace this list."""

    serial: int
    update_keys: tuple[bytes, ...]
    vendors: tuple[Vendor, ...]
    folders: tuple[Path, ...]
    registry_keys: tuple[str, ...]
    registry_value: str
    provider_ending: str

    def names(self) -> tuple[str, ...]:
        """Return the names of all vendors on this system, in the catalogue's order."""
        own = "windows" if sys.platform == "win32" else "linux"
        return tuple(name for vendor in self.vendors for name in getattr(vendor, own))

    def lists(self, path: Path) -> bool:
        """Tell whether a file has a name of the catalogue and lies in a system folder."""
        inside = any(path.parent == folder for folder in self.folders)
        return inside and any(_named(path.name, name) for name in self.names())

    def existing(self, registry: Registry | None = None) -> list[Path]:
        """Return the catalogue's files that lie here; nothing is loaded."""
        found: dict[Path, None] = {}
        listed = {folder: _files(folder) for folder in self.folders}
        for name in self.names():
            for folder, files in listed.items():
                found |= dict.fromkeys(folder / f for f in files if _named(f, name))
        if registry is not None:
            found |= dict.fromkeys(self._registered(registry, listed))
        return list(found)

    def _registered(self, registry: Registry, listed: dict[Path, list[str]]) -> Iterator[Path]:
        """Derive libraries from the providers in the registry: `X_s.dll` belongs to `X.dll`.

        Only what lies in a system folder, and only for a vendor of the catalogue.
        """
        known = tuple(word for vendor in self.vendors for word in vendor.providers)
        for key in self.registry_keys:
            for provider, image in registry(key, self.registry_value):
                if not any(word in provider.casefold() for word in known):
                    continue
                path = PureWindowsPath(image)
                wanted = path.stem.removesuffix(self.provider_ending) + path.suffix
                for folder, files in listed.items():
                    yield from (folder / f for f in files if _named(f, wanted))


def load_catalogue(folder: Path | None = None, keys: Iterable[bytes] = ()) -> Catalogue:
    """Return the newest catalogue that counts; `folder` is the machine's."""
    shipped = _parse(resource("signing", CATALOGUE).read_bytes())
    if folder is None:
        return shipped
    try:
        newer = _parse(read_signed(folder, CATALOGUE, (*shipped.update_keys, *keys)))
    except (OSError, Damaged, ValueError, KeyError, TypeError):
        return shipped
    return newer if newer.serial > shipped.serial else shipped


def _parse(data: bytes) -> Catalogue:
    read: dict[str, Any] = json.loads(data)
    own = "windows" if sys.platform == "win32" else "linux"
    registry = read["registry"]
    return Catalogue(
        serial=int(read["serial"]),
        update_keys=tuple(bytes.fromhex(key) for key in read["update_keys"]),
        vendors=tuple(
            Vendor(
                v["name"],
                *(tuple(v[names]) for names in ("windows", "linux", "providers")),
            )
            for v in read["vendors"]
        ),
        folders=tuple(Path(folder) for folder in read["folders"][own]),
        registry_keys=tuple(registry["keys"]),
        registry_value=registry["value"],
        provider_ending=registry["provider_ending"],
    )


def _files(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError:
        return []


def _named(name: str, wanted: str) -> bool:
    """Compare as the system does: Windows does not know capitals."""
    if sys.platform == "win32":
        name, wanted = name.casefold(), wanted.casefold()
    return fnmatch(PurePath(name).name, wanted)
