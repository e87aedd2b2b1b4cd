"""Rounds without sockets: a generator asks, frames come in, the replica keeps them.

Whatever breaks between two steps, the replica stands at its last mark and the next round
goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from app.kernel.changes import Changes
from app.kernel.command import Envelope
from app.kernel.errors import Conflict, Damaged, RuleViolation, Unavailable
from app.store import folding
from app.store.model import Fold, Gone, Leaf, Page, Receipt, Row, SyncState
from app.store.replica import Replica
from sync.client import repair
from sync.protocol.messages import (
    PAGE,
    PROTO,
    RULES,
    SCHEMA,
    WANT,
    Ack,
    Beat,
    DigestFrame,
    End,
    FoldFrame,
    Forked,
    Frame,
    GoneFrame,
    Hello,
    LeafFrame,
    Mark,
    Need,
    ReceiptFrame,
    Request,
    RowFrame,
    ScopeFrame,
    Split,
)

BATCH = 200
# New identities and new histories within one round: more than that is no accident.
_TURNS = 4
# Requests of one round that look for what is held wrongly, and fetch it.
_SEARCH = 8
_UNSENDABLE = frozenset({"sync.too_large", "sync.request"})


class Transport(Protocol):
    """Carry one request; frames come as they arrive, and may end in `Unavailable`."""

    def exchange(self, request: Request) -> Iterator[Frame]:
        """Yield the frames of the reply."""


@dataclass(slots=True)
class RoundResult:
    """What a round did; `rules` are the server's, `caught_up` that nothing is left."""

    sent: int = 0
    accepted: int = 0
    refused: int = 0
    rows: int = 0
    caught_up: bool = False
    repaired: int = 0
    rules: int = RULES
    changes: Changes = field(default_factory=Changes)

    @property
    def rules_behind(self) -> bool:
        """Tell whether this program's rules are older than the server's."""
        return self.rules > RULES


@dataclass(slots=True)
class _Reply:
    """What is known of the reply that is being read."""

    hello: Hello | None = None
    end: End | None = None
    forked: bool = False
    need: int = 0
    page: list[Frame] = field(default_factory=list)
    digests: list[DigestFrame] = field(default_factory=list)

    def refuses(self, commands: Sequence[Envelope]) -> bool:
        """Tell whether the server knows another desk under this name, or misses numbers.

        Numbers that it misses and this desk has no longer can only be left behind.
        """
        lost = self.need > 0 and bool(commands) and self.need < (commands[0].n or 0)
        return self.forked or lost


@dataclass(slots=True)
class _Search:
    """Where a difference between both sides is looked for, and how many rows at once."""

    want: int
    verify: bool = False
    split: tuple[Split, ...] = ()
    turns: int = _SEARCH


