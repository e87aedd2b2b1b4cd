"""Which libraries may be loaded: names of the catalogue in system folders, and the administrator's.

The administrator's file `signing.json` in the machine's folder names further libraries, each by
path, SHA-256 and publisher, and keys that may sign a newer catalogue:
`{"modules": [{"path", "sha256", "publisher"}], "catalogue_keys": [HEX]}`.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.kernel.errors import DeviceProblem
from signing.tokens.binary import check_library
from signing.tokens.catalogue import Catalogue, Registry, load_catalogue
from signing.trust.signed import SETTINGS

_MAX_SETTINGS = 1 << 20
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class AllowedModule:
    """A library that the administrator allowed: exactly this file."""

    path: Path
    sha256: str
    publisher: str


class Modules:
    """Find the libraries of this machine, and admit each before it is loaded.

    `folder` is the machine's; `skipped` says that its settings could not be used.
    """

    def __init__(self, folder: Path | None = None, registry: Registry | None = None) -> None:
        self._registry = registry
        self.skipped = False
        settings = self._settings(folder)
        self.allowed = tuple(_allowed(settings))
        self._catalogue: Catalogue = load_catalogue(folder, _keys(settings))

    def known(self) -> list[str]:
        """Return the libraries that are tried, the administrator's first; loads nothing.

        Of the catalogue's those that are missing or no PKCS#11 library at all are left out; one
        that is sound but built for other machines stays, so that it is named as such.
        """
        own = [str(module.path) for module in self.allowed]
        found = [str(path) for path in self._catalogue.existing(self._registry)]
        # The same file under two names would show each of its tokens twice.
        unique = {os.path.realpath(p): p for p in reversed([*own, *filter(_worth_naming, found)])}
        return list(reversed(unique.values()))

    def admit(self, path: str) -> None:
        """Look at a file that is about to be loaded.

        Raises `DeviceProblem`: token_module_unknown, token_module_changed, and those of
        `check_library`.
        """
        module = next((m for m in self.allowed if str(m.path) == path), None)
        check_library(path)
        if module is not None:
            if _sha256(module.path) != module.sha256:
                raise DeviceProblem("token_module_changed", "module")
        elif not self._catalogue.lists(Path(path)):
            raise DeviceProblem("token_module_unknown", "module")

    def _settings(self, folder: Path | None) -> dict[str, Any]:
        if folder is None or not (folder / SETTINGS).is_file():
            return {}
        try:
            return _read_settings(folder / SETTINGS)
        except (OSError, ValueError):
            self.skipped = True
            return {}


def list_keys(folder: Path) -> tuple[bytes, ...]:
    """Return the keys whose signature counts on lists of this machine."""
    try:
        own = _keys(_read_settings(folder / SETTINGS))
    except (OSError, ValueError):
        own = iter(())
    return (*load_catalogue().update_keys, *own)


def windows_registry() -> Registry | None:
    """Return the machine's registry, None on other systems."""
    if sys.platform == "win32":
        return _machine_registry
    return None


def _read_settings(path: Path) -> dict[str, Any]:
    """Return the administrator's settings; `ValueError` when others may write them too."""
    with path.open("rb") as stream:
        if sys.platform != "win32" and path.stat().st_mode & _OTHERS_WRITE:
            raise ValueError(path.name)
        read = json.loads(stream.read(_MAX_SETTINGS))
    if not isinstance(read, dict):
        raise ValueError(path.name)
    return read


def _allowed(settings: dict[str, Any]) -> Iterator[AllowedModule]:
    for item in _items(settings, "modules"):
        if isinstance(item, dict) and isinstance(item.get("path"), str):
            sha256 = str(item.get("sha256", "")).lower()
            yield AllowedModule(Path(item["path"]), sha256, str(item.get("publisher", "")))


def _keys(settings: dict[str, Any]) -> Iterator[bytes]:
    for item in _items(settings, "catalogue_keys"):
        try:
            yield bytes.fromhex(item)
        except (TypeError, ValueError):
            continue  # a key that is none opens nothing


def _items(settings: dict[str, Any], name: str) -> Iterable[Any]:
    items = settings.get(name, ())
    return items if isinstance(items, list) else ()


def _worth_naming(path: str) -> bool:
    try:
        check_library(path)
    except DeviceProblem as problem:
        return problem.code not in ("token_module", "token_module_missing")
    return True


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as problem:
        raise DeviceProblem("token_module_missing", "module") from problem


if sys.platform == "win32":
    import winreg

    def _machine_registry(key: str, value: str) -> Iterator[tuple[str, str]]:
        try:
            opened = winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key)
        except OSError:
            return
        with opened:
            for number in range(winreg.QueryInfoKey(opened)[0]):
                name = winreg.EnumKey(opened, number)
                try:
                    with winreg.OpenKey(opened, name) as inner:
                        yield name, str(winreg.QueryValueEx(inner, value)[0])
                except OSError:
                    continue  # a provider without this value, or not for us to read
