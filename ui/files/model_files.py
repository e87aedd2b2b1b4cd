"""What the page of files shows, read from the store in one go, and its few acts."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from app.desk import Desk, FilesStatus
from app.documents.ahead import titles
from app.kernel.actor import Actor
from app.kernel.texts import Texts
from app.store import holdings
from app.store.holdings import Holding, Kept


@dataclass(frozen=True, slots=True)
class PinRow:
    """A record that is kept offline."""

    kind: str
    entity: str
    title: str
    size: int
    missing: int


@dataclass(frozen=True, slots=True)
class FilesView:
    """The vault in numbers and what is kept offline."""

    holding: Holding
    pins: tuple[PinRow, ...]


def view(connection: Connection, actor: Actor) -> FilesView:
    """Return what lies here."""
    kept = holdings.kept(connection)
    named = titles(connection, actor, [k.entity for k in kept])
    pins = tuple(_row(k, named) for k in kept if k.entity in named)
    return FilesView(holdings.measure(connection), pins)


def _row(kept: Kept, named: dict[str, str]) -> PinRow:
    return PinRow(kept.kind, kept.entity, named[kept.entity], kept.size, kept.missing)


def free_up(desk: Desk) -> int:
    """Remove every file that the server has and nobody holds; answer the bytes."""
    before = desk.store.vault.held()
    desk.store.vault.evict(0)
    return before - desk.store.vault.held()


def used(texts: Texts, holding: Holding, quota: int) -> str:
    """Say how much of what is allowed the files take."""
    return texts("filepage.used", size=amount(holding.size), quota=amount(quota), n=holding.files)


def parts(texts: Texts, holding: Holding) -> str:
    """Say what of it may not go, and what may."""
    return texts(
        "filepage.parts",
        pinned=amount(holding.pinned),
        unsent=amount(holding.unsent),
        free=amount(holding.evictable),
    )


def moving(texts: Texts, files: FilesStatus | None) -> list[str]:
    """Say what moves, and of what waits why: one line for each reason."""
    if files is None:
        return [texts("filepage.no_line")]
    waits = {str(why): n for why, n in files.waiting.items()}
    lines = [texts("filepage.moving", up=files.to_send, down=files.to_fetch)]
    if files.metered:
        lines.append(texts("filepage.metered"))
    lines += [texts(f"filepage.why.{why}", n=n) for why, n in sorted(waits.items())]
    return lines


def amount(size: int) -> str:
    """Return a size as people read it, with a comma as Vietnamese has it."""
    if size >= 1 << 30:
        return f"{size / (1 << 30):.1f} GB".replace(".", ",")
    return f"{size / (1 << 20):.1f} MB".replace(".", ",") if size else "0 MB"
