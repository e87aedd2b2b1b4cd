"""What a line does to a reply: through its bytes, cut between frames, cut in the middle of one."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

from app.kernel.errors import Unavailable
from sync.protocol import codec
from sync.protocol.messages import Frame


def cut(frames: list[Frame], at: int) -> Iterator[Frame]:
    """Yield the first frames, then break."""
    yield from whole(frames[:at])
    raise Unavailable("sync.offline")


def whole(frames: Iterable[Frame]) -> Iterator[Frame]:
    """Send every frame through its bytes."""
    for frame in frames:
        again = codec.decode_frame(codec.encode_frame(frame))
        assert again is not None
        yield again


def halved(frames: list[Frame], chance: random.Random) -> Iterator[Frame]:
    """Send the packed stream and break it at any byte."""
    raw = b"".join(codec.pack(frames))
    return codec.Unpacker().feed(raw[: chance.randrange(len(raw))])
