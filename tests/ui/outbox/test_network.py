"""The network check: whose fault it is, in words; stopped; handed on without a word of content."""

from __future__ import annotations

import platform
import re
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from app.documents.commands import Receive
from app.documents.model import Channel, Particulars
from app.kernel.clock import SystemClock
from app.kernel.ids import new_id
from app.kernel.network import NetworkFinding
from app.kernel.ports import CancelToken
from app.kernel.texts import Texts
from sync.client.diagnosis import Check
from sync.http import Session as Http
from sync.proxies import ProxyKeys
from tests.doubles.proxy import proxy
from tests.doubles.web import liar
from tests.ui.conftest import wait_until
from tests.ui.outbox.test_outbox import Status, Sync
from tests.ui.sessions import session_of
from tests.ui.walk import walk
from ui.bridge.runner import QtRunner
from ui.bridge.session import Session
from ui.outbox.dialog_network import NetworkDialog, ProxyDialog
from ui.outbox.page_outbox import OutboxPage

Shown = Callable[..., QWidget]
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"
SUBJECT = "Về việc hỗ trợ hộ nghèo mẫu"


class Line(Sync):
    """A line that hears of another network."""

    def __init__(self, since: datetime) -> None:
        super().__init__(Status("proxy_auth", since, None))
        self.tried = 0

    def line_changed(self) -> None:
        self.tried += 1


class Box:
    """A keyring."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        return self.held.get(name)

    def set(self, name: str, value: str) -> None:
        self.held[name] = value

    def delete(self, name: str) -> None:
        self.held.pop(name, None)


@pytest.fixture
def session(tmp_path: Path, qapp: object) -> Iterator[Session]:
    with session_of(tmp_path, "mai") as made:
        made.desk.sync = Line(made.desk.clock.now())
        yield made


def check(server: str, box: Box) -> Check:
    clock, keys = SystemClock(), ProxyKeys(box)
    return Check(server, clock, keys, lambda: Http(clock, keys=keys), way_out=lambda: True)


def opened(session: Session, shown: Shown) -> tuple[OutboxPage, NetworkDialog]:
    page = OutboxPage(session)
    page._timer.setInterval(100_000)
    shown(page, 1150, 760)
    page.activate()
    page.line.check_button.click()
    assert isinstance(page.dialog, NetworkDialog)
    return page, page.dialog


def test_a_portal_is_the_line_and_the_report_names_nobody(
    session: Session, shown: Shown, tmp_path: Path
) -> None:
    actor = session.actor
    document = new_id(session.desk.clock.now())
    session.act(Receive(document, actor.agency, Particulars(subject=SUBJECT), Channel.PAPER))
    with liar(PAGE) as url:
        session.desk.network = check(url, Box())
        page, dialog = opened(session, shown)
        assert "Lỗi ở đường truyền" in dialog.banner.text
        assert dialog.found[-1].code == "portal"
        assert (
            dialog.findings.cards[-1].accessibleName().startswith("Đường truyền · Đăng nhập mạng")
        )
        target = tmp_path / "báo cáo.txt"
        dialog.save_to(target)
        dialog.copy.click()
        page.close_page()
    said = target.read_text(encoding="utf-8")
    assert said == QGuiApplication.clipboard().text()
    assert "Lỗi ở đường truyền" in said and "(portal)" in said and "→ Mở trình duyệt" in said
    people = [p for _, p in session.desk.store.entities("person")]
    names = {p.name for p in people} | {p.id for p in people}
    secret = names | {SUBJECT, document, actor.agency, str(tmp_path), session.desk.store.device}
    # Host and home folder of a PC bear people's names often enough
    secret |= {platform.node(), str(Path.home())}
    assert len(secret) > 5 and SUBJECT in {
        d.particulars.subject for _, d in session.desk.store.entities("document")
    }
    assert not [word for word in secret if word and word.lower() in said.lower()]


def test_a_report_that_cannot_be_written_says_so(session: Session, shown: Shown) -> None:
    with liar(PAGE) as url:
        session.desk.network = check(url, Box())
        page, dialog = opened(session, shown)
        dialog.save_to(Path("/nowhere/x.txt"))
        assert "Không ghi được" in dialog.banner.text
        page.close_page()


def test_the_proxys_account_is_asked_for_kept_and_tried(
    session: Session, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    box = Box()
    well = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.hoaban.sync+json\r\n"
        b"Content-Length: 2\r\n\r\n{}"
    )
    with liar(well) as url, proxy(int(re.findall(r":(\d+)/", url)[0]), "mai:mật khẩu") as between:
        for name in ("http_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, between.url)
        session.desk.network = check("http://hoaban.test", box)
        page, dialog = opened(session, shown)
        assert dialog.found[-1].code == "proxy.auth" and dialog.account.isVisible()
        assert "máy của bạn" in dialog.banner.text
        dialog.account.click()
        asking = dialog.findChild(ProxyDialog)
        assert isinstance(asking, ProxyDialog)
        asking.keep.click()
        assert asking.isVisible(), "a name belongs here"
        asking.user.setText("mai")
        asking.password.setText("mật khẩu")
        asking.keep.click()
        assert not asking.isVisible()
        assert dialog.found[-1].code == "rules.ok" and not dialog.account.isVisible()
        assert session.desk.sync.tried == 1  # type: ignore[union-attr, attr-defined]
        assert "mật khẩu" not in dialog.text()
        page.close_page()


class Slow:
    """A link that answers only when it is let."""

    def __init__(self) -> None:
        self.let = threading.Event()
        self.thread = threading.current_thread()

    def __call__(self, cancel: CancelToken | None = None) -> Iterator[NetworkFinding]:
        self.thread = threading.current_thread()
        yield NetworkFinding("pc", "card", "ok", "card.ok")
        self.let.wait(60)
        assert cancel is not None
        cancel.raise_if_cancelled()
        yield NetworkFinding("line", "portal", "fail", "portal")

    def remember_proxy(self, user: str, password: str) -> None:
        raise AssertionError


def test_it_is_walked_off_the_gui_thread_and_stops_at_once(session: Session, shown: Shown) -> None:
    slow, runner = Slow(), QtRunner()
    session.desk.network = slow
    own = Session(session.desk, runner, Texts(), session.actor)
    page, dialog = opened(own, shown)
    wait_until(lambda: len(dialog.found) == 1)
    assert slow.thread is not threading.current_thread()
    assert dialog.progress.isVisible() and not dialog.again.isEnabled()
    dialog.progress.cancel_button.click()
    assert not dialog.progress.isVisible() and "dừng" in dialog.banner.text
    slow.let.set()
    page.close_page()
    own.close()
    runner.close()
    assert [f.code for f in dialog.found] == ["card.ok"]


def test_the_broken_link_is_in_sight(session: Session, shown: Shown) -> None:
    with liar(PAGE) as url:
        session.desk.network = check(url, Box())
        page, dialog = opened(session, shown)
        dialog.resize(dialog.width(), 420)
        dialog.run()
        last = dialog.findings.cards[-1]
        wait_until(lambda: not last.visibleRegion().isEmpty(), 9000)
        wait_until(lambda: last.visibleRegion().boundingRect().height() == last.height(), 9000)
        page.close_page()


def test_the_dialog_is_whole_in_every_look(session: Session, shown: Shown) -> None:
    with liar(PAGE) as url:
        session.desk.network = check(url, Box())
        page, dialog = opened(session, shown)
        assert walk(dialog, (1100, 660)) == []
        page.close_page()