class Engine:
    """Bring one replica and the server to the same state."""

    def __init__(
        self,
        replica: Replica,
        transport: Transport,
        *,
        want: int = WANT,
        heard: Callable[[str], None] = lambda _now: None,
        beat: Callable[[], Beat | None] = lambda: None,
    ) -> None:
        self._replica = replica
        self._transport = transport
        self._want = want
        self._heard = heard
        self._beat = beat

    def round(
        self, *, flush: bool = False, verify: bool = False, once: bool = False
    ) -> RoundResult:
        """Send what waits and take what came until caught up.

        With `flush` commands do not wait out their hold; with `verify` every row held is
        looked at and compared with the server's; with `once` one page is taken and no more is
        asked for. Raises `Unavailable`, `NotPermitted`
        and `Damaged`; what was marked before that is kept.
        """
        steps = self.steps(flush=flush, verify=verify, once=once)
        request = next(steps)
        while True:
            try:
                frames = self._transport.exchange(request)
                request = steps.send(frames)
            except StopIteration as done:
                result: RoundResult = done.value
                return result

    def take(self, frames: Iterable[Frame]) -> RoundResult:
        """Take a reply that came by another way than a line.

        `repaired` counts what both sides hold otherwise; nothing is asked for. Raises
        `Conflict("package.again" | "package.forked")`, `Damaged`, `Unavailable("sync.cut")`.
        """
        state, done = self._replica.state(), RoundResult()
        reply = self._take(frames, state, done)
        if self._left_history(reply, state):
            raise Conflict("package.again")
        if reply.forked:
            self._replica.renew_device()
            raise Conflict("package.forked")
        done.changes |= self._close(reply)
        done.caught_up = reply.end is not None and reply.end.caught_up
        done.repaired = len(repair.wrong(self._replica, reply.digests, all_told=False))
        return done

    def steps(
        self, *, flush: bool = False, verify: bool = False, once: bool = False
    ) -> Generator[Request, Iterable[Frame], RoundResult]:
        """Yield requests and take the frames of each; answer what was done."""
        done, search = RoundResult(), self._search(verify=verify, once=once)
        limit, turns, forked, fold = BATCH, 0, False, True
        while True:
            # Before it changes its name a desk takes what the old one is still owed.
            commands = [] if forked else self._replica.outgoing(limit, flush=flush)
            state = self._replica.state()
            frames = yield self._request(state, commands, search, fold=fold)
            try:
                reply = self._take(frames, state, done)
            except (RuleViolation, Damaged) as error:
                limit, fold = self._again(error, commands, limit, fold=fold)
                continue
            turns += self._left_history(reply, state) or reply.refuses(commands)
            if turns > _TURNS:
                raise Damaged("sync.history")
            if _foreign(reply, state):
                continue
            if reply.refuses(commands):
                forked = True
                if commands:
                    continue
            else:
                done.sent += len(commands)
                done.changes |= self._close(reply)
                done.caught_up = reply.end is not None and reply.end.caught_up
            if forked and (done.caught_up or reply.forked):
                self._replica.renew_device()
                forked = False
            elif once or (self._ends(search, reply, done) and len(commands) < limit):
                return done

    def _search(self, *, verify: bool, once: bool) -> _Search:
        if verify:
            self._replica.recount()
        return _Search(verify=verify, want=PAGE if once else self._want)

    def _ends(self, search: _Search, reply: _Reply, done: RoundResult) -> bool:
        """Tell whether all is here and held rightly; else the next request asks for the rest."""
        if not done.caught_up:
            return False
        every, search.verify = search.verify, False
        search.split = ()
        if search.turns:
            search.split = repair.wrong(self._replica, reply.digests, all_told=every)
        search.turns -= bool(search.split)
        done.repaired += sum(split.rows for split in search.split)
        return not search.split

    def _request(
        self, state: SyncState, commands: Sequence[Envelope], search: _Search, *, fold: bool
    ) -> Request:
        return replace(
            request_of(state, commands),
            want=search.want,
            fold=fold,
            verify=search.verify,
            split=search.split,
            beat=self._beat(),
        )

    def _again(
        self,
        error: RuleViolation | Damaged,
        commands: Sequence[Envelope],
        limit: int,
        *,
        fold: bool,
    ) -> tuple[int, bool]:
        """Return how many commands to send and whether to fold, in the place of what failed."""
        if isinstance(error, RuleViolation):
            return self._too_much(error, commands), fold
        if error.code != folding.CODE or not fold:
            raise error
        # What was left out is not held here, or not as the server thinks: whole rows then.
        return limit, False

    def _too_much(self, error: RuleViolation, commands: Sequence[Envelope]) -> int:
        """Send less at once; a command that cannot be sent even alone is shown as refused."""
        if error.code not in _UNSENDABLE or not commands:
            raise error
        if len(commands) == 1:
            self._replica.reject(commands[0].id, error.code)
            return BATCH
        return max(1, len(commands) // 4)

    def _take(self, frames: Iterable[Frame], state: SyncState, done: RoundResult) -> _Reply:
        reply = _Reply()
        for frame in frames:
            if reply.hello is None:
                self._open(reply, frame, done)
            elif isinstance(frame, Mark):
                if not _foreign(reply, state):
                    done.changes |= self._apply(reply, frame, done)
            elif isinstance(frame, End):
                reply.end = frame
                return reply
            else:
                _note(reply, frame)
        raise Unavailable("sync.portal" if reply.hello is None else "sync.cut")

    def _open(self, reply: _Reply, frame: Frame, done: RoundResult) -> None:
        if not isinstance(frame, Hello):
            raise Unavailable("sync.portal")
        reply.hello = frame
        done.rules = frame.rules
        self._heard(frame.now)

    def _apply(self, reply: _Reply, mark: Mark | None, done: RoundResult) -> Changes:
        frames, reply.page = reply.page, []
        rows = tuple(
            Row(f.kind, f.id, f.ver, f.buckets, dict(f.data))
            for f in frames
            if isinstance(f, RowFrame)
        )
        folds = tuple(
            Fold(f.kind, f.id, f.ver, f.buckets, f.sum) for f in frames if isinstance(f, FoldFrame)
        )
        receipts = tuple(_receipt(f) for f in frames if isinstance(f, ReceiptFrame))
        page = Page(
            rows=rows,
            folds=folds,
            leaves=tuple(
                Leaf(f.bucket, f.kind, f.prefix, f.ids) for f in frames if isinstance(f, LeafFrame)
            ),
            gone=tuple(Gone(f.kind, f.id, f.ver) for f in frames if isinstance(f, GoneFrame)),
            grants=_buckets(frames, "grant"),
            revokes=_buckets(frames, "revoke"),
            receipts=receipts,
            acked=max((f.n for f in frames if isinstance(f, Ack)), default=None),
            cursor=mark.cursor if mark is not None else None,
            lag=mark.lag if mark is not None else None,
            history=reply.hello.history if reply.hello is not None else "",
        )
        changes = self._replica.apply(page)
        done.rows += len(rows) + len(folds)
        refused = sum(not r.accepted for r in receipts)
        done.refused += refused
        done.accepted += len(receipts) - refused
        return changes

    def _left_history(self, reply: _Reply, state: SyncState) -> bool:
        """Follow the server into another history, where it has one."""
        if reply.hello is None or not _foreign(reply, state):
            return False
        self._replica.reset_history(reply.hello.history)
        return True

    def _close(self, reply: _Reply) -> Changes:
        changes = Changes()
        if reply.page:
            changes = self._apply(reply, None, RoundResult())
        if reply.end is None or reply.hello is None:
            return changes
        end = reply.end
        return changes | self._replica.finish(
            end.cursor, reply.hello.history, caught_up=end.caught_up
        )


def request_of(state: SyncState, commands: Sequence[Envelope]) -> Request:
    """Return what a desk that stands somewhere asks, with the commands that it sends."""
    return Request(
        proto=PROTO,
        schema=SCHEMA,
        rules=RULES,
        device=state.device,
        history=state.history,
        cursor=state.cursor,
        receipts_seen=state.receipts_seen,
        scope=state.buckets,
        lag=state.lag,
        commands=tuple(commands),
        compared=state.compared,
    )


def _foreign(reply: _Reply, state: SyncState) -> bool:
    """Tell whether the server lives in another history than this desk has seen."""
    hello = reply.hello
    if hello is None or not state.history:
        return False
    return hello.history != state.history or hello.head < state.cursor


def _note(reply: _Reply, frame: Frame) -> None:
    if isinstance(frame, Forked):
        reply.forked = True
    elif isinstance(frame, Need):
        reply.need = frame.start
    elif isinstance(frame, DigestFrame):
        reply.digests.append(frame)
    else:
        reply.page.append(frame)


def _receipt(frame: ReceiptFrame) -> Receipt:
    params = {k: v for k, v in frame.params.items() if isinstance(v, str | int)}
    return Receipt(
        frame.n, frame.command, frame.code, frame.entity, frame.ver, frame.detail, params
    )


def _buckets(frames: Sequence[Frame], op: str) -> tuple[str, ...]:
    return tuple(f.bucket for f in frames if isinstance(f, ScopeFrame) and f.op == op)
