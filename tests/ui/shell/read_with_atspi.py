"""Read a program from outside as a screen reader does; runs with the system's own Python.

`python3 read_with_atspi.py FILE` writes [role, name] of everything in the window as JSON.
"""

import json
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi  # noqa: E402


def walk(node, found):
    found.append([node.get_role_name(), node.get_name() or ""])
    for place in range(node.get_child_count()):
        child = node.get_child_at_index(place)
        if child is not None:
            walk(child, found)


def main():
    for _ in range(100):
        desktop = Atspi.get_desktop(0)
        for place in range(desktop.get_child_count()):
            program = desktop.get_child_at_index(place)
            if program is not None and program.get_child_count():
                found = []
                walk(program, found)
                if any(name == "Trích yếu" for _, name in found):
                    with open(sys.argv[1], "w", encoding="utf-8") as out:  # noqa: PTH123
                        json.dump(found, out)
                    return 0
        time.sleep(0.1)
    return 1


if __name__ == "__main__":
    sys.exit(main())
