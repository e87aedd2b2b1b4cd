"""The seal waits for the file; toasts leave the result and the acts free."""

from __future__ import annotations

import io

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QWidget

from app.kernel.changes import Changes
from tests.ui.conftest import wait_until
from tests.ui.outgoing.conftest import Sessions, Show
from tests.ui.outgoing.office import Office
from tests.ui.outgoing.test_journey import LONG, sealing, sign_it
from tests.ui.walk import cut_off, overlapping, settle
from ui.kit.page import PageSpec
from ui.kit.theme import theme
from ui.outgoing.page_issue import IssuePage
from ui.outgoing.page_outgoing import OutgoingPage
from ui.shell.window import DeskWindow


def test_the_seal_waits_until_the_file_has_come(keyed: Office, begin: Sessions, show: Show) -> None:
    entity = keyed.submitted()
    sign_it(keyed, entity, begin, show)
    file = keyed.document(entity).main_file
    assert file is not None
    vault = keyed.desk.store.vault
    with vault.open(file.sha256) as stream:
        content = stream.read()
    vault.remove(file.sha256)
    page = show(IssuePage(begin(keyed, "clerk")))
    assert isinstance(page, IssuePage)
    wait_until(lambda: page.seals.key is not None, LONG)
    wait_until(lambda: "Chờ 1 tệp" in page.waiting.text, LONG)
    assert not page.seal.enabled and not page._seal_button.isEnabled()
    assert page.waiting.isVisible()
    page.seal.trigger()
    assert not page.seals.running, "the key of the act does nothing either"
    vault.put(io.BytesIO(content))
    keyed.desk.changes(Changes.of([("document", entity)]))
    wait_until(lambda: page.seal.enabled, LONG)
    assert not page.waiting.isVisible()


def area(widget: QWidget, window: QWidget) -> QRect:
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


@pytest.mark.parametrize("scale", [100, 200])
def test_a_toast_covers_neither_result_nor_acts(
    office: Office, begin: Sessions, scale: int
) -> None:
    office.draft("Kế hoạch (mẫu)")
    specs = (
        PageSpec("issue", "stamp", "outpages.nav.issue", IssuePage),
        PageSpec("outgoing", "send", "outpages.nav.outgoing", OutgoingPage),
    )
    theme().apply("light", scale)
    window = DeskWindow(begin(office, "clerk"), specs)
    window.resize(1366, 690)
    window.show()
    page = window.page("issue")
    assert isinstance(page, IssuePage)
    page.sides.show_detail(detail=True)
    # The answer on the keys says anew what waits
    wait_until(lambda: page.seals.keys is not None, LONG)
    settle()
    toast = window.toasts.show_toast("Đã đóng dấu văn bản (mẫu)", undo=lambda: None)
    # What the page asked for takes its words away when it comes
    for _ in range(200):
        page.result.show_text("Đã đóng dấu; kiểm tra nơi nhận rồi ban hành.", "ok")
        page.waiting.show_text("Chờ 1 tệp của văn bản về máy này", "info", icon="download")
        settle()
        if page.result.isVisible() and page.waiting.isVisible():
            break
    shown = area(toast, window)
    for part in (page.result, page.waiting, page._seal_button):
        assert part.isVisible()
        assert not shown.intersects(area(part, window)), part.accessibleName()
    assert cut_off(toast) == [] and overlapping(toast) == []
    window.close()
    window.deleteLater()


def test_a_signed_document_with_its_file_can_be_sealed_at_once(
    keyed: Office, begin: Sessions, show: Show
) -> None:
    sign_it(keyed, keyed.submitted(), begin, show)
    page = sealing(keyed, begin, show)
    assert not page.waiting.isVisible()
