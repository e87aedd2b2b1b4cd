"""The messages of protocol 1: one request, and the frames of its reply.

A position is a cursor and a lag: the desk holds everything of its buckets up to `cursor`,
save for the buckets in `lag`, which are filled up to the number given there. That makes the
first pull, a new grant and a cut in the middle of either one and the same thing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from app.kernel.command import Envelope

PROTO = 1
SCHEMA = 1
# Rises when a rule changes its meaning; an older desk is told, its commands are upcast.
# 2: books of reserved blocks.
RULES = 2
MEDIA_JSON = "application/vnd.hoaban.sync+json"
MEDIA_ZSTD = "application/vnd.hoaban.sync+zstd"
# As zstd, with the bytes of ids and hashes beside the text of a page.
MEDIA_TIGHT = "application/vnd.hoaban.sync+tight"
MEDIA_GZIP = "application/vnd.hoaban.sync+gzip"
# A mark at least every so many rows: what a cut can cost.
PAGE = 500
WANT = 50_000
ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Split:
    """Ask to see a bucket's kind apart below a prefix: sixteen digests, or the rows anew."""

    bucket: str
    kind: str
    prefix: str = ""
    rows: bool = False


@dataclass(frozen=True, slots=True)
class Beat:
    """How a desk fares: figures only, nothing of people or documents.

    `at` is the desk's own time in seconds since 1970, `synced` how many seconds ago it last held
    everything (-1: never), `free` and `kept` the megabytes left on its disk and held as files.
    """

    version: str = ""
    at: int = 0
    waiting: int = 0
    refused: int = 0
    synced: int = -1
    free: int = -1
    kept: int = -1


@dataclass(frozen=True, slots=True)
class Request:
    """Push and pull in one: the commands that wait, and where this desk stands."""

    proto: int
    schema: int
    rules: int
    device: str
    history: str = ""
    cursor: int = 0
    receipts_seen: int = 0
    scope: tuple[str, ...] = ()
    lag: Mapping[str, int] = field(default_factory=dict)
    commands: tuple[Envelope, ...] = ()
    want: int = WANT
    # Whether the desk folds events into what it holds, where the server's rules are its own.
    fold: bool = False
    # Where this desk last held the same as the server (-1: nowhere); digests of what changed
    # since follow. None: an older program, which compares nothing.
    compared: int | None = None
    # Ask for every digest, not only of what has changed.
    verify: bool = False
    split: tuple[Split, ...] = ()
    # How the desk fares, now and then; an older program never says.
    beat: Beat | None = None


@dataclass(frozen=True, slots=True)
class Hello:
    """Open every reply; a reply without it never came from our server.

    `head` is the newest number of the log: a desk beyond it has seen a later history.
    """

    NAME: ClassVar[str] = "hello"

    server: str
    history: str
    now: str
    rules: int
    head: int = 0


@dataclass(frozen=True, slots=True)
class Ack:
    """Say that every command up to `n` of this device has been decided."""

    NAME: ClassVar[str] = "ack"

    n: int


@dataclass(frozen=True, slots=True)
class Need:
    """Say that commands are missing: send again from `start`."""

    NAME: ClassVar[str] = "need"

    start: int


@dataclass(frozen=True, slots=True)
class Forked:
    """Say that another desk has used this identity: `n` is known with other content."""

    NAME: ClassVar[str] = "forked"

    n: int


@dataclass(frozen=True, slots=True)
class ReceiptFrame:
    """Answer one command: `code` is "accepted" or that of the error that refused it."""

    NAME: ClassVar[str] = "receipt"

    n: int
    command: str
    code: str
    entity: str = ""
    ver: int = 0
    detail: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScopeFrame:
    """Grant or revoke a bucket; after a grant its rows follow."""

    NAME: ClassVar[str] = "scope"

    bucket: str
    op: str


@dataclass(frozen=True, slots=True)
class RowFrame:
    """One entity or event as of now.

    `raw` is the JSON text of `data` where it is known, so that the server need not parse
    what it only passes on.
    """

    NAME: ClassVar[str] = "row"

    kind: str
    id: str
    ver: int
    buckets: tuple[str, ...]
    data: Mapping[str, Any] = field(default_factory=dict)
    raw: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class FoldFrame:
    """Say what an entity has become by events of this page, instead of its row.

    The desk applies those that are newer than what it holds; `sum` is that of the row's text
    and must come out, else the desk asks for whole rows.
    """

    NAME: ClassVar[str] = "fold"

    kind: str
    id: str
    ver: int
    buckets: tuple[str, ...]
    sum: str


@dataclass(frozen=True, slots=True)
class GoneFrame:
    """Say that this desk holds an entity no longer."""

    NAME: ClassVar[str] = "gone"

    kind: str
    id: str
    ver: int = 0


@dataclass(frozen=True, slots=True)
class DigestFrame:
    """Tell count and sum of the marks of a bucket and kind, or of those below a prefix."""

    NAME: ClassVar[str] = "digest"

    bucket: str
    kind: str
    count: int
    sum: str
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class LeafFrame:
    """Name everything below a prefix; the rows follow, and what is not named is not there."""

    NAME: ClassVar[str] = "leaf"

    bucket: str
    kind: str
    prefix: str
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """Close a page: everything before it may be kept if the line breaks now."""

    NAME: ClassVar[str] = "mark"

    cursor: int
    lag: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class End:
    """Close the reply; without it the stream was cut."""

    NAME: ClassVar[str] = "end"

    cursor: int
    more: bool = False
    caught_up: bool = False


Frame = (
    Hello
    | Ack
    | Need
    | Forked
    | ReceiptFrame
    | ScopeFrame
    | RowFrame
    | FoldFrame
    | GoneFrame
    | DigestFrame
    | LeafFrame
    | Mark
    | End
)
FRAMES: Mapping[str, type] = {
    frame.NAME: frame
    for frame in (
        Hello,
        Ack,
        Need,
        Forked,
        ReceiptFrame,
        ScopeFrame,
        RowFrame,
        FoldFrame,
        GoneFrame,
        DigestFrame,
        LeafFrame,
        Mark,
        End,
    )
}
