"""Whom this machine trusts: signed lists, the folders that somebody chose, and `trust`."""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import site_config_path, user_state_path

from app.kernel.clock import VIETNAM
from app.kernel.errors import Damaged, RuleViolation

if TYPE_CHECKING:
    from signing.trust.anchors import Anchor, ListPlace, Source

SHIPPED = Path(__file__).resolve().parents[2] / "resources" / "trust"
_SEEN = "anchors-seen.json"


def machine_folder() -> Path:
    """Return the machine's folder, which only its administrator may write."""
    return site_config_path("HoaBan", appauthor=False)


def sources(folders: Sequence[Path] = ()) -> list[Source]:
    """Return the shipped list and the machine's, and folders that somebody chose expressly."""
    from signing.tokens.catalogue import load_catalogue
    from signing.trust.anchors import ListPlace

    shipped = ListPlace(SHIPPED, load_catalogue().update_keys)
    return [shipped, machine_list(), *(f for f in folders if f.is_dir())]


def machine_list() -> ListPlace:
    """Return the place of the machine's list; what was seen of it here is never taken back.

    An older list, signed though it is, might bring back an anchor that was removed.
    """
    from signing.tokens.modules import list_keys
    from signing.trust.anchors import ListPlace

    folder, least = machine_folder(), _seen()
    place = ListPlace(folder, list_keys(folder), least)
    with contextlib.suppress(Damaged):
        serial = place.read().serial
        if serial > least:
            _note_seen(serial)
            return ListPlace(folder, place.keys, serial)
    return place


def change(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Add to the machine's list or remove from it; yields what was changed."""
    from signing.trust.admin import Bounds, MachineList

    held = MachineList(machine_list(), args.key)
    if args.action == "remove":
        held.remove(args.sha256)
        yield {"removed": args.sha256}
    else:
        bounds = Bounds(args.purpose, args.name, _time(args.since), _time(args.until))
        yield from (_row(anchor) for anchor in held.add(args.files, bounds))
    # The new serial number is noted where this person will look for an older one.
    machine_list()


def rows() -> Iterator[dict[str, Any]]:
    """Yield every anchor of the lists; raises `Damaged` where one is not sound."""
    for source in sources():
        if not isinstance(source, Path):
            listed = source.read()
            origin = "shipped" if source.folder == SHIPPED else "machine"
            for anchor in listed.anchors:
                yield _row(anchor) | {"list": origin, "serial": listed.serial}


def _row(anchor: Anchor) -> dict[str, Any]:
    since, until = anchor.since, anchor.until
    return {
        "sha256": anchor.certificate.sha256.hex(),
        "name": anchor.name,
        "purpose": anchor.purpose,
        "since": since.isoformat() if since is not None else "",
        "until": until.isoformat() if until is not None else "",
    }


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise RuleViolation("input.time", field="since") from error
    return at if at.tzinfo is not None else at.replace(tzinfo=VIETNAM)


def _seen() -> int:
    try:
        return int(json.loads((_state() / _SEEN).read_bytes())["serial"])
    except (OSError, ValueError, LookupError, TypeError):
        return 0


def _note_seen(serial: int) -> None:
    """Keep the newest serial number; where that is forbidden the next look starts anew."""
    with contextlib.suppress(OSError):
        _state().mkdir(parents=True, exist_ok=True)
        part = _state() / f".{_SEEN}"
        part.write_text(json.dumps({"serial": serial}), encoding="utf-8")
        part.replace(_state() / _SEEN)


def _state() -> Path:
    return user_state_path("hoaban", appauthor=False)
