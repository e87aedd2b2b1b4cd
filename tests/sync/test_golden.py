"""The wire of protocol 1 with digests: written as it was released, and read the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from app.kernel.codec import to_json
from app.kernel.command import Envelope
from sync.protocol import codec
from sync.protocol.messages import (
    FRAMES,
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

GOLDEN = Path(__file__).parent / "golden"
AT = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
COMMAND = Envelope(
    id="019cac00-0000-7000-8000-000000000001",
    name="note.count",
    version=2,
    kind="note",
    entity="n1",
    args={"id": "n1", "by": 2},
    person="an",
    post="văn thư",
    device="desk-1",
    at=AT,
    n=7,
)
REQUEST = Request(
    proto=1,
    schema=1,
    rules=1,
    device="desk-1",
    history="history-1",
    cursor=42,
    receipts_seen=6,
    scope=("agency:x", "person:an"),
    lag={"agency:x": 17},
    commands=(COMMAND,),
    want=500,
    fold=True,
    compared=41,
    verify=True,
    split=(Split("agency:x", "note", "a"), Split("agency:x", "event", "a0", rows=True)),
)
TELLING = replace(REQUEST, beat=Beat("0.1.0", 1772427600, 3, 1, 75, 2048, 12))
FRAME_EXAMPLES: tuple[Frame, ...] = (
    Hello("server-1", "history-1", AT.isoformat(), 1, 99),
    ReceiptFrame(7, COMMAND.id, "accepted", "n1", 3, params={"number": 12}),
    ReceiptFrame(8, COMMAND.id, "toy.closed", "n1", detail="id"),
    Ack(8),
    Need(5),
    Forked(3),
    ScopeFrame("agency:x", "grant"),
    RowFrame("note", "n1", 3, ("agency:x",), {"id": "n1", "text": "chữ “Việt”\n"}),
    FoldFrame("note", "n1", 4, ("agency:x",), "0a1b2c3d"),
    GoneFrame("note", "n2", 5),
    LeafFrame("agency:x", "note", "a", ("n1", "n3")),
    DigestFrame("agency:x", "note", 2, "00ff00ff00ff00ff", "a"),
    Mark(99, {"agency:x": 20}),
    End(99, more=False, caught_up=True),
)


def test_every_frame_has_an_example() -> None:
    assert {type(frame) for frame in FRAME_EXAMPLES} == set(FRAMES.values())


def test_this_version_writes_what_is_golden() -> None:
    request = codec.dumps(to_json(REQUEST)) + "\n"
    assert request == (GOLDEN / "request-1-digests.json").read_text(encoding="utf-8")
    lines = b"".join(map(codec.encode_frame, FRAME_EXAMPLES))
    assert lines == (GOLDEN / "reply-1-digests.ndjson").read_bytes()


def test_how_a_desk_fares_is_golden_too() -> None:
    text = (GOLDEN / "request-1-beat.json").read_text(encoding="utf-8")
    assert codec.dumps(to_json(TELLING)) + "\n" == text
    assert codec.decode_request(text.encode()) == TELLING
    assert codec.decode_request((GOLDEN / "request-1.json").read_bytes()).beat is None


def test_what_is_golden_is_read() -> None:
    assert codec.decode_request((GOLDEN / "request-1-digests.json").read_bytes()) == REQUEST
    lines = (GOLDEN / "reply-1-digests.ndjson").read_bytes().splitlines()
    assert tuple(map(codec.decode_frame, lines)) == FRAME_EXAMPLES


def test_the_request_of_a_desk_from_before_digests_compares_nothing() -> None:
    old = codec.decode_request((GOLDEN / "request-1.json").read_bytes())
    assert (old.compared, old.verify, old.split) == (None, False, ())
