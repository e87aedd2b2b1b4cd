"""What the day is judged by: the same state everywhere, signatures that hold, forgeries that do not."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.documents.model import KIND, Document
from app.entry.desks import launcher
from app.features import FEATURES
from app.kernel.clock import SystemClock
from app.kernel.codec import from_json
from app.kernel.feature import Registry
from app.kernel.ids import new_id
from app.store.model import EVENT, OutboxState
from app.store.replica import Replica
from sync.protocol import codec
from sync.protocol.messages import (
    PROTO,
    RULES,
    SCHEMA,
    End,
    Frame,
    Hello,
    Mark,
    Request,
    RowFrame,
    ScopeFrame,
)
from sync.server.demo.people import PASSWORD, samples
from sync.server.http import Server
from sync.server.seed import build
from sync.server.service import Account
from tests.signing.forgeries import FORGERIES, forged
from tests.tour.scene import PCS, Scene
from tests.tour.stage import Failed

Key = tuple[str, str]
Rows = dict[Key, Any]


@dataclass(frozen=True)
class Paper:
    """An issued document as it lies at the province: its number and its file."""

    symbol: str
    path: Path


def opened(scene: Scene) -> Server:
    """Open the province's own database beside the server that serves it."""
    return build(scene.demo.database, scene.demo.files, Registry(FEATURES), SystemClock())


def papers(scene: Scene, subjects: tuple[str, ...], out: Path) -> list[Paper]:
    """Write out the sealed PDFs of issued documents, as the province's server holds them."""
    out.mkdir(parents=True, exist_ok=True)
    server = opened(scene)
    try:
        found = {d.particulars.subject: d for d in _documents(truth(server, "vanthu.tinh"))}
        made = []
        for place, subject in enumerate(subjects):
            if subject not in found:
                raise Failed(f"{subject!r} was not issued")
            document = found[subject]
            main = document.main_file
            assert main is not None
            path = out / f"paper-{place + 1}.pdf"
            shutil.copyfile(server.files.path(main.sha256), path)
            p = document.particulars
            made.append(Paper(f"{p.number}/{p.notation}", path))
        return made
    finally:
        server.service.store.close()


def _documents(rows: Rows) -> list[Document]:
    return [from_json(Document, data) for (kind, _), (_, data) in rows.items() if kind == KIND]


def truth(server: Server, login: str) -> Rows:
    """Return what the server would give a new desk of a person: rows and events."""
    account = Account(login, samples()[login].id)
    request = Request(PROTO, SCHEMA, RULES, device=f"proof-{new_id(SystemClock().now())}")
    rows: Rows = {}
    while True:
        frames = _over_the_wire(server.service.handle(request, account))
        rows |= {(f.kind, f.id): (f.ver, dict(f.data)) for f in frames if isinstance(f, RowFrame)}
        hello, *_, end = frames
        if not isinstance(hello, Hello) or not isinstance(end, End):
            raise Failed("the server cut its own answer")
        if end.caught_up:
            return rows
        granted = [f.bucket for f in frames if isinstance(f, ScopeFrame) and f.op == "grant"]
        marks = [f for f in frames if isinstance(f, Mark)]
        request = replace(
            request,
            history=hello.history,
            cursor=end.cursor,
            scope=(*request.scope, *granted),
            lag=marks[-1].lag if marks else request.lag,
        )


def _over_the_wire(frames: Iterable[Frame]) -> list[Frame]:
    unpacker = codec.Unpacker()
    return [frame for block in codec.pack(frames) for frame in unpacker.feed(block)]


def everybody() -> list[str]:
    """Return who has a profile on one of the PCs."""
    return [login for people in PCS.values() for login in people]


def equal(scene: Scene) -> dict[str, Any]:
    """Compare every desk with the server row by row; raises `Failed` at the first difference."""
    server = opened(scene)
    counted: dict[str, Any] = {}
    try:
        # What one sends in the first round, those before him hear of in the second
        for _ in range(2):
            for login in everybody():
                _sync_once(scene, login)
        for login in everybody():
            counted[login] = _same(scene, server, login)
    finally:
        server.service.store.close()
    return counted


def _sync_once(scene: Scene, login: str) -> None:
    command = [sys.executable, "-m", "app", "sync", "--once", "--json", "--password-stdin"]
    command += ["--profile", str(scene.profile(login))]
    done = subprocess.run(
        command, input=f"{PASSWORD}\n", capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode != 0:
        raise Failed(f"{login}: {done.stdout}{done.stderr}")


def _same(scene: Scene, server: Server, login: str) -> dict[str, int]:
    wanted = truth(server, login)
    held: Rows = {}
    profile = scene.profile(login)
    desk = launcher(profile.parent).open(profile, PASSWORD, online=False)
    try:
        with desk.store.reader() as connection:
            for table, kind in (("entity", "kind"), ("event", f"'{EVENT}'")):
                query = f"SELECT {kind}, id, ver, data FROM {table}"
                for name, entity, ver, data in connection.exec_driver_sql(query):
                    held[name, entity] = (ver, json.loads(data))
        left = [i.name for i in Replica(desk.store).items() if i.state is not OutboxState.REFUSED]
    finally:
        desk.close()
    if left:
        raise Failed(f"{login}: still waiting: {left}")
    different = sorted(k for k in wanted.keys() | held.keys() if wanted.get(k) != held.get(k))
    if different:
        raise Failed(f"{login}: {len(different)} rows differ, the first of them {different[:3]}")
    events = sum(kind == EVENT for kind, _ in held)
    return {"rows": len(held) - events, "events": events}


def verified(scene: Scene, paper: Paper) -> dict[str, Any]:
    """Let our own command line and poppler's pdfsig check a paper; raises `Failed`."""
    command = [sys.executable, "-m", "app", "verify", "--json", "--trust", str(scene.demo.trust)]
    ours = subprocess.run(
        [*command, str(paper.path)], capture_output=True, text=True, check=False, timeout=120
    )
    report = json.loads(ours.stdout.splitlines()[0])
    theirs = subprocess.run(
        ["pdfsig", "-nocert", str(paper.path)], capture_output=True, text=True, check=False
    ).stdout
    sound = theirs.count("Signature is Valid")
    levels = [s["level"] for s in report["signatures"]]
    if report["verdict"] != "valid" or len(levels) != 2 or sound != 2:
        raise Failed(f"{paper.symbol}: ours {report}, pdfsig {sound} of 2 sound")
    return {"paper": paper.symbol, "ours": report["verdict"], "levels": levels, "pdfsig": sound}


def forgeries(paper: Paper) -> dict[str, Path]:
    """Write the three forgeries of a paper beside it."""
    data = paper.path.read_bytes()
    made = {}
    for kind, forge in FORGERIES.items():
        made[kind] = paper.path.with_name(f"{paper.path.stem}-{kind}.pdf")
        made[kind].write_bytes(forged(data, forge))
    return made
