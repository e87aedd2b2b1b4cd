"""The province's recovery key: what opens a profile whose password is lost.

Each profile keeps its key sealed to the province's public key too (`sealing.py`).
The private half is in two shares of two persons. A desk that asks makes a key pair of its own, whose private half lies under the new password; the answer is
sealed to it, so that nobody on its way, and no later person at the desk, can use it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from typing import TypeVar

from app.kernel.codec import from_json, to_json
from app.kernel.errors import Damaged, NotPermitted, RuleViolation
from app.store import sealing
from app.store.profile_file import SealedKey, WrappedKey

T = TypeVar("T")
_PURPOSE = b"hoa-ban recovery 1"
_LONGEST = 1 << 16
REQUEST, ANSWER = "hoa-ban-recovery-request", "hoa-ban-recovery-answer"


@dataclass(frozen=True, slots=True)
class Request:
    """What a desk asks; nothing in it is secret. `desk` is its fresh public key."""

    profile: str
    user: str
    sealed: SealedKey
    desk: str
    kind: str = REQUEST


@dataclass(frozen=True, slots=True)
class Answer:
    """What the two persons answer: the key, sealed to the desk that has asked."""

    profile: str
    code: str
    sealed: SealedKey
    kind: str = ANSWER


@dataclass(frozen=True, slots=True)
class Pending:
    """What a desk keeps until the answer comes: its private half under the new password."""

    request: Request
    private: WrappedKey


def public_of(private: bytes) -> str:
    """Return the public half of a private key, in hexadecimal."""
    return sealing.public_of(private).hex()


def seal(key: bytes, public: str, about: str) -> SealedKey:
    """Seal a key to a public key; `about` has to be told again to open it."""
    try:
        return SealedKey(public, sealing.seal(bytes.fromhex(public), key, _purpose(about)).hex())
    except ValueError as error:
        raise Damaged("recovery.damaged") from error


def unseal(sealed: SealedKey, private: bytes, about: str) -> bytes:
    """Return the key; raises `Damaged("recovery.damaged")` for what was altered or is another's."""
    try:
        return sealing.unseal(private, bytes.fromhex(sealed.sealed), _purpose(about))
    except ValueError as error:
        raise Damaged("recovery.damaged") from error


def _purpose(about: str) -> bytes:
    return _PURPOSE + b" " + about.encode()


def is_public(text: str) -> bool:
    """Tell whether a text can be a public key."""
    return len(text) == 64 and all(c in "0123456789abcdef" for c in text)


def code_of(request: Request) -> str:
    """Return the code that both sides read to each other: 80 bits in four groups of four."""
    text = json.dumps(asdict(request), sort_keys=True).encode()
    code = base64.b32encode(hashlib.sha256(_PURPOSE + text).digest()[:10]).decode()
    return "-".join(code[i : i + 4] for i in range(0, 16, 4))


def split(private: bytes) -> tuple[bytes, bytes]:
    """Return two shares; each alone is chance, both together by XOR are the key."""
    first = secrets.token_bytes(len(private))
    return first, join(first, private)


def join(first: bytes, second: bytes) -> bytes:
    """Put two shares together."""
    return bytes(a ^ b for a, b in zip(first, second, strict=True))


def answer(request: Request, private: bytes) -> Answer:
    """Seal the key of a request to the desk that asks; raises `Damaged("recovery.damaged")`."""
    key = unseal(request.sealed, private, request.profile)
    code = code_of(request)
    return Answer(request.profile, code, seal(key, request.desk, _about(request.profile, code)))


def opened(reply: Answer, pending: Pending, private: bytes) -> bytes:
    """Return the key of an answer to what this desk has asked.

    Raises `NotPermitted("recovery.other")` for an answer to another request, and
    `Damaged("recovery.damaged")`.
    """
    code = code_of(pending.request)
    if (reply.profile, reply.code) != (pending.request.profile, code):
        raise NotPermitted("recovery.other")
    return unseal(reply.sealed, private, _about(reply.profile, code))


def _about(profile: str, code: str) -> str:
    return f"{profile} {code}"


def write(told: Request | Answer | Pending) -> bytes:
    """Return the text of a file."""
    return json.dumps(to_json(told), indent=1).encode()


def read_request(data: bytes) -> Request:
    """Return the request of a file; raises `RuleViolation("recovery.file")`."""
    return _read(Request, data, REQUEST)


def read_answer(data: bytes) -> Answer:
    """Return the answer of a file; raises `RuleViolation("recovery.file")`."""
    return _read(Answer, data, ANSWER)


def read_pending(data: bytes) -> Pending:
    """Return what a desk waits for; raises `RuleViolation("recovery.file")`."""
    return _read(Pending, data, "")


def _read(model: type[T], data: bytes, kind: str) -> T:
    try:
        told = from_json(model, json.loads(data[:_LONGEST]))
    except (ValueError, TypeError, RuleViolation) as error:
        raise RuleViolation("recovery.file") from error
    if kind and getattr(told, "kind", "") != kind:
        raise RuleViolation("recovery.file")
    return told
