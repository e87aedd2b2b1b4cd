"""What nobody foresaw: kept in a log without content, told to the person, work goes on."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable
from types import TracebackType

log = logging.getLogger("hoaban.crash")


def describe(error: BaseException) -> str:
    """Return the places in the program that an error passed, without any value of it.

    Messages of exceptions may carry a person's data; classes, files and lines do not.
    """
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{_short(f.filename)}:{f.lineno} {f.name}" for f in frames]
    return "\n".join((type(error).__name__, *places))


def _short(path: str) -> str:
    return "/".join(path.replace("\\", "/").split("/")[-3:])


def install(tell: Callable[[str], None]) -> None:
    """Send unforeseen errors of the GUI thread to the log and to `tell`."""

    def hook(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, error.__traceback__)
            return
        report(error, tell)

    sys.excepthook = hook


def report(error: BaseException, tell: Callable[[str], None]) -> None:
    """Log an unforeseen error and tell the person."""
    text = describe(error)
    log.error("unforeseen error\n%s", text)
    tell(text)
