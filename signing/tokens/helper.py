"""The helper process: one PKCS#11 library, one thread for it, nothing else.

`python -m signing.tokens.helper` reads frames on standard input and answers on standard output.
Vendors' libraries hang, crash and print; here they hurt nobody. A second thread only waits for
frames, so that the first can log out by itself when the time of a kept login is over.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from queue import Empty, Queue
from time import monotonic
from typing import Any, BinaryIO

from signing.tokens.constants import Attribute, Flag, Mechanism, ObjectClass, Returned
from signing.tokens.cryptoki import Cryptoki, CryptokiError
from signing.tokens.frames import BrokenFrame, read_frame, wipe, write_frame
from signing.tokens.login import KeyMissing, Login, SigningPinRefused, SigningPinWanted

Reply = tuple[dict[str, Any], bytes]
Call = Callable[[dict[str, Any], bytearray], Reply]

_STATES = (
    (Flag.USER_PIN_LOCKED, "locked"),
    (Flag.USER_PIN_FINAL_TRY, "final_try"),
    (Flag.USER_PIN_COUNT_LOW, "count_low"),
)

_KINDS: dict[int, str] = {
    Returned.PIN_LOCKED: "pin_locked",
    Returned.PIN_INCORRECT: "pin_incorrect",
    Returned.PIN_INVALID: "pin_incorrect",
    Returned.PIN_LEN_RANGE: "pin_incorrect",
    Returned.PIN_EXPIRED: "pin_not_set",
    Returned.USER_PIN_NOT_INITIALIZED: "pin_not_set",
    Returned.CANCEL: "cancelled",
    Returned.FUNCTION_CANCELED: "cancelled",
    Returned.DEVICE_REMOVED: "token_gone",
    Returned.TOKEN_NOT_PRESENT: "token_gone",
    Returned.TOKEN_NOT_RECOGNIZED: "token_gone",
    Returned.SLOT_ID_INVALID: "token_gone",
    Returned.SESSION_CLOSED: "token_gone",
    Returned.SESSION_HANDLE_INVALID: "token_gone",
    Returned.OBJECT_HANDLE_INVALID: "token_gone",
    Returned.KEY_HANDLE_INVALID: "token_gone",
    Returned.MECHANISM_INVALID: "mechanism",
    Returned.MECHANISM_PARAM_INVALID: "mechanism",
    Returned.KEY_TYPE_INCONSISTENT: "mechanism",
    Returned.KEY_FUNCTION_NOT_PERMITTED: "mechanism",
}
# After these the session is lost or doubtful; it is not used again.
_ENDS_LOGIN = frozenset(
    {"token_gone", "pin_incorrect", "pin_locked", "device", "signing_pin_incorrect"}
)
_OWN = (KeyMissing, SigningPinWanted, SigningPinRefused)
_TYPED = dict(
    zip(_OWN, ("key_missing", "signing_pin_wanted", "signing_pin_incorrect"), strict=True)
)


class Library:
    """Answer the calls of the desk for one library."""

    def __init__(self, path: str) -> None:
        self._lib = Cryptoki(path)
        self._login: Login | None = None

    @property
    def deadline(self) -> float | None:
        """Return when the login that is kept between acts ends, None while there is none."""
        return self._login.deadline if self._login is not None else None

    def slots(self, head: dict[str, Any], _blob: bytearray) -> Reply:
        """List the slots and those with a token in them; touches no token."""
        if self._login is None and head.get("refresh"):
            self._lib.reinitialize()
        every = self._lib.slots(present=False)
        return {"slots": every, "present": self._lib.slots(present=True)}, b""

    def tokens(self, head: dict[str, Any], _blob: bytearray) -> Reply:
        """List the tokens that are in their slots now."""
        if self._login is None and head.get("refresh"):
            self._lib.reinitialize()
        found = []
        for slot in self._lib.slots(present=True):
            try:
                described = _describe(self._lib, slot)
            except CryptokiError:
                continue  # one sick card must not hide the others
            if described is not None:
                found.append(described)
        return {"tokens": found}, b""

    def certificates(self, head: dict[str, Any], _blob: bytearray) -> Reply:
        """List the certificates of a token that are visible without a PIN."""
        self._expect(head)
        lib, session, found = self._lib, self._lib.open_session(head["slot"]), []
        try:
            for item in lib.objects(session, ObjectClass.CERTIFICATE):
                value = lib.attribute(session, item, Attribute.VALUE)
                label = lib.attribute(session, item, Attribute.LABEL)
                if value:
                    found.append(
                        {
                            "id": lib.attribute(session, item, Attribute.ID).hex(),
                            "label": label.decode("utf-8", "replace"),
                            "der": value.hex(),
                        }
                    )
        finally:
            lib.close_session(session)
        return {"certificates": found}, b""

    def login(self, head: dict[str, Any], blob: bytearray) -> Reply:
        """Log in with the PIN in the blob, for one key; an empty PIN means the PIN pad."""
        self._end()
        with ExitStack() as undo:
            undo.callback(wipe, blob)
            self._expect(head)
            self._login = Login(self._lib, head, blob)
            undo.pop_all()
        return {"always": self._login.always}, b""

    def rest(self, head: dict[str, Any], _blob: bytearray) -> Reply:
        """Keep the login between two acts, until so many seconds after the PIN was given."""
        if self._login is not None:
            self._login.rest(float(head["seconds"]))
        return {}, b""

    def resume(self, head: dict[str, Any], _blob: bytearray) -> Reply:
        """Take up the kept login if it still stands and is that of this key; else end it."""
        if self._login is None or not self._login.resumes(head):
            self._end()
            return {"open": False}, b""
        return {"open": True, "always": self._login.always}, b""

    def logout(self, _head: dict[str, Any], _blob: bytearray) -> Reply:
        """Log out and overwrite a kept PIN; nothing to do without a login."""
        self._end()
        return {}, b""

    def sign(self, head: dict[str, Any], blob: bytearray) -> Reply:
        """Sign the data in the blob with the key that was opened."""
        if self._login is None or not self._login.is_for(head):
            raise CryptokiError(Returned.USER_NOT_LOGGED_IN)
        mechanisms, apart = set(head["mechanisms"]), bool(head["apart"])
        try:
            return {}, self._login.sign(head["scheme"], mechanisms, blob, apart=apart)
        except (CryptokiError, SigningPinRefused) as problem:
            if _kind(problem) in _ENDS_LOGIN:
                self._end()
            raise

    def own_pin(self, head: dict[str, Any], blob: bytearray) -> Reply:
        """Take the PIN of the key itself for the signatures of this login."""
        try:
            if self._login is None or not self._login.is_for(head):
                raise CryptokiError(Returned.USER_NOT_LOGGED_IN)
            self._login.take_own_pin(blob)
        except BaseException:
            wipe(blob)
            self._end()
            raise
        return {}, b""

    def _end(self) -> None:
        login, self._login = self._login, None
        if login is not None:
            login.close()

    def _expect(self, head: dict[str, Any]) -> None:
        """Refuse another token than the one that the desk means."""
        if self._lib.token(head["slot"]).serial != head["serial"]:
            raise CryptokiError(Returned.TOKEN_NOT_PRESENT)


def main(arguments: list[str]) -> int:
    """Serve one library until the desk closes the pipe; returns the exit code."""
    source, sink = _own_pipes()
    try:
        library = Library(arguments[0])
    except (CryptokiError, OSError, AttributeError):
        write_frame(sink, {"error": "module"})
        return 1
    write_frame(sink, {"ready": True})
    frames: Queue[tuple[dict[str, Any], bytearray] | None] = Queue()
    threading.Thread(target=_feed, args=(source, frames), daemon=True).start()
    names = (
        "slots", "tokens", "certificates", "login", "own_pin", "rest", "resume", "logout", "sign",
    )  # fmt: skip
    calls: dict[str, Call] = {name: getattr(library, name) for name in names}
    while True:
        try:
            frame = frames.get(timeout=_seconds_left(library.deadline))
        except Empty:
            library.logout({}, bytearray())
            continue
        if frame is None:
            library.logout({}, bytearray())
            return 0
        head, blob = frame
        write_frame(sink, *_answer(calls[head["call"]], head, blob))


def _seconds_left(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - monotonic())


def _feed(source: BinaryIO, frames: Queue[tuple[dict[str, Any], bytearray] | None]) -> None:
    while True:
        try:
            frames.put(read_frame(source))
        except (BrokenFrame, OSError):
            frames.put(None)
            return


def _answer(call: Call, head: dict[str, Any], blob: bytearray) -> Reply:
    try:
        return call(head, blob)
    except (CryptokiError, *_OWN, MemoryError, ValueError) as problem:
        return {"error": _kind(problem), "detail": str(problem)}, b""


def _kind(problem: Exception) -> str:
    if type(problem) in _TYPED:
        return _TYPED[type(problem)]
    return _KINDS.get(problem.code, "device") if isinstance(problem, CryptokiError) else "device"


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take the pipes away from the library: what it prints must not enter the protocol.

    Without buffers: a buffer would keep a copy of the PIN.
    """
    source = os.fdopen(os.dup(0), "rb", buffering=0)
    sink = os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    return source, sink


def _describe(lib: Cryptoki, slot: int) -> dict[str, Any] | None:
    token = lib.token(slot)
    if not token.flags & Flag.TOKEN_INITIALIZED:
        return None  # SoftHSM always shows one empty slot; nothing can be signed with it
    state = next((name for flag, name in _STATES if token.flags & flag), "fine")
    if not token.flags & Flag.USER_PIN_INITIALIZED:
        state = "not_set"
    known = {item.value: item.name for item in Mechanism}
    return {
        "slot": slot,
        "label": token.label,
        "serial": token.serial,
        "manufacturer": token.manufacturer,
        "model": token.model,
        "state": state,
        "pin_pad": bool(token.flags & Flag.PROTECTED_AUTHENTICATION_PATH),
        "mechanisms": [known[number] for number in lib.mechanisms(slot) if number in known],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
