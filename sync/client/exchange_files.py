"""Which files go and which come, and in what order: what is due first, first."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from app.kernel.changes import Changes
from app.kernel.errors import HoaBanError, Unavailable
from app.store.desk import DeskStore
from sync.client.files import Transfer

FILE = "file"


class FileExchange:
    """Bring the vault and the server together."""

    def __init__(self, store: DeskStore, transfer: Transfer) -> None:
        self._store = store
        self._transfer = transfer

    def send(self, stopped: Callable[[], bool]) -> int:
        """Upload what the server does not have; returns how many files went."""
        sent = 0
        for sha256 in self._store.vault.to_upload():
            if stopped():
                break
            self._transfer.upload(sha256)
            sent += 1
        return sent

    def fetch(self, stopped: Callable[[], bool], tell: Callable[[int], None]) -> int:
        """Download what the records name and the vault lacks; returns how many came.

        A file that the server does not have yet comes with a later exchange. Raises
        `Unavailable` when the line breaks.
        """
        wanted = list(self.wanted())
        fetched = 0
        for place, (kind, entity, sha256) in enumerate(wanted):
            if stopped():
                break
            tell(len(wanted) - place)
            try:
                self._transfer.download(sha256)
            except Unavailable:
                raise
            except HoaBanError:
                continue
            fetched += 1
            self._store.changes(Changes.of([(kind, entity), (FILE, sha256)]))
        tell(0)
        return fetched

    def wanted(self) -> Iterator[tuple[str, str, str]]:
        """Yield (kind, entity, sha256) of the files that are missing here, newest records first."""
        seen: set[str] = set()
        for name, kind in self._store.registry.kinds.items():
            for entity_id, entity in reversed(self._store.entities(name)):
                for sha256 in sorted(kind.files(entity)):
                    if sha256 not in seen and not self._store.vault.has(sha256):
                        seen.add(sha256)
                        yield name, entity_id, sha256
