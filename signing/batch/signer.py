"""The signer of single documents, which signs batches too."""

from __future__ import annotations

from collections.abc import Sequence

from app.kernel.batch import BatchControl, Piece
from app.kernel.ports import CertificateInfo, Prompts, Purpose
from signing.batch.line import Line, window
from signing.work.signer import WorkerSigner


class TokenBatchSigner(WorkerSigner):
    """Sign one document or many; a batch has workers of its own, which end with it."""

    def sign_batch(
        self,
        pieces: Sequence[Piece],
        certificate: CertificateInfo,
        prompts: Prompts,
        purpose: Purpose,
        control: BatchControl,
    ) -> None:
        """Sign many documents with one key, as `app.kernel.batch.BatchSigner` says."""
        self.keys.check(certificate)
        size = window(stamped=self._http is not None)
        many = self._workers.more(max(1, min(size, len(pieces))))
        try:
            # The workers load what they need while the person types the PIN.
            many.start()
            with self.keys.unlocked(certificate, prompts, purpose.value) as key:
                Line(pieces, control, many, self._clock, self._http).run(key)
        finally:
            many.close()
