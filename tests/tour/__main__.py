"""`./tour --out DIR [--json]`: play the day and leave a line and a picture for each step."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from tests.tour.day import ACTS
from tests.tour.play import Play
from tests.tour.proof import equal
from tests.tour.scene import scene
from tests.tour.stage import Failed, window_manager


def main() -> int:
    """Play all acts on a new stage; 0 when every one came out, 1 at the first that did not."""
    parser = argparse.ArgumentParser(prog="./tour")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--mode", default="light", choices=("light", "dark"))
    args = parser.parse_args()
    out = args.out.resolve()
    pictures = out / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)

    def tell(row: dict[str, Any]) -> None:
        told = json.dumps(row, ensure_ascii=False, default=str)
        plain = " · ".join(f"{key} {value}" for key, value in row.items())
        sys.stdout.write((told if args.json else plain) + "\n")
        sys.stdout.flush()

    shutil.rmtree(out / "stage", ignore_errors=True)
    with window_manager(), scene(out / "stage", args.mode) as made:
        play = Play(made, pictures, tell)
        try:
            for act in ACTS:
                act(play)
            for desk in play.desks.values():
                desk.leave()
            tell({"step": "played", "stall_ms": play.longest_stall()})
            tell({"step": "equal", "desks": equal(made)})
        except Failed as error:
            play.failed(str(error))
            return 1
        finally:
            for desk in play.desks.values():
                desk.leave()
            sys.stderr.write(f"the pictures lie in {pictures}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
