"""Compare what is held with what the server has told, and find the part that is wrong."""

from __future__ import annotations

from collections.abc import Iterable

from app.store.model import Digest
from app.store.replica import Replica
from sync.protocol.messages import DigestFrame, Split

# Parts of so many rows are sent anew as a whole.
SMALL = 64
_DEEPEST = 4
_MOST = 64


def wrong(replica: Replica, told: Iterable[DigestFrame], *, all_told: bool) -> tuple[Split, ...]:
    """Return what to ask for next: nothing where both sides hold the same.

    Where the server has told all its digests, it has nothing of a kind that it has not named.
    """
    frames = {(f.bucket, f.kind, f.prefix): f for f in told}
    # A server that tells none is an older one.
    if all_told and frames:
        for d in replica.digests():
            none = DigestFrame(d.bucket, d.kind, 0, f"{0:016x}")
            frames.setdefault((d.bucket, d.kind, ""), none)
    parted = {(bucket, kind) for bucket, kind, prefix in frames if prefix}
    asked = [
        _next(frame, mine)
        for (bucket, kind, prefix), frame in sorted(frames.items())
        if prefix or (bucket, kind) not in parted
        if _differs(frame, mine := replica.digest(bucket, kind, prefix))
    ]
    return tuple(asked[:_MOST])


def _differs(frame: DigestFrame, mine: Digest) -> bool:
    return (frame.count, frame.sum) != (mine.count, f"{mine.sum:016x}")


def _next(frame: DigestFrame, mine: Digest) -> Split:
    small = max(frame.count, mine.count) <= SMALL or len(frame.prefix) >= _DEEPEST
    return Split(frame.bucket, frame.kind, frame.prefix, rows=small)
