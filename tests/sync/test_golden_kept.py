"""What desks and servers in the field speak stays as it is: a new wire needs new golden files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from app.kernel.codec import fields_of
from app.kernel.command import Envelope
from sync.protocol import codec
from sync.protocol.messages import FRAMES, Beat, Request, Split

GOLDEN = Path(__file__).parent / "golden"
# Files that were released once, never to be touched again.
RELEASED = {
    "reply-1-digests.ndjson": "9208ec6747400562",
    "reply-1.ndjson": "5fc52752fa4d590d",
    "request-1-beat.json": "9706556020f4420a",
    "request-1-digests.json": "dbfdef0a90bac9d2",
    "request-1.json": "7abfa6a3d99e4b19",
    "shape-1-beat.json": "37978579210abc15",
    "shape-1-digests.json": "68eb6e4f489995b0",
}
NEWEST = "1-beat"
TO_DO = (
    "the wire has changed: add request-, reply- and shape-VERSION-WHAT files to tests/sync/golden"
    " (those that are there stay), their digests to RELEASED, and name them in NEWEST"
)


def _shape() -> dict[str, dict[str, str]]:
    """Return every message of today with its fields and their types."""
    parts: dict[str, type] = {
        "beat": Beat,
        "request": Request, "command": Envelope, "split": Split, **FRAMES
    }  # fmt: skip
    return {name: fields_of(model) for name, model in sorted(parts.items())}


def test_what_was_released_is_untouched() -> None:
    there = {p.name: hashlib.sha256(p.read_bytes()).hexdigest()[:16] for p in GOLDEN.iterdir()}
    assert there == RELEASED, TO_DO


def test_no_message_changes_without_new_golden_files() -> None:
    newest = json.loads((GOLDEN / f"shape-{NEWEST}.json").read_text(encoding="utf-8"))
    assert _shape() == newest, TO_DO


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("request-*.json")), ids=lambda p: p.name)
def test_every_released_request_is_understood(path: Path) -> None:
    assert codec.decode_request(path.read_bytes()).proto == 1


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("reply-*.ndjson")), ids=lambda p: p.name)
def test_every_released_reply_is_understood(path: Path) -> None:
    lines = path.read_bytes().splitlines()
    assert lines
    assert all(codec.decode_frame(line) is not None for line in lines)
