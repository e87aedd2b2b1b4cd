"""The wire: golden files of protocol 1, strict reading, bounded memory."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import zstandard

from app.kernel.command import Envelope
from app.kernel.errors import Damaged, RuleViolation
from app.kernel.ids import derived_id, event_id
from sync.protocol import codec
from sync.protocol.messages import (
    MEDIA_GZIP,
    MEDIA_JSON,
    MEDIA_ZSTD,
    Ack,
    End,
    FoldFrame,
    Forked,
    Frame,
    GoneFrame,
    Hello,
    Mark,
    Need,
    ReceiptFrame,
    Request,
    RowFrame,
    ScopeFrame,
)

GOLDEN = Path(__file__).parent / "golden"
AT = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
REQUEST = Request(
    proto=1,
    schema=1,
    rules=1,
    device="d1",
    history="h1",
    cursor=41,
    receipts_seen=2,
    scope=("province", "agency:u1"),
    lag={"agency:u1": 7},
    want=100,
    commands=(
        Envelope(
            id="c1",
            name="document.instruct",
            version=1,
            kind="document",
            entity="e1",
            args={"id": "e1", "text": "Giao Phòng Văn hóa"},
            person="p1",
            post="q1",
            device="d1",
            at=AT,
            base_ver=3,
            acting_for="p2",
            authority="paper",
            n=5,
        ),
    ),
)
EVENT = {
    "id": event_id("c1", 0),
    "kind": "document",
    "entity": "e1",
    "name": "document.noted",
    "data": {"command": "c9"},
    "command": "c1",
    "place": 0,
    "person": "p1",
}
FRAMES: list[Frame] = [
    Hello("s1", "h1", "2026-03-02T05:00:00+00:00", 1, 99),
    ReceiptFrame(5, "c1", "accepted", "e1", 4),
    ReceiptFrame(6, "c2", "document.closed", "e1", 0, "state", {"who": "Mẫu"}),
    Ack(6),
    Need(7),
    Forked(3),
    ScopeFrame("agency:u1", "grant"),
    RowFrame("document", "e1", 4, ("agency:u1", "person:p1"), {"id": "e1", "subject": "Về việc"}),
    RowFrame("event", event_id("c1", 0), 5, ("agency:u1",), EVENT),
    FoldFrame("document", "e1", 5, ("agency:u1",), "0a1b2c3d"),
    GoneFrame("document", "e2", 9),
    Mark(60, {"agency:u1": 20}),
    End(60, more=True),
]


def test_request_matches_the_golden_file() -> None:
    golden = json.loads((GOLDEN / "request-1.json").read_bytes())
    body, _ = codec.encode_request(REQUEST)
    plain = zstandard.ZstdDecompressor().decompress(body)
    assert json.loads(plain) == golden
    assert codec.decode_request(json.dumps(golden).encode()) == REQUEST


def test_frames_match_the_golden_file() -> None:
    golden = (GOLDEN / "reply-1.ndjson").read_bytes()
    assert b"".join(map(codec.encode_frame, FRAMES)) == golden
    assert [codec.decode_frame(line) for line in golden.splitlines()] == FRAMES


@pytest.mark.parametrize("media", [MEDIA_ZSTD, MEDIA_GZIP])
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_stream_survives_any_cutting_into_pieces(media: str, size: int) -> None:
    raw = b"".join(codec.pack(FRAMES, media))
    unpacker = codec.Unpacker(media)
    got = [f for at in range(0, len(raw), size) for f in unpacker.feed(raw[at : at + size])]
    assert got == FRAMES


@pytest.mark.parametrize("media", [MEDIA_ZSTD, MEDIA_GZIP])
def test_everything_before_a_mark_is_readable_when_the_mark_has_come(media: str) -> None:
    rows = [RowFrame("note", f"n{i}", 1, ("b",), {"id": f"n{i}"}) for i in range(50)]
    pieces = codec.pack([*rows, Mark(1), *rows, End(2)], media)
    assert len(list(codec.Unpacker(media).feed(next(pieces)))) == 51


_TEXT = "Về việc rà soát hộ nghèo lần {} ở xã {}, gửi kèm {} phụ lục (mẫu)"


def test_a_reply_is_packed_more_tightly_once_the_line_is_what_it_waits_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr(codec, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    frames: list[Frame] = []
    for n in range(4000):
        name = derived_id("note", str(n % 3000))
        frames.append(
            RowFrame("note", name, n, ("b",), {"id": name, "text": _TEXT.format(n, n % 37, n % 11)})
        )
        if n % 500 == 499:
            frames.append(Mark(n))
    fast = b"".join(codec.pack(frames))
    slow = b""
    for piece in codec.pack(frames):
        slow += piece
        now[0] += 10
    magic = zstandard.FRAME_HEADER
    assert (fast.count(magic), slow.count(magic)) == (1, 2)
    assert list(codec.Unpacker().feed(slow)) == list(codec.Unpacker().feed(fast)) == frames


def test_raw_text_of_a_row_is_passed_on() -> None:
    line = codec.encode_frame(RowFrame("note", "n", 1, ("b",), raw='{"id":"n"}'))
    assert codec.decode_frame(line) == RowFrame("note", "n", 1, ("b",), {"id": "n"})


def test_only_an_event_named_as_its_command_says_travels_without_its_name() -> None:
    for name, data in (("e9", EVENT | {"id": "e9"}), (event_id("c1", 1), EVENT)):
        row = RowFrame("event", name, 5, ("b",), data)
        line = codec.encode_frame(row)
        assert b'"ver":5' in line
        assert f'"id":"{name}"'.encode() in line
        assert codec.decode_frame(line) == row
    with pytest.raises(Damaged):
        codec.decode_frame(b'{"f":"row","kind":"event","ver":5,"buckets":[],"data":{"place":0}}')


def test_unknown_frame_and_unknown_field_are_skipped() -> None:
    assert codec.decode_frame(b'{"f":"unheard","bucket":"b"}') is None
    assert codec.decode_frame(b'{"f":"ack","n":1,"later":true}') == Ack(1)


@pytest.mark.parametrize(
    "line",
    [
        b"<html>",
        b"[]",
        b"7",
        b"{}",
        b'{"f":"ack"}',
        b'{"f":"ack","n":"1"}',
        b'{"f":"row","kind":"n","id":"x","ver":true,"buckets":[],"data":{}}',
        b'{"f":"row","kind":"n","id":"x","ver":1,"buckets":"b","data":{}}',
        b'{"f":"row","kind":"n","id":"x","ver":1,"buckets":[],"data":[]}',
        b"[" * 100_000,
    ],
)
def test_wrong_line_is_damage(line: bytes) -> None:
    with pytest.raises(Damaged, match=r"sync\.frame"):
        codec.decode_frame(line)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"proto":1}', b"[" * 100_000])
def test_wrong_request_is_a_typed_error(body: bytes) -> None:
    for media in (MEDIA_JSON, MEDIA_ZSTD):
        with pytest.raises(RuleViolation, match=r"sync\.request"):
            codec.decode_request(body, media)


def test_bombs_are_stopped() -> None:
    bomb = zstandard.ZstdCompressor().compress(bytes(64 << 20))
    with pytest.raises(RuleViolation, match=r"sync\.too_large"):
        codec.decode_request(bomb, MEDIA_ZSTD)
    with pytest.raises(Damaged):
        list(codec.Unpacker(MEDIA_ZSTD).feed(bomb))
    with pytest.raises(Damaged):
        list(codec.Unpacker(MEDIA_GZIP).feed(zlib.compress(bytes(64 << 20), wbits=31)))


@pytest.mark.parametrize("media", [MEDIA_ZSTD, MEDIA_GZIP])
def test_html_instead_of_a_stream_is_damage(media: str) -> None:
    with pytest.raises(Damaged):
        list(codec.Unpacker(media).feed(b"<html>Sign in to the hotel</html>"))
