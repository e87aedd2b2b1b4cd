"""The province's recovery key: made in two shares for two persons, used by both, written down.

The private half exists only while it is made and while a request is answered. Each share lies
under the password of its own person (argon2id, AES-256-GCM) in a file that he keeps; by XOR of
both the key comes out, and one alone says nothing of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from app.catalogues.commands import PutItem
from app.catalogues.model import item_id
from app.kernel.codec import from_json, to_json
from app.kernel.errors import Conflict, Damaged, NotPermitted, RuleViolation
from app.settings import SETTING_LIST
from app.store import keys, recovery
from app.store.profile_file import KdfParams, WrappedKey
from sync.server import trail
from sync.server.service import Service

SETTING = "recovery_key"
_KIND = "hoa-ban-recovery-share"
_LONGEST = 1 << 16
_REASON = 200


@dataclass(frozen=True, slots=True)
class Share:
    """The file of one person; `key` is the public half, `login` whose it is."""

    key: str
    number: int
    login: str
    wrapped: WrappedKey
    kind: str = _KIND


@dataclass(frozen=True, slots=True)
class Keeper:
    """A person, his share's file and the password that was typed for it."""

    login: str
    file: Path
    password: str


def make(service: Service, first: Keeper, second: Keeper, kdf: KdfParams) -> str:
    """Make a key, write both shares and give desks the public half; answer that.

    Raises `RuleViolation("recovery.two_persons")` for one person twice, and
    `Conflict("recovery.exists")` where a file is in the way.
    """
    if first.login == second.login or first.file == second.file:
        raise RuleViolation("recovery.two_persons")
    if first.file.exists() or second.file.exists():
        raise Conflict("recovery.exists")
    private = keys.new_key()
    public = recovery.public_of(private)
    for number, (keeper, share) in enumerate(
        zip((first, second), recovery.split(private), strict=True), 1
    ):
        told = Share(public, number, keeper.login, keys.wrap(share, keeper.password, kdf))
        _keep(keeper.file, json.dumps(to_json(told), indent=1).encode())
    name = item_id(SETTING_LIST, SETTING, None)
    service.run_as_system(PutItem(name, SETTING_LIST, SETTING, public))
    with service.store.write() as connection:
        trail.recovery(connection, service.clock.now(), "made", (first.login, second.login))
    return public


def answer(
    service: Service, request: bytes, code: str, first: Keeper, second: Keeper, reason: str
) -> bytes:
    """Answer a desk's request with both shares; the act is written down before it is answered.

    Raises `NotPermitted("recovery.code")` where the code that the person at the desk has read
    out is not that of the request, and what `_private` raises.
    """
    if not reason.strip():
        raise RuleViolation("recovery.reason", field="reason")
    asked = recovery.read_request(request)
    if code.strip().upper() != recovery.code_of(asked):
        raise NotPermitted("recovery.code")
    logins, private = _private(first, second)
    if asked.sealed.public != recovery.public_of(private):
        raise NotPermitted("recovery.other_key")
    told = recovery.write(recovery.answer(asked, private))
    with service.store.write() as connection:
        objects = (*logins, f"profile:{asked.profile}", f"user:{asked.user}", code)
        trail.recovery(connection, service.clock.now(), reason.strip()[:_REASON], objects)
    return told


def _private(first: Keeper, second: Keeper) -> tuple[tuple[str, str], bytes]:
    """Put the key together.

    Raises `RuleViolation("recovery.two_persons" | "recovery.file")`, `Damaged("recovery.damaged")`
    and `NotPermitted("profile.wrong_password")`.
    """
    shares = [read(keeper.file) for keeper in (first, second)]
    if shares[0].login == shares[1].login or {s.number for s in shares} != {1, 2}:
        raise RuleViolation("recovery.two_persons")
    if shares[0].key != shares[1].key:
        raise NotPermitted("recovery.other_key")
    halves = [
        keys.unwrap(share.wrapped, keeper.password)
        for share, keeper in zip(shares, (first, second), strict=True)
    ]
    private = recovery.join(*halves)
    if recovery.public_of(private) != shares[0].key:
        raise Damaged("recovery.damaged")
    return (shares[0].login, shares[1].login), private


def read(path: Path) -> Share:
    """Read a share; raises `RuleViolation("recovery.file")`."""
    try:
        share = from_json(Share, json.loads(path.read_bytes()[:_LONGEST]))
    except (OSError, ValueError, TypeError, RuleViolation) as error:
        raise RuleViolation("recovery.file") from error
    if share.kind != _KIND:
        raise RuleViolation("recovery.file")
    return share


def _keep(path: Path, data: bytes) -> None:
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(data)
