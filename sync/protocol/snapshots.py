"""What both sides must say alike of snapshots."""

from __future__ import annotations

from app.store import packed
from sync.protocol.messages import PROTO, SCHEMA

# What a desk must read to take a snapshot; another one is given rows by the stream.
FORM = f"{packed.FORMAT}.{PROTO}.{SCHEMA}"
# What a snapshot's key is sealed as, for one desk alone.
PURPOSE = b"hoa-ban snapshot key 1"
