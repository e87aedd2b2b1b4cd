"""One desk of the tour: the real window in a process of its own, with a robot inside.

`python -m tests.tour.desk PROFILES --profile DIR [--hold SECONDS]`
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QApplication

from app.entry import first
from app.store.replica import Replica
from tests.tour.robot import Robot
from ui.shell.application import Application, build


def _facts(made: Application) -> dict[str, Any]:
    window = made.window
    if window is None:
        return {"screen": "login"}
    desk = window.session.desk
    items = Replica(desk.store).items()
    with desk.store.reader() as connection:
        sent = connection.exec_driver_sql("SELECT envelope FROM journal ORDER BY n").scalars().all()
    return {
        "screen": window.current,
        "person": window.session.actor.name,
        "line": window.status.state.state,
        "outbox": [{"name": i.name, "state": str(i.state), "code": i.code} for i in items],
        "sent": [json.loads(envelope)["name"] for envelope in sent],
        "device": desk.store.device,
    }


def main() -> int:
    """Open the window and obey until told to quit."""
    parser = argparse.ArgumentParser()
    parser.add_argument("profiles", type=Path)
    parser.add_argument("--profile", type=Path)
    args = parser.parse_args()
    made = build(first.launcher(args.profiles), args.profile, "vi")
    robot = Robot(made, lambda: _facts(made))
    made.start()
    code = QApplication.exec()
    made.close()
    del robot
    return code


if __name__ == "__main__":
    sys.exit(main())
