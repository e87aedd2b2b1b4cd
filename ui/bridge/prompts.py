"""Questions of a worker to the person: the worker waits, a dialog answers."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, Qt, QThread, Signal

from app.kernel.errors import Cancelled, HoaBanError
from app.kernel.ports import CertificateInfo, TokenInfo


class PinQuestion:
    """One question for a PIN; the GUI thread calls `answer` or `cancel` once."""

    def __init__(
        self,
        token: TokenInfo,
        certificate: CertificateInfo,
        purpose: str,
        problem: HoaBanError | None = None,
    ) -> None:
        self.problem = problem
        self.token = token
        self.certificate = certificate
        self.purpose = purpose
        self._ready = threading.Event()
        self._pin: bytearray | None = None

    def answer(self, pin: bytearray) -> None:
        """Hand the PIN to the waiting worker, which overwrites it after use."""
        self._pin = pin
        self._ready.set()

    def cancel(self) -> None:
        """Let the worker go on with `Cancelled`."""
        self._ready.set()

    def take(self) -> bytearray:
        """Wait for the person; return the PIN and forget it here."""
        self._ready.wait()
        pin, self._pin = self._pin, None
        if pin is None:
            raise Cancelled
        return pin


class QtPrompts(QObject):
    """Ask the person from a worker thread; the kernel's `Prompts` for the window.

    `pin_asked` carries a `PinQuestion` on the GUI thread; a dialog must answer or cancel it.
    """

    pin_asked = Signal(object)
    _posted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._open: set[PinQuestion] = set()
        self._closed = False
        self._posted.connect(self.pin_asked, Qt.ConnectionType.QueuedConnection)

    def pin(
        self,
        token: TokenInfo,
        certificate: CertificateInfo,
        purpose: str,
        problem: HoaBanError | None = None,
    ) -> bytearray:
        """Ask for the PIN of a token, saying what was wrong before; raises `Cancelled`."""
        if QThread.currentThread() is self.thread():
            raise RuntimeError("a prompt would stop the GUI thread")
        question = PinQuestion(token, certificate, purpose, problem)
        with self._lock:
            if self._closed:
                raise Cancelled
            self._open.add(question)
        try:
            self._posted.emit(question)
            return question.take()
        finally:
            with self._lock:
                self._open.discard(question)

    def close(self) -> None:
        """Cancel every open question, so that no worker waits for a window that is gone."""
        with self._lock:
            self._closed = True
            waiting = tuple(self._open)
        for question in waiting:
            question.cancel()
