"""What holds for every test: no unexpected warning in the log or from Qt, no thread left over."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator

import pytest


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def _qt_to_log() -> None:
    """Send Qt's own messages to the logger "qt", once Qt is there."""
    core = sys.modules.get("PySide6.QtCore")
    if core is None:
        return
    levels = {core.QtMsgType.QtWarningMsg: logging.WARNING, core.QtMsgType.QtCriticalMsg: 40}
    core.qInstallMessageHandler(
        lambda kind, _context, text: logging.getLogger("qt").log(levels.get(kind, 10), "%s", text)
    )


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what is kept for people, and the machine's own settings, apart from the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_DIRS"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name.lower())))
        yield


@pytest.fixture(autouse=True)
def quiet_log(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail on records of WARNING and above, but for the loggers in `@pytest.mark.logs(…)`."""
    expected = tuple(n for m in request.node.iter_markers("logs") for n in m.args)
    collector = _Collector()
    logging.getLogger().addHandler(collector)
    _qt_to_log()
    yield
    logging.getLogger().removeHandler(collector)
    found = [
        f"{r.name} {r.levelname}: {r.getMessage()}"
        for r in collector.records
        if not r.name.startswith(expected or ("\0",))
    ]
    assert not found, f"unexpected log records: {found}"


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """Fail when a test leaves a thread that would keep the program from ending."""
    before = set(threading.enumerate())
    yield
    left = [t for t in threading.enumerate() if t not in before and not t.daemon]
    for thread in left:
        thread.join(2)
    names = [t.name for t in left if t.is_alive()]
    assert not names, f"threads left over: {names}"
