"""Files up and down: resumed by offset and by leaf, pieces as large as the line bears."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from app.files.model import FileRef
from app.kernel.clock import Clock
from app.kernel.errors import Conflict, Damaged, Unavailable
from app.store.part import Part
from app.store.sealed import LEAF, Manifest
from app.store.vault import Vault
from sync.client.pace import Pace
from sync.client.transport import HttpTransport
from sync.protocol import codec

SMALLEST, LARGEST = 64 * 1024, 4 << 20
# A piece should take about this long: short enough to lose, long enough to be worth a trip.
_SECONDS = 8.0
_TRIES = 5
Told = Callable[[int, int], None]


class Paused(Exception):
    """The transfer was asked to let others go first; it goes on from where it stands."""


class Transfer:
    """Move files between one vault and the server.

    `up` and `down` hold it back; `paused` is asked between pieces and leaves.
    """

    def __init__(
        self,
        vault: Vault,
        transport: HttpTransport,
        clock: Clock,
        up: Pace | None = None,
        down: Pace | None = None,
        paused: Callable[[], bool] = bool,
    ) -> None:
        self._vault = vault
        self._transport = transport
        self._clock = clock
        self._up, self._down, self._paused = up, down, paused
        self._piece = LEAF
        # The begun leaf of a download that was cut: file, number, bytes.
        self._rest: tuple[str, int, bytes] = ("", 0, b"")

    def upload(self, sha256: str, tell: Told | None = None) -> None:
        """Bring a file to the server, from wherever the last try stopped.

        Raises `Unavailable` when the line breaks, `Damaged` when the server takes no leaf.
        """
        manifest = self._vault.manifest(sha256)
        if manifest is None:
            raise Unavailable("vault.missing")
        plan = codec.dumps({"size": manifest.size, "leaves": manifest.leaves}).encode()
        for _ in range(_TRIES):
            state = self._transport.call("POST", f"/files/{sha256}", plan)
            try:
                self._send(manifest, state, tell)
            except Conflict:
                # Another try of ours moved the offset meanwhile: ask again.
                continue
            self._vault.mark_on_server(sha256)
            return
        raise Unavailable("sync.cut")

    def _send(self, manifest: Manifest, state: dict[str, Any], tell: Told | None) -> None:
        with self._vault.open(manifest.sha256) as source:
            while not state.get("have"):
                offset = state.get("offset")
                if type(offset) is not int or not 0 <= offset <= manifest.size:
                    raise Damaged("sync.frame")
                source.seek(offset)
                piece = source.read(self._up.piece(self._piece) if self._up else self._piece)
                state = self._patch(manifest, offset, piece)
                if tell is not None:
                    tell(offset + len(piece), manifest.size)
                if self._up is not None:
                    self._up.took(len(piece))
                if not state.get("have") and self._paused():
                    raise Paused

    def _patch(self, manifest: Manifest, offset: int, piece: bytes) -> dict[str, Any]:
        headers = {"Upload-Offset": str(offset), "Upload-Length": str(manifest.size)}
        began = self._clock.monotonic()
        try:
            state = self._transport.call("PATCH", f"/files/{manifest.sha256}", piece, headers)
        except Unavailable:
            self._piece = max(SMALLEST, self._piece // 2)
            raise
        self._adapt(self._clock.monotonic() - began)
        return state

    def _adapt(self, seconds: float) -> None:
        if seconds < _SECONDS / 2:
            self._piece = min(LARGEST, self._piece * 2)
        elif seconds > _SECONDS * 1.5:
            self._piece = max(SMALLEST, self._piece // 2)

    def download(
        self, sha256: str, media: str = "application/pdf", tell: Told | None = None
    ) -> FileRef:
        """Fetch what is missing of a file into the vault; each leaf is verified.

        Raises `Unavailable`, `NotPermitted("sync.file_unknown")`, `Damaged("vault.leaf")`.
        """
        part = self._vault.part(self.plan(sha256, media))
        for first, last in _runs(part.missing()):
            self._fetch(part, first, last, tell)
        return part.finish()

    def plan(self, sha256: str, media: str = "application/pdf") -> Manifest:
        """Return size and leaves of a file, asked of the server where they are not known."""
        known = self._vault.manifest(sha256)
        if known is not None:
            return known
        value = self._transport.call("GET", f"/files/{sha256}/leaves")
        size, leaves = value.get("size"), value.get("leaves")
        if (
            type(size) is not int
            or not isinstance(leaves, list)
            or len(leaves) != -(-size // LEAF)
            or not all(isinstance(leaf, str) and _is_hash(leaf) for leaf in leaves)
        ):
            raise Damaged("sync.frame")
        return Manifest(sha256, size, media, tuple(leaves))

    def _fetch(self, part: Part, first: int, last: int, tell: Told | None) -> None:
        manifest = part.manifest
        stop = min((last + 1) * LEAF, manifest.size) - 1
        held = self._rest[2] if self._rest[:2] == (manifest.sha256, first) else b""
        headers = {
            "Range": f"bytes={first * LEAF + len(held)}-{stop}",
            "If-Range": f'"sha256-{manifest.sha256}"',
        }
        path = f"/files/{manifest.sha256}"
        with self._transport.stream("GET", path, b"", headers) as reply:
            start, held = (first, held) if reply.status == 206 else (0, b"")
            for number, leaf in self._leaves(reply.chunks, manifest, start, held):
                part.write(number, leaf)
                if tell is not None:
                    tell(min((number + 1) * LEAF, manifest.size), manifest.size)
                if number + 1 < len(manifest.leaves) and self._paused():
                    raise Paused

    def _leaves(
        self, chunks: Iterator[bytes], manifest: Manifest, number: int, held: bytes
    ) -> Iterator[tuple[int, bytes]]:
        """Cut a stream into whole leaves; what is begun at a cut is kept for the next try."""
        try:
            for chunk in chunks:
                held += chunk
                if self._down is not None:
                    self._down.took(len(chunk))
                while number < len(manifest.leaves) and len(held) >= manifest.leaf_size(number):
                    size = manifest.leaf_size(number)
                    leaf, held, number = held[:size], held[size:], number + 1
                    yield number - 1, leaf
        except Unavailable:
            self._rest = (manifest.sha256, number, held)
            raise
        self._rest = ("", 0, b"")


def _is_hash(text: str) -> bool:
    return len(text) == hashlib.sha256().digest_size * 2 and set(text) <= set("0123456789abcdef")


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Join neighbours to (first, last)."""
    first = last = -2
    for number in numbers:
        if number == last + 1:
            last = number
            continue
        if last >= 0:
            yield first, last
        first = last = number
    if last >= 0:
        yield first, last
