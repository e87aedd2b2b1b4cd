"""What numbering books bring to the product."""

from __future__ import annotations

from typing import Any

from app.kernel.actor import Actor
from app.kernel.feature import Feature, Handler, Kind
from app.registers import blocks, commands, queries, rules
from app.registers.model import Register, RegisterEntry, following, parts_of
from app.registers.tables import PROJECTIONS

_KEEPERS = frozenset({"clerk", "office_head"})


def _register_buckets(register: Register) -> frozenset[str]:
    # Administrators fence a lost machine off without holding the agency's documents.
    return frozenset({f"agency:{register.agency}", "administration"})


def _entry_buckets(entry: RegisterEntry) -> frozenset[str]:
    return frozenset({f"agency:{parts_of(entry.register)[0]}"})


def _sees_register(register: Any, actor: Actor) -> bool:
    own = actor.agency == register.agency
    return own or actor.is_system or "administrator" in actor.roles


def _sees_entry(entry: Any, actor: Actor) -> bool:
    return actor.is_system or actor.agency == parts_of(entry.register)[0]


FEATURE = Feature(
    name="registers",
    kinds=(
        Kind(
            "register",
            Register,
            rules.apply_register,
            _register_buckets,
            readable=_sees_register,
        ),
        Kind(
            "register_entry",
            RegisterEntry,
            rules.apply_entry,
            _entry_buckets,
            readable=_sees_entry,
            following=following,
        ),
    ),
    handlers=(
        Handler(commands.OpenRegister, "register", "register.open", rules.open_register),
        Handler(commands.SetMode, "register", "register.set_mode", rules.set_mode),
        Handler(commands.LeaseRegister, "register", "register.lease", rules.lease),
        Handler(commands.ReturnLease, "register", "register.return_lease", rules.return_lease),
        Handler(commands.FenceRegister, "register", "register.fence", rules.fence),
        Handler(commands.ReserveBlock, "register", "register.reserve_block", blocks.reserve_block),
        Handler(commands.ReturnBlock, "register", "register.return_block", blocks.return_block),
        Handler(commands.VoidBlock, "register", "register.void_block", blocks.void_block),
        Handler(commands.VoidNumber, "register", "register.void", rules.void_number),
    ),
    projections=PROJECTIONS,
    grants={
        "register.open": _KEEPERS | {"administrator"},
        "register.set_mode": frozenset({"administrator"}),
        "register.lease": _KEEPERS | {"leader"},
        "register.return_lease": _KEEPERS | {"leader"},
        "register.fence": frozenset({"administrator"}),
        "register.reserve_block": _KEEPERS | {"leader"},
        "register.return_block": _KEEPERS | {"leader"},
        "register.void_block": frozenset({"administrator"}),
        "register.void": _KEEPERS,
    },
    lists={"register": queries.list_books, "register_entry": queries.list_entries},
    rows={"register": (queries.RegisterRow,), "register_entry": (queries.EntryRow,)},
)
