"""Numbering books: one yearly, gap-free series per agency and book (NĐ 30/2020 Art 15, 22)."""

from app.registers.model import (
    EntryState,
    Lease,
    Register,
    RegisterEntry,
    RegisterMode,
    register_id,
)
from app.registers.notation import format_date_line, format_number, full_number, notation
from app.registers.numbering import book_of, confirm, draw, entry_of, origin_number, release, void

__all__ = [
    "EntryState",
    "Lease",
    "Register",
    "RegisterEntry",
    "RegisterMode",
    "book_of",
    "confirm",
    "draw",
    "entry_of",
    "format_date_line",
    "format_number",
    "full_number",
    "notation",
    "origin_number",
    "register_id",
    "release",
    "void",
]
