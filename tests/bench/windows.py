"""The processes that the start is measured with: `python -m tests.bench.windows bare|desk DIR`.

Each says a line when what it stands for has been painted, with the memory it takes by then, and
ends by itself.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.kernel.feature import Registry
    from ui.shell.application import Application

MARK = "shown "
_PATIENCE_MS = 60_000
# So long a person types a password; what stands behind the login loads meanwhile
_TYPING_MS = 2000
_IDLE_MS = 4000
_PAGE_MS = 250
PASSWORD = "mat-khau-mau"


def known() -> Registry:
    """Return the features of a desk."""
    from app.features import registry

    return registry()


def say(what: str) -> None:
    """Tell the measuring process."""
    print(f"{MARK}{what} {_memory_kb()}", flush=True)


def _memory_kb() -> int:
    """Return what this process holds of memory; 0 where the system does not say."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    line = next(row for row in status.read_text().splitlines() if row.startswith("VmRSS"))
    return int(line.split()[1])


def bare() -> int:
    """Show the least window that PySide6 can."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QLabel, QMainWindow

    app = QApplication(sys.argv[:1])
    window = QMainWindow()
    window.setCentralWidget(QLabel("Hoa Ban"))
    window.resize(1366, 720)
    window.show()
    window.repaint()

    def shown() -> None:
        say("bare")
        app.quit()

    QTimer.singleShot(0, shown)
    return int(app.exec())


def desk(profiles: Path) -> int:
    """Show the login as `python -m app desk` does, then unlock the only profile in it."""
    from app.entry.first import launcher
    from ui.shell.application import build

    made = build(launcher(profiles), None, "vi")
    made.start()
    made.frame.repaint()
    _watch(lambda: made.login.isVisible() and _offers(made), lambda: _login_shown(made, profiles))
    return _run(made)


def _run(made: Application) -> int:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    QTimer.singleShot(_PATIENCE_MS, lambda: QApplication.exit(3))
    code = int(QApplication.exec())
    made.close()
    return code


def _offers(made: Application) -> bool:
    from PySide6.QtWidgets import QComboBox

    return any(box.count() > 0 for box in made.login.findChildren(QComboBox))


def _login_shown(made: Application, profiles: Path) -> None:
    from PySide6.QtCore import QTimer

    made.login.repaint()
    say("login")
    QTimer.singleShot(_TYPING_MS, lambda: _typed(made, profiles))


def _typed(made: Application, profiles: Path) -> None:
    """Unlock when everything is loaded, which a loaded machine may take longer for."""
    say("typed")
    _watch(lambda: not made.runner.busy, lambda: _unlock(made, profiles))


def _unlock(made: Application, profiles: Path) -> None:
    say("loaded")
    made.unlock(profiles / "clerk", PASSWORD)
    _watch(lambda: _usable(made), lambda: _list_shown(made))


def _usable(made: Application) -> bool:
    """Tell whether the list of incoming documents is on screen, with rows."""
    from PySide6.QtWidgets import QAbstractItemView

    window = made.window
    if window is None:
        return False
    if window.current != "incoming":
        window.go("incoming")
    views = window.findChildren(QAbstractItemView)
    return any(_has_rows(view) for view in views if view.isVisible())


def _has_rows(view: object) -> bool:
    from PySide6.QtWidgets import QAbstractItemView

    assert isinstance(view, QAbstractItemView)
    model = view.model()
    if model is None or not model.rowCount():
        return False
    first = model.index(0, 0)
    if not model.data(first):
        return False
    view.viewport().repaint()
    return True


def _list_shown(made: Application) -> None:
    from PySide6.QtCore import QTimer

    say("list")
    QTimer.singleShot(_IDLE_MS, lambda: _idled(made))


def _idled(made: Application) -> None:
    assert made.window is not None
    say("idle")
    _visit(made, [spec.name for spec in made.window.visible_specs()])


def _visit(made: Application, names: list[str]) -> None:
    """Look at every page, then end."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    if not names or made.window is None:
        say("worked")
        QApplication.quit()
        return
    made.window.go(names[0])
    QTimer.singleShot(_PAGE_MS, lambda: _visit(made, names[1:]))


def _watch(ready: Callable[[], bool], then: Callable[[], None]) -> None:
    from PySide6.QtCore import QTimer

    timer = QTimer()

    def look() -> None:
        if ready():
            timer.stop()
            then()

    timer.timeout.connect(look)
    timer.start(2)
    _TIMERS.append(timer)


_TIMERS: list[object] = []


if __name__ == "__main__":
    sys.exit(bare() if sys.argv[1] == "bare" else desk(Path(sys.argv[2])))
