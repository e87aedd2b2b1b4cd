"""Fill buckets that lag from ready-made snapshots, before the stream brings the rest.

What is fetched and how far stands in the database, in the same transaction as the rows, so
that a kill at any point goes on from there. Whatever is wrong with a snapshot, the stream
fills the bucket in its place, and digests tell whether both sides hold the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.kernel.errors import Damaged, NotPermitted, RuleViolation, Unavailable
from app.store import meta, packed
from app.store.desk import DeskStore
from app.store.model import SyncState
from app.store.packed import Part
from app.store.replica import Replica
from sync.client import keys
from sync.client.fetching import Fetch, Told
from sync.client.plan import WHOLE, Piece, Plan, Snapshot, offered
from sync.client.transport import HttpTransport
from sync.protocol import codec
from sync.protocol.sealing import heard
from sync.protocol.snapshots import FORM, PURPOSE

FOLDER = "snapshots"
# A part that took longer came over a slow line: there is time to list what came.
_SLOW = 1.0
_WRONG = frozenset({"sync.leaf", "sync.snapshot", "sync.sealed", "sync.frame"})
_LISTED = 50


class Snapshots:
    """Bring snapshots to one desk."""

    def __init__(
        self,
        store: DeskStore,
        transport: HttpTransport,
        hurried: Callable[[], bool] = lambda: False,
        tell: Told = lambda _done, _total: None,
    ) -> None:
        self._store = store
        self._replica = Replica(store)
        self._transport = transport
        self._hurried = hurried
        self._fetch = Fetch(store.folder / FOLDER, transport, hurried, tell)

    def fill(self) -> bool:
        """Fill what lags as far as snapshots can; False when somebody is in a hurry.

        Raises `Unavailable` and `NotPermitted` of the line; what came before that is kept.
        """
        state = self._replica.state()
        if not state.lag:
            return True
        for snapshot in self._planned(state).snapshots:
            try:
                if not self._one(snapshot):
                    return False
            except (Damaged, NotPermitted, RuleViolation) as error:
                if not _is_of_snapshot(error):
                    raise
                self._keep(self._plan().without(snapshot))
        self._keep(replace(self._plan(), snapshots=(), done={}))
        self._fetch.forget()
        return True

    def list_newest(self) -> bool:
        """Bring what came into lists and search, the newest first; False when in a hurry."""
        while self._replica.list_some(_LISTED):
            if self._hurried():
                return False
        return True

    def _plan(self) -> Plan:
        return Plan.read(self._store.meta(meta.SNAPSHOTS))

    def _keep(self, plan: Plan) -> None:
        self._store.set_meta(meta.SNAPSHOTS, plan.text)

    def _planned(self, state: SyncState) -> Plan:
        """Return what is under way, or what the server offers for the buckets that lag."""
        plan = self._plan()
        under_way = any(s.bucket in state.lag for s in plan.snapshots)
        if plan.history == state.history and under_way:
            return plan
        offers = [s for s in self._ask(state) if s.name not in plan.refused]
        fresh = Plan(state.history, tuple(offers), refused=plan.refused)
        self._keep(fresh)
        return fresh

    def _ask(self, state: SyncState) -> list[Snapshot]:
        own = keys.own(self._store)
        asked = {
            "device": state.device,
            "public": own.public.text,
            "form": FORM,
            "lag": dict(state.lag),
        }
        try:
            told = self._transport.call("POST", "/snapshots", codec.dumps(asked).encode())
        except Unavailable as error:
            # An older server knows no such address.
            if error.code != "sync.request":
                raise
            return []
        try:
            return [
                replace(s, key=own.unseal(heard(s.key), PURPOSE).hex())
                for s in offered(told.get("snapshots"))
            ]
        except Damaged:
            # What cannot be read is as good as none.
            return []

    def _one(self, snapshot: Snapshot) -> bool:
        """Fetch and write the parts of a snapshot in order; False when in a hurry."""
        for place, piece in enumerate(snapshot.parts):
            if self._plan().done.get(piece.sha256) == WHOLE:
                continue
            began = self._store.clock.monotonic()
            if not self._get(piece):
                return False
            slow = self._store.clock.monotonic() - began > _SLOW
            with packed.opened(self._fetch.path(piece), bytes.fromhex(snapshot.key)) as part:
                _check(part, snapshot, place)
                if not self._write(part, snapshot, place):
                    return False
            if slow and not self.list_newest():
                return False
        return True

    def _get(self, piece: Piece) -> bool:
        try:
            return self._fetch.get(piece)
        except Damaged:
            # The bad leaf is gone; it may have been the line.
            return self._fetch.get(piece)

    def _write(self, part: Part, snapshot: Snapshot, place: int) -> bool:
        plan = self._plan()
        sha256 = snapshot.parts[place].sha256
        for number in range(plan.done.get(sha256, 0), part.blocks):
            ends = number + 1 == part.blocks
            plan = plan.came(sha256, WHOLE if ends else number + 1)
            last = ends and place + 1 == len(snapshot.parts)
            filled = (snapshot.bucket, snapshot.cursor) if last else None
            self._replica.fill(part.read(number), plan.text, filled)
            if self._hurried() and not last:
                return False
        return True


def _check(part: Part, snapshot: Snapshot, place: int) -> None:
    """Raise `Damaged("sync.snapshot")` for a part of something else than was offered."""
    wanted = {
        "form": FORM,
        "bucket": snapshot.bucket,
        "cursor": str(snapshot.cursor),
        "place": str(place),
    }
    if part.head != wanted or not part.blocks:
        raise Damaged("sync.snapshot")


def _is_of_snapshot(error: Damaged | NotPermitted | RuleViolation) -> bool:
    """Tell whether an error speaks of a snapshot, and not of the desk or the sign-in."""
    if isinstance(error, Damaged):
        return error.code in _WRONG
    return error.code in ("sync.file_unknown", "sync.range")
