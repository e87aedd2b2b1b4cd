"""Seed the demonstration province: people, books, and documents in every state.

Everything is made by the product's own rules, as invented people, at office hours of the days
before today; the PDFs are signed by the demonstration authority and marked as samples.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path

from app.bulletins.commands import Publish
from app.catalogues.commands import PutItem
from app.catalogues.model import item_id
from app.kernel.clock import VIETNAM, Clock, FixedClock, local_date
from app.kernel.command import Command
from app.kernel.ids import derived_id
from app.registers.commands import OpenRegister, SetMode
from app.registers.model import RegisterMode, register_id
from app.settings import SETTING_LIST
from signing.trust.store import TrustStore
from sync.server.demo.authority import DemoAuthority
from sync.server.demo.ledger import Ledger
from sync.server.demo.papers import Paper, papers
from sync.server.demo.people import AGENCIES, PASSWORD, directory, samples, unit_names
from sync.server.demo.softkeys import SoftKeys
from sync.server.demo.story import Story
from sync.server.seed import Seed

INCOMING, OUTGOING = "incoming", "outgoing"
AUTHORITY = "authority"
_FIRST_ARRIVAL = 1000
_NOTICES = (
    (
        "Lịch bảo trì máy chủ cuối tuần (mẫu)",
        (
            "Máy chủ của tỉnh được bảo trì từ 20 giờ thứ Bảy đến 6 giờ Chủ nhật. "
            "Bàn làm việc vẫn dùng được khi ngoại tuyến."
        ),
    ),
    (
        "Hướng dẫn gia hạn chứng thư số (mẫu)",
        (
            "Chứng thư còn dưới 60 ngày cần làm thủ tục gia hạn; "
            "thanh trạng thái cho biết số ngày còn lại."
        ),
    ),
    (
        "Cảnh báo thư giả mạo (mẫu)",
        "Không mở tệp lạ; báo ngay cho cán bộ công nghệ thông tin của đơn vị.",
    ),
)


def authority(folder: Path, clock: Clock) -> DemoAuthority:
    """Open or make the demonstration authority in a folder."""
    people = [(s.login, s.name) for s in samples().values()]
    agencies = [(code, unit_names()[unit]) for unit, code in AGENCIES.items()]
    return DemoAuthority.create(folder, people, agencies, port=free_port(), clock=clock)


def free_port() -> int:
    """Return a port of loopback that nobody listens on; an authority keeps it once made."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def seed(door: Seed) -> None:
    """Fill an empty server; the authority lies beside the server's files."""
    clock = door.server.clock
    today = local_date(clock.now())
    made = papers(today)
    door.commands(*directory(), *_notices())
    for sample in samples().values():
        door.account(sample.login, sample.id, PASSWORD)
    door.commands(*_books(made, today))
    issuer = authority(door.folder / AUTHORITY, clock)
    tsa = item_id(SETTING_LIST, "tsa_url", None)
    door.commands(PutItem(tsa, SETTING_LIST, "tsa_url", issuer.tsa_url))
    _tell(door, issuer, made, today)
    door.commands(*_leased(today))


def _tell(door: Seed, issuer: DemoAuthority, made: tuple[Paper, ...], today: date) -> None:
    clock = _start(made)
    anchors = issuer.folder / "anchors"
    issuer.anchors(anchors)
    with issuer.serve(clock=clock):
        keys = SoftKeys(issuer, TrustStore([anchors]), clock, issuer.tsa_url)
        story = Story(Ledger(door), keys, clock, today)
        for paper in made:
            story.tell(paper)


def _start(made: tuple[Paper, ...]) -> FixedClock:
    first = min(paper.day for paper in made)
    return FixedClock(datetime.combine(first, time(6), VIETNAM))


def _notices() -> Iterator[Command]:
    for title, body in _NOTICES:
        yield Publish(derived_id("demo", "notice", title), title, body)


def _books(made: tuple[Paper, ...], today: date) -> Iterator[Command]:
    """Open the books of each year that the papers touch; they carry on paper books."""
    years = sorted({paper.day.year for paper in made} | {today.year})
    for unit in AGENCIES:
        for year in years:
            numbers = [int(p.number) for p in made if p.sender == unit and p.day.year == year]
            names = {
                INCOMING: (f"Sổ văn bản đến {year}", _FIRST_ARRIVAL),
                OUTGOING: (f"Sổ văn bản đi {year}", min(numbers, default=1)),
            }
            for book, (name, first) in names.items():
                where = register_id(unit, year, book)
                yield OpenRegister(where, name, RegisterMode.SERVER, first)


def _leased(today: date) -> Iterator[Command]:
    """Give the communes' books to whichever desk asks for them, as is a commune's default."""
    for unit in AGENCIES:
        if "@2025-07-01/" in unit:
            for book in (INCOMING, OUTGOING):
                yield SetMode(register_id(unit, today.year, book), RegisterMode.LEASED)
