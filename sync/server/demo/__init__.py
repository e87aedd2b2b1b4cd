"""The demonstration province: nothing in the product needs it."""

from __future__ import annotations

from sync.server.demo.province import seed

__all__ = ["seed"]
