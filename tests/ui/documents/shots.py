"""Save pictures of the pages of incoming documents: `python -m tests.ui.documents.shots OUT`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from app.files import checks
from app.kernel.ports import FileReport, SignatureReport, Verdict
from app.kernel.texts import Texts
from tests.ui.documents.commune import NOW, Commune, actor, open_commune, sample
from ui.bridge.runner import QtRunner
from ui.bridge.session import Session
from ui.documents.page_incoming import IncomingPage
from ui.documents.page_register import RegisterPage
from ui.documents.page_work import WorkPage
from ui.kit import texts as voice
from ui.kit.page import PageSpec
from ui.kit.theme import install
from ui.shell.window import DeskWindow

SIZE = (1366, 690)
LOOKS = (("light", 100), ("dark", 100), ("light", 200))
SPECS = (
    PageSpec("work", "check-square", "pages.work", WorkPage),
    PageSpec("incoming", "inbox", "pages.incoming", IncomingPage),
    PageSpec("register", "stamp", "pages.register.nav", RegisterPage, roles=frozenset({"clerk"})),
)


def wait(until: Callable[[], object], seconds: float = 10.0) -> None:
    """Run the event loop until something is so."""
    loop, checks, limit = QEventLoop(), QTimer(), QTimer()
    checks.timeout.connect(lambda: loop.quit() if until() else None)
    limit.setSingleShot(True)
    limit.timeout.connect(loop.quit)
    checks.start(10)
    limit.start(round(seconds * 1000))
    if not until():
        loop.exec()
    checks.stop()
    assert until(), "waited in vain"


def settle(milliseconds: int = 150) -> None:
    """Let what is queued happen."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


@contextmanager
def window_of(commune: Commune, who: str, size: tuple[int, int] = SIZE) -> Iterator[DeskWindow]:
    """Yield a window of one of the commune's people, on real lanes."""
    runner = QtRunner()
    session = Session(commune.desk, runner, Texts(), actor(who))
    bugs: list[BaseException] = []
    session.bug.connect(bugs.append)
    window = DeskWindow(session, SPECS)
    window.resize(*size)
    window.show()
    try:
        yield window
    finally:
        window.close()
        session.close()
        runner.close()
        window.deleteLater()
        QCoreApplication.sendPostedEvents()
    if bugs:
        raise bugs[0]


def believe(commune: Commune, entity: str, verdict: Verdict = Verdict.VALID) -> None:
    """Keep a verdict for a document's file, as an earlier check would have."""
    main = commune.document(entity).main_file
    assert main is not None
    made = tuple(
        SignatureReport(f"S{n}", name, verdict, "B-T", NOW, "timestamp", reasons)
        for n, (name, reasons) in enumerate((("Lê Văn Thử", ()), ("UBND tỉnh Điện Biên", ())))
    )
    if verdict is Verdict.UNKNOWN:
        made = (
            SignatureReport(
                "S1", "Công an tỉnh", verdict, "B-B", NOW, "claimed", ("unknown_root",)
            ),
        )
    report = FileReport(verdict, made, (), main.sha256, NOW)
    with commune.desk.store.writing() as connection:
        checks.keep(connection, main.sha256, report, NOW, secret=False, offline=True)


def page(window: DeskWindow, name: str) -> object:
    """Show a page and return it."""
    window.go(name)
    settle()
    return window.page(name)


def shoot(window: DeskWindow, out: Path, name: str) -> None:
    """Save a picture of the window."""
    settle(250)
    window.grab().save(str(out / f"{name}.png"))


def leader(commune: Commune, out: Path, look: str) -> None:
    """Save what the chairman sees: reading, instructing, checking signatures, the table."""
    with window_of(commune, "leader") as window:
        incoming = page(window, "incoming")
        assert isinstance(incoming, IncomingPage)
        wait(lambda: incoming.model.rows.total)
        if incoming._narrow:
            shoot(window, out, f"incoming-list-{look}")
        incoming.open_entity("document", commune.ids["express"])
        wait(lambda: incoming.reader.pdf.sharp or incoming._narrow)
        wait(lambda: incoming.reader.model.report)
        shoot(window, out, f"incoming-{look}")
        incoming.do("instruct")
        settle()
        panel = incoming.reader.side.panel
        panel.model.give_role("xa/KT", _role("lead"))
        panel.model.set_due("xa/KT", panel.model.due_in(3))
        panel.model.give_role("hoa", _role("co"))
        panel._take_phrase("lead_with")
        shoot(window, out, f"instruct-{look}")
        incoming.go_back()
        incoming.reader.show_verification()
        shoot(window, out, f"verify-{look}")
        incoming.go_back()
        incoming.list.set_dense(True)
        shoot(window, out, f"table-{look}")
        page(window, "work")
        shoot(window, out, f"work-{look}")


def _role(name: str) -> object:
    from app.documents.model import Role

    return Role(name)


def clerk(commune: Commune, out: Path, look: str) -> None:
    """Save the registration form."""
    with window_of(commune, "clerk") as window:
        register = page(window, "register")
        assert isinstance(register, RegisterPage)
        wait(lambda: register.model.entry)
        register.model.open(commune.ids["twin"])
        wait(lambda: register._twins and (register.pdf.sharp or register._narrow))
        shoot(window, out, f"register-{look}")
        register.model.begin()
        settle()
        shoot(window, out, f"register-paper-{look}")
        register.model.drop()
        page(window, "incoming")
        shoot(window, out, f"clerk-{look}")


def main(out: Path) -> None:
    """Save every picture."""
    out.mkdir(parents=True, exist_ok=True)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    voice.use(Texts())
    install(app)
    with TemporaryDirectory() as folder:
        commune = open_commune(Path(folder))
        sample(commune)
        believe(commune, commune.ids["express"])
        believe(commune, commune.ids["virus"])
        believe(commune, commune.ids["late"], Verdict.UNKNOWN)
        for mode, scale in LOOKS:
            install(app, mode, scale)
            leader(commune, out, f"{mode}-{scale}")
            clerk(commune, out, f"{mode}-{scale}")
        commune.desk.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
