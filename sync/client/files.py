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
from sync.client.transport import HttpTransport
from sync.protocol import codec

SMALLEST, LARGEST = 64 * 1024, 4 << 20
# A piece should take about this long: short enough to lose, long enough to be worth a trip.
_SECONDS = 8.0
_TRIES = 5
Told = Callable[[int, int], None]


class Transfer:
    """Move files between one vault and the server."""

    def __init__(self, vault: Vault, transport: HttpTransport, clock: Clock) -> None:
        self._vault = vault
        self._transport = transport
        self._clock = clock
        self._piece = LEAF

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
                state = self._patch(manifest, offset, source.read(self._piece))
                if tell is not None:
                    tell(min(offset + self._piece, manifest.size), manifest.size)

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
        part = self._vault.part(self._manifest(sha256, media))
        for first, last in _runs(part.missing()):
            self._fetch(part, first, last, tell)
        return part.finish()

    def _manifest(self, sha256: str, media: str) -> Manifest:
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
        headers = {
            "Range": f"bytes={first * LEAF}-{stop}",
            "If-Range": f'"sha256-{manifest.sha256}"',
        }
        path = f"/files/{manifest.sha256}"
        with self._transport.stream("GET", path, b"", headers) as reply:
            start = first if reply.status == 206 else 0
            for number, leaf in _leaves(reply.chunks, manifest, start):
                part.write(number, leaf)
                if tell is not None:
                    tell(min((number + 1) * LEAF, manifest.size), manifest.size)


def _is_hash(text: str) -> bool:
    return len(text) == hashlib.sha256().digest_size * 2 and set(text) <= set("0123456789abcdef")


def _leaves(
    chunks: Iterator[bytes], manifest: Manifest, number: int
) -> Iterator[tuple[int, bytes]]:
    """Cut a stream into whole leaves, beginning with leaf `number`."""
    held = b""
    for chunk in chunks:
        held += chunk
        while number < len(manifest.leaves) and len(held) >= manifest.leaf_size(number):
            size = manifest.leaf_size(number)
            yield number, held[:size]
            held, number = held[size:], number + 1


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
