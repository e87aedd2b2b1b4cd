"""What the flows need from outside: to act, to look, to keep files, to sign and to check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from app.files.model import FileRef
from app.identity.actions import Action
from app.kernel.actor import Actor
from app.kernel.changes import Changes
from app.kernel.clock import Clock
from app.kernel.command import Command
from app.kernel.ports import Prompts, Signer, Verifier


class Vault(Protocol):
    """The encrypted files of the profile."""

    def put(self, source: Any, media: str = ..., name: str = ...) -> FileRef:
        """Keep a file and answer its reference."""

    def open(self, sha256: str) -> Any:
        """Return a seekable reader."""


class Run(Protocol):
    """The one door in."""

    def __call__(self, actor: Actor, *commands: Command) -> Changes:
        """Commit commands together, or none of them."""


def no_line() -> None:
    """Stand for a desk without a server: there is nobody to ask."""


class CompleteLater(Protocol):
    """Queue a signed file for completion unless its level is the one wanted."""

    def __call__(self, document: str, sha256: str, level: str) -> None:
        """Take note; before the signature is recorded."""


def never(document: str, sha256: str, level: str) -> None:
    """Stand for a desk that completes nothing."""


class NoteDown(Protocol):
    """Write into the audit log."""

    def __call__(self, action: Action, objects: tuple[str, ...] = ..., detail: str = ...) -> None:
        """Note an act with the ids that it was about."""


@dataclass(frozen=True, slots=True)
class SigningPorts:
    """What signing a document stands on; `get` looks up an entity as of now,
    `device` is the desk's own id.

    `exchange` asks the server at once, as long as the line allows; it returns without an error
    when there is no line. `level` is the level wanted and `require_time` the province's order
    to sign nothing without a time stamp; `later` queues what falls short.
    """

    get: Callable[[str, str], Any]
    run: Run
    vault: Vault
    signer: Signer
    verifier: Verifier
    prompts: Prompts
    clock: Clock
    note: NoteDown
    tsa: str = ""
    device: str = ""
    exchange: Callable[[], None] = no_line
    level: str = ""
    require_time: bool = False
    later: CompleteLater = never
