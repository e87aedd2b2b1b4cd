"""Packages on sticks in words, and the work behind the dialog."""

from __future__ import annotations

from pathlib import Path

from app.desk import Desk
from app.kernel.errors import NotPermitted
from app.kernel.packages import PackageRead, Packages, PackageWritten
from app.kernel.ports import CancelToken, Progress
from app.kernel.texts import Texts

_MEGA = 1_000_000


def write(desk: Desk, folder: Path, progress: Progress, cancel: CancelToken) -> PackageWritten:
    """Write what waits onto a stick."""
    return _packages(desk).write(folder, progress, cancel)


def read(desk: Desk, folder: Path, progress: Progress, cancel: CancelToken) -> PackageRead:
    """Take the newest package for this desk from a stick."""
    return _packages(desk).read(folder, progress, cancel)


def _packages(desk: Desk) -> Packages:
    if desk.packages is None:
        raise NotPermitted("package.not_introduced")
    return desk.packages


def written(texts: Texts, done: PackageWritten) -> str:
    """Say what lies on the stick now, and what to do with it."""
    size = f"{max(done.size / _MEGA, 0.1):.1f}".replace(".", ",")
    return texts(
        "usb.written", name=done.path.name, acts=done.commands, files=done.files, size=size
    )


def taken(texts: Texts, done: PackageRead) -> tuple[str, str]:
    """Say what a package brought, and in which tone."""
    said = [texts("usb.read", rows=done.rows, accepted=done.accepted, files=done.files)]
    if done.refused:
        said.append(texts("usb.refused", refused=done.refused))
    if done.differs:
        said.append(texts("usb.differs"))
    return " ".join(said), "warn" if done.refused or done.differs else "ok"
