"""Rows for screens; every function takes the connection and the reader.

The first call signatures (stable):
`page(connection, actor, direction, view, chips, text, today, offset, limit)`.
"""

from __future__ import annotations

from app.documents.rows import (
    Chip,
    DeliveryRow,
    Detail,
    DocumentRow,
    Hit,
    IncomingBookRow,
    ListPage,
    OutgoingBookRow,
    ReadingRow,
    TimelineRow,
    TwinRow,
    View,
    WorkRow,
)

__all__ = [
    "Chip",
    "DeliveryRow",
    "Detail",
    "DocumentRow",
    "Hit",
    "IncomingBookRow",
    "ListPage",
    "OutgoingBookRow",
    "ReadingRow",
    "TimelineRow",
    "TwinRow",
    "View",
    "WorkRow",
]
