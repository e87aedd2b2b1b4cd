"""The worker process: it opens, checks, signs and completes files that may be hostile.

`python -m signing.work.child` reads frames on standard input and answers on standard output. It
has no network and no key: what it needs of them it asks of the process that started it. Files
of a desk come and go through the pipe, so nothing of them touches the disk here.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from app.kernel.codec import to_json
from app.kernel.errors import HoaBanError
from app.kernel.ports import SignedFile, SignJob
from signing.tokens.frames import BrokenFrame, read_frame, write_frame
from signing.trust.anchors import Source, spelled_source
from signing.work.limits import limit_this_process
from signing.work.remote import Parent, ParentFile, ParentHttp, ParentKept, ParentKey, ToldClock

Reply = tuple[dict[str, Any], bytes]
_SLICE = 4 << 20


class Workshop:
    """Do the tasks of one parent; what is costly to make is kept between them."""

    def __init__(self, parent: Parent, trust: list[Source]) -> None:
        from signing.anyfile import AnyVerifier
        from signing.checking.verify import PdfVerifier
        from signing.plain import Judges
        from signing.trust.store import TrustStore

        self._parent = parent
        self._clock = ToldClock()
        self._http = ParentHttp(parent)
        self._trust = TrustStore(trust)
        kept = ParentKept(parent)
        judges = Judges(self._trust, self._clock, self._http, kept)
        pdfs = PdfVerifier(self._trust, self._clock, self._http, kept)
        self._verifier = AnyVerifier(pdfs, judges)

    def verify(self, head: dict[str, Any], _blob: bytearray) -> Reply:
        """Check one file and answer its report."""
        self._clock.tell(head["now"])
        at = datetime.fromisoformat(head["at"]) if head["at"] else None
        source = Path(head["path"]) if head["path"] else ParentFile.open(self._parent)
        offline, password = head["offline"], head["password"]
        report = self._verifier.verify(source, at, offline=offline, password=password)
        return to_json(report), b""

    def sign(self, head: dict[str, Any], blob: bytearray) -> Reply:
        """Sign one file; the parent signs the bytes that are asked of it."""
        self._clock.tell(head["now"])
        job = pickle.loads(blob)  # noqa: S301 - made by the very program that started this one
        source = ParentFile.open(self._parent) if job.source is None else job.source
        if job.target is not None:
            with job.target.open("r+b") as made:
                signed = self._signed(head, replace(job, source=source, target=made))
        else:
            made = BytesIO()
            signed = self._signed(head, replace(job, source=source, target=made))
            self._hand_back(made)
        return to_json(signed), b""

    def _signed(self, head: dict[str, Any], job: SignJob) -> SignedFile:
        from signing.files import sign_other
        from signing.pdf import pades
        from signing.plain import Judges

        line = self._http if head["line"] else None
        if head["other"]:
            return sign_other(job, self._unlock, Judges(self._trust, self._clock, line))
        return pades.sign(job, self._unlock, clock=self._clock, trust=self._trust, http=line)

    def complete(self, head: dict[str, Any], _blob: bytearray) -> Reply:
        """Bring the signatures of one file to a level; only a file that grew is handed back."""
        from signing.pdf.completion import Means, PdfCompleter

        self._clock.tell(head["now"])
        line = self._http if head["line"] else None
        means = Means(self._trust, self._clock, line, head["tsa"])
        source, made = ParentFile.open(self._parent), BytesIO()
        done = PdfCompleter(means).complete(source, made, head["level"], renew=head["renew"])
        if done.changed:
            self._hand_back(made)
        return to_json(done), b""

    def _unlock(self) -> ParentKey:
        """Have the key opened, now that nothing is left to refuse."""
        return ParentKey(self._parent)

    def _hand_back(self, made: BinaryIO) -> None:
        made.seek(0)
        while part := made.read(_SLICE):
            self._parent.ask({"ask": "write"}, part)


def main(arguments: list[str]) -> int:
    """Serve until the parent closes the pipe; returns the exit code."""
    source, sink = _own_pipes()
    memory, *trust = arguments
    limit_this_process(int(memory))
    parent = Parent(source, sink)
    workshop = Workshop(parent, list(map(spelled_source, trust)))
    write_frame(sink, {"ready": True})
    tasks: dict[str, Callable[[dict[str, Any], bytearray], Reply]] = {
        "verify": workshop.verify,
        "sign": workshop.sign,
        "complete": workshop.complete,
    }
    while True:
        try:
            head, blob = read_frame(source)
        except BrokenFrame:
            return 0
        write_frame(sink, *_done(tasks[head["task"]], head, blob))


def _done(
    task: Callable[[dict[str, Any], bytearray], Reply], head: dict[str, Any], blob: bytearray
) -> Reply:
    try:
        reply, data = task(head, blob)
    except HoaBanError as error:
        return {"failed": _spelled(error)}, b""
    except MemoryError:
        return {"failed": {"class": "Damaged", "code": "check_limits", "params": {}}}, b""
    return {"done": reply}, data


def _spelled(error: HoaBanError) -> dict[str, Any]:
    extra = getattr(error, "field", "") or getattr(error, "kind", "")
    return {
        "class": type(error).__name__,
        "code": error.code,
        "extra": extra,
        "params": error.params,
    }


def _own_pipes() -> tuple[Any, Any]:
    """Keep the pipes for the protocol alone: nothing that a library prints may enter them."""
    source = os.fdopen(os.dup(0), "rb", buffering=0)
    sink = os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    return source, sink


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
