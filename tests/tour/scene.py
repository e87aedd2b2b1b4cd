"""The scene of the day: the demonstration province, its server behind a line, three PCs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.entry.demo import Demo, _await, _end, _server, prepare
from app.entry.desks import launcher, new_profile
from app.kernel.clock import SystemClock
from sync.server.demo.people import PASSWORD
from sync.server.demo.province import AUTHORITY, authority
from tests.tour.stage import Line

# PC -> the people who share it
PCS = {
    "tinh": ("vanthu.tinh", "chutich.tinh"),
    "xa": ("vanthu.muongphang", "chutich.muongphang"),
    "chuyenvien": ("chuyenvien.muongphang",),
}


@dataclass(frozen=True)
class Scene:
    """What the play needs to know of the stage."""

    demo: Demo
    line: Line
    folder: Path

    def profiles(self, pc: str) -> Path:
        """Return the profiles of a PC."""
        return self.folder / pc / "profiles"

    def profile(self, login: str) -> Path:
        """Return a person's profile."""
        pc = next(name for name, people in PCS.items() if login in people)
        return self.profiles(pc) / login


@contextmanager
def scene(folder: Path, mode: str) -> Iterator[Scene]:
    """Seed or take up the province, serve it, and make the PCs' profiles over the line."""
    demo = Demo(folder / "province")
    demo.folder.mkdir(parents=True, exist_ok=True)
    prepare(demo, lambda _: None)
    with ExitStack() as stack:
        issuer = authority(demo.files.parent / AUTHORITY, SystemClock())
        stack.enter_context(issuer.serve())
        port = int(demo.facts()["port"])
        server = _server(demo, "serve", "--port", str(port))
        stack.callback(_end, server)
        _await(port, server)
        line = Line(port)
        stack.callback(line.close)
        made = Scene(demo, line, folder)
        _people(made, mode)
        yield made


def _people(made: Scene, mode: str) -> None:
    url = f"http://127.0.0.1:{made.line.port}"
    for pc, people in PCS.items():
        trust = made.folder / pc / "trust"
        trust.mkdir(parents=True, exist_ok=True)
        for anchor in made.demo.trust.glob("*.pem"):
            (trust / anchor.name).write_bytes(anchor.read_bytes())
        for login in people:
            profile = new_profile(made.profiles(pc) / login, url, login, PASSWORD)
            desk = launcher(profile.parent).open(profile, PASSWORD, online=False)
            desk.store.set_meta("settings.person", json.dumps({"theme": mode}))
            desk.close()
