"""Log records as one JSON object per line: ids, codes and figures, never what people wrote.

Messages of exceptions are left out: those of a database quote the rows that it refused.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

LEVELS = ("debug", "info", "warning", "error")
LOG = logging.getLogger("sync.server")
_ROOT = Path(__file__).parents[2]


class JsonLines(logging.Formatter):
    """Spell a record; `extra={"said": {…}}` adds fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        value = {
            "at": at,
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "said", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            value["error"] = record.exc_info[0].__name__
            value["where"] = _where(record.exc_info[2])
        return json.dumps(value, ensure_ascii=False)


def configure(level: str) -> None:
    """Send every record of the process to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def _where(trace: TracebackType | None) -> list[str]:
    """Return the places that an exception came through, outermost first."""
    return [
        f"{_short(frame.filename)}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(trace)
    ]


def _short(name: str) -> str:
    path = Path(name)
    return str(path.relative_to(_ROOT)) if path.is_relative_to(_ROOT) else path.name
