"""Packages on sticks at the desk: what waits goes out, the server's replies come in.

A reply is taken by the engine as if it had come over a line. A package fits only a desk that
stands where it begins; it is noted before its first row is written, so that one that was broken
off goes on, and after its last, so that it is not taken twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from app.kernel.clock import Clock
from app.kernel.errors import Conflict, Damaged, NotPermitted
from app.kernel.packages import PackageRead, PackageWritten
from app.kernel.ports import CancelToken, Progress
from app.store import meta
from app.store.desk import DeskStore
from app.store.faults import typed
from app.store.model import Page, SyncState
from app.store.replica import Replica
from app.store.spool import spool
from app.store.sql import dumps
from sync.client import keys
from sync.client.engine import Engine, request_of
from sync.client.plan import Plan, offered
from sync.client.snapshots import FOLDER, Snapshots
from sync.client.transport import HttpTransport
from sync.protocol import codec, package
from sync.protocol.messages import Request
from sync.protocol.package import DOWN, SUFFIX, UP, Entry, Label

# What one package carries; the rest waits for the next.
COMMANDS = 5000
FILES = 1 << 30
_BEGIN = 1 << 24
_PIECE = 1 << 18


@dataclass(slots=True)
class _Came:
    rows: int = 0
    accepted: int = 0
    refused: int = 0
    files: int = 0
    whole: bool = False
    differs: bool = False


class DeskPackages:
    """Read and write the packages of one desk; `still` keeps the rounds from running beside."""

    def __init__(
        self,
        store: DeskStore,
        transport: HttpTransport,
        clock: Clock,
        still: AbstractContextManager[Any],
    ) -> None:
        self._store = store
        self._replica = Replica(store)
        self._engine = Engine(self._replica, transport)
        self._snapshots = Snapshots(store, transport)
        self._clock = clock
        self._still = still

    # --- out ---------------------------------------------------------------------------

    def write(
        self, folder: Path, progress: Progress | None = None, cancel: CancelToken | None = None
    ) -> PackageWritten:
        """Write what waits; see `app.kernel.packages`."""
        name, public = keys.server(self._store)
        own = keys.own(self._store)
        with self._still:
            request = self._request()
            files = self._files()
            seq = int(self._store.meta(meta.PACKAGE_SEQ, "0")) + 1
            self._store.set_meta(meta.PACKAGE_SEQ, str(seq))
            label = Label(UP, self._store.device, name, seq, self._clock.now().isoformat())
            path = folder / f"hoaban-gui-{self._store.device[-8:]}-{seq}{SUFFIX}"
            total = sum(size for _, size in files)
            watch = _Watch(progress, cancel, total)
            size = package.write(path, label, own, public, self._entries(request, files, watch))
        return PackageWritten(path, len(request.commands), len(files), size)

    def _request(self) -> Request:
        commands = self._replica.outgoing(COMMANDS, flush=True)
        return request_of(self._replica.state(), commands)

    def _files(self) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        left = FILES
        for sha256 in self._store.vault.to_upload():
            manifest = self._store.vault.manifest(sha256)
            if manifest is not None and manifest.size <= left:
                left -= manifest.size
                found.append((sha256, manifest.size))
        return found

    def _entries(
        self, request: Request, files: list[tuple[str, int]], watch: _Watch
    ) -> Iterator[Entry]:
        body, media = codec.encode_request(request)
        yield Entry(f"request/{media}", len(body), (body,))
        for sha256, size in files:
            with self._store.vault.open(sha256) as source:
                yield Entry(f"file/{sha256}", size, watch.pieces(source))

    # --- in ----------------------------------------------------------------------------

    def read(
        self, source: Path, progress: Progress | None = None, cancel: CancelToken | None = None
    ) -> PackageRead:
        """Take a package, or the newest of a folder; see `app.kernel.packages`."""
        name, public = keys.server(self._store)
        with self._still:
            path, label = self._chosen(source)
            if label.server != name:
                raise Damaged("package.other_server")
            self._not_again(label)
            watch = _Watch(progress, cancel, path.stat().st_size)
            with package.opened(path, public, keys.own(self._store)) as entries:
                came = self._take(label, entries, watch)
        return PackageRead(**asdict(came))

    def _chosen(self, source: Path) -> tuple[Path, Label]:
        """Return the file meant and what stands outside; of a folder the newest for this desk."""
        if source.is_dir():
            return self._newest(source)
        label = package.look(source)
        if label.way != DOWN:
            raise Damaged("package.way")
        if label.device != self._store.device:
            raise NotPermitted("package.other_desk")
        return source, label

    def _newest(self, folder: Path) -> tuple[Path, Label]:
        with typed():
            names = sorted(folder.glob(f"*{SUFFIX}"))
        found: list[tuple[Label, Path]] = []
        cut: Damaged | None = None
        for path in names:
            try:
                found.append((package.look(path), path))
            except Damaged as error:
                cut = error if error.code == "package.cut" else cut
        back = [pair for pair in found if pair[0].way == DOWN]
        mine = [pair for pair in back if pair[0].device == self._store.device]
        if mine:
            label, path = max(mine, key=lambda pair: pair[0].seq)
            return path, label
        if cut is not None:
            raise cut
        raise NotPermitted("package.other_desk") if back else Conflict("package.none")

    def _not_again(self, label: Label) -> None:
        taken = self._noted()["taken"]
        if label.seq == taken:
            raise Conflict("package.taken")
        if label.seq < taken:
            raise Conflict("package.old")

    def _noted(self) -> dict[str, int]:
        held: dict[str, int] = json.loads(self._store.meta(meta.PACKAGE, "{}"))
        return {"taken": 0, "begun": 0} | held

    def _note(self, **changes: int) -> None:
        self._store.set_meta(meta.PACKAGE, dumps(self._noted() | changes))

    def _take(self, label: Label, entries: Iterator[Entry], watch: _Watch) -> _Came:
        came = _Came()
        begin = _begin(next(entries, None))
        if self._noted()["begun"] != label.seq:
            self._admit(begin)
            self._note(begun=label.seq)
        filled = False
        for entry in entries:
            watch.see(entry.size)
            if entry.name.startswith("part/"):
                self._keep_part(entry)
            elif entry.name == "reply":
                if not filled:
                    self._fill(begin)
                filled = True
                self._reply(entry, came)
            elif entry.name.startswith("file/"):
                came.files += self._keep_file(entry)
        for sha256 in begin.get("held", ()):
            self._store.vault.mark_on_server(str(sha256))
        self._note(taken=label.seq, begun=0)
        self._snapshots.list_newest()
        return came

    def _admit(self, begin: Mapping[str, Any]) -> None:
        """Raise `Conflict` unless the package begins where this desk stands."""
        state, base = self._replica.state(), begin["base"]
        if begin.get("whole"):
            if state.history:
                raise Conflict("package.not_empty")
            self._adopt(base, begin)
            return
        if state.history != base["history"]:
            raise Conflict("package.again")
        if base["cursor"] > state.cursor:
            raise Conflict("package.gap")
        # Rows that are here already do nothing; but where what may be held has changed since,
        # an older grant or revoke would.
        moved = _told(state) != {**base, "cursor": state.cursor}
        if moved or (base["cursor"] < state.cursor and state.lag):
            raise Conflict("package.old")

    def _adopt(self, base: Mapping[str, Any], begin: Mapping[str, Any]) -> None:
        """Stand where a package for an empty desk begins: everything lags."""
        self._replica.apply(
            Page(grants=tuple(base["scope"]), cursor=base["cursor"], lag=base["lag"])
        )
        self._replica.finish(base["cursor"], base["history"], caught_up=False)
        plan = Plan(base["history"], offered(begin.get("snapshots", ())))
        self._store.set_meta(meta.SNAPSHOTS, plan.text)

    def _keep_part(self, entry: Entry) -> None:
        folder = self._store.folder / FOLDER
        sha256 = entry.name.removeprefix("part/")
        known = {part.sha256 for s in self._planned().snapshots for part in s.parts}
        if sha256 not in known or (folder / sha256).is_file():
            return
        with typed():
            folder.mkdir(exist_ok=True)
            fresh = folder / f"{sha256}.part"
            digest = hashlib.sha256()
            with fresh.open("wb") as target:
                for piece in entry.pieces:
                    target.write(piece)
                    digest.update(piece)
            if digest.hexdigest() != sha256:
                raise Damaged("package.damaged")
            fresh.replace(folder / sha256)

    def _planned(self) -> Plan:
        return Plan.read(self._store.meta(meta.SNAPSHOTS))

    def _fill(self, begin: Mapping[str, Any]) -> None:
        """Write the snapshots that came with it; the replies begin where these end."""
        folder = self._store.folder / FOLDER
        plan = self._planned()
        wanted = [p for s in plan.snapshots for p in s.parts if plan.done.get(p.sha256) is None]
        if not all((folder / part.sha256).is_file() for part in wanted):
            raise Damaged("package.damaged")
        if plan.snapshots:
            self._snapshots.fill()
        lag = self._replica.state().lag
        if any(lag.get(s.bucket, s.cursor) < s.cursor for s in offered(begin.get("snapshots", ()))):
            raise Damaged("package.damaged")

    def _reply(self, entry: Entry, came: _Came) -> None:
        unpacker = codec.Unpacker()
        frames = (frame for piece in entry.pieces for frame in unpacker.feed(piece))
        done = self._engine.take(frames)
        came.rows += done.rows
        came.accepted += done.accepted
        came.refused += done.refused
        came.whole, came.differs = done.caught_up, done.repaired > 0

    def _keep_file(self, entry: Entry) -> int:
        sha256 = entry.name.removeprefix("file/")
        if self._store.vault.has(sha256):
            return 0
        with spool(entry.size) as held:
            digest = hashlib.sha256()
            for piece in entry.pieces:
                held.write(piece)
                digest.update(piece)
            if digest.hexdigest() != sha256:
                raise Damaged("package.damaged")
            held.seek(0)
            self._store.vault.put(held)
        self._store.vault.mark_on_server(sha256)
        return 1


class _Watch:
    """Tell how far it is, and stop where the person asked to."""

    def __init__(self, progress: Progress | None, cancel: CancelToken | None, total: int) -> None:
        self._progress = progress
        self._cancel = cancel
        self._total = total
        self._done = 0

    def see(self, size: int) -> None:
        """Count bytes; raises `Cancelled`."""
        if self._cancel is not None:
            self._cancel.raise_if_cancelled()
        self._done += size
        if self._progress is not None:
            self._progress(min(self._done, self._total), self._total)

    def pieces(self, source: BinaryIO) -> Iterator[bytes]:
        """Yield what a file holds."""
        while piece := source.read(_PIECE):
            self.see(len(piece))
            yield piece


def _begin(entry: Entry | None) -> dict[str, Any]:
    if entry is None or entry.name != "begin" or entry.size > _BEGIN:
        raise Damaged("package.damaged")
    value: dict[str, Any] = json.loads(b"".join(entry.pieces))
    return value


def _told(state: SyncState) -> dict[str, Any]:
    return {
        "history": state.history,
        "cursor": state.cursor,
        "scope": sorted(state.buckets),
        "lag": dict(state.lag),
    }
