"""A bare PKCS#11 client for tests: do steps with a library, print what each of them returned.

`python -m tests.shim.probe LIBRARY STEP…` runs in a process of its own, because libraries hang,
crash and stay loaded. It prints one line of JSON for each step: the return value and what came.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from ctypes import CDLL, CFUNCTYPE, POINTER, Structure, addressof, byref, c_ubyte, c_ulong, c_void_p
from ctypes import create_string_buffer as room
from pathlib import Path
from typing import Any

from tests.shim.shim import Shim

_PLACES = {
    "C_Initialize": 0, "C_Finalize": 1, "C_GetSlotList": 4, "C_GetSlotInfo": 5,
    "C_GetTokenInfo": 6, "C_GetMechanismList": 7, "C_OpenSession": 12, "C_CloseSession": 13,
    "C_CloseAllSessions": 14, "C_GetSessionInfo": 15, "C_Login": 18, "C_Logout": 19,
    "C_GetAttributeValue": 24, "C_FindObjectsInit": 26, "C_FindObjects": 27,
    "C_FindObjectsFinal": 28, "C_SignInit": 42, "C_Sign": 43,
}  # fmt: skip
_TOKEN_FLAGS, _SLOT_FLAGS = 96, 96
_RSA, _PSS, _SHA256, _MGF = 0x1, 0xD, 0x250, 0x2
_CLASS, _ID, _ALWAYS, _PRIVATE_KEY = 0x0, 0x102, 0x202, 3
DIGEST = bytes(range(32))


class _List(Structure):
    _fields_ = (("version", c_ubyte * 2), ("entry", c_void_p * 68))


class _Triple(Structure):
    """An attribute or a mechanism: type, pointer and length."""

    _fields_ = (("type", c_ulong), ("value", c_void_p), ("length", c_ulong))


class Client:
    """One initialised library, one slot, one session."""

    def __init__(self, path: str) -> None:
        self._library = CDLL(path)
        listed = POINTER(_List)()
        assert self._library.C_GetFunctionList(byref(listed)) == 0
        self._entries = listed.contents.entry
        self.call("C_Initialize", None)
        self.session = c_ulong()
        slots = self.slots()[1]
        self.slot = slots[0] if slots else 0

    def call(self, name: str, *arguments: Any) -> int:
        """Call a function; whole numbers go as CK_ULONG."""
        given = [c_ulong(a) if isinstance(a, int) else a for a in arguments]
        shape = [c_ulong if isinstance(a, c_ulong) else c_void_p for a in given]
        return int(CFUNCTYPE(c_ulong, *shape)(self._entries[_PLACES[name]])(*given))

    def slots(self, present: str = "1") -> tuple[int, list[int]]:
        """List slots with tokens; with "0" all slots."""
        found, count = (c_ulong * 16)(), c_ulong(16)
        result = self.call("C_GetSlotList", int(present), found, byref(count))
        return result, list(found[: count.value])

    def present(self) -> tuple[int, bool]:
        """Tell whether the slot says that a token is in it."""
        info = room(256)
        result = self.call("C_GetSlotInfo", self.slot, info)
        return result, bool(info.raw[_SLOT_FLAGS] & 1)

    def flags(self) -> tuple[int, int]:
        """Return the token's flags."""
        info = room(256)
        result = self.call("C_GetTokenInfo", self.slot, info)
        return result, int.from_bytes(info.raw[_TOKEN_FLAGS : _TOKEN_FLAGS + 8], "little")

    def mechanisms(self) -> tuple[int, list[int]]:
        """List the numbers of the mechanisms."""
        found, count = (c_ulong * 512)(), c_ulong(512)
        result = self.call("C_GetMechanismList", self.slot, found, byref(count))
        return result, list(found[: count.value])

    def open(self, flags: str = "4") -> tuple[int, None]:
        """Open the session."""
        shape = (int(flags), None, None, byref(self.session))
        return self.call("C_OpenSession", self.slot, *shape), None

    def info(self) -> tuple[int, None]:
        """Ask after the session."""
        return self.call("C_GetSessionInfo", self.session, room(64)), None

    def close(self) -> tuple[int, None]:
        """Close the session."""
        return self.call("C_CloseSession", self.session), None

    def login(self, pin: str = "", user: int = 1) -> tuple[int, None]:
        """Log in; an empty PIN is a null pointer."""
        given = room(pin.encode()) if pin else None
        return self.call("C_Login", self.session, user, given, len(pin)), None

    def again(self, pin: str) -> tuple[int, None]:
        """Log in for one signature (CKU_CONTEXT_SPECIFIC)."""
        return self.login(pin, 2)

    def logout(self) -> tuple[int, None]:
        """Log out."""
        return self.call("C_Logout", self.session), None

    def key(self, wanted: str = "") -> tuple[int, int]:
        """Find the private key, by its id or the first one; 0 when there is none."""
        kind, key_id = c_ulong(_PRIVATE_KEY), bytes.fromhex(wanted)
        held = room(key_id, max(1, len(key_id)))
        template = (_Triple * 2)(
            _Triple(_CLASS, addressof(kind), 8), _Triple(_ID, addressof(held), len(key_id))
        )
        result = self.call("C_FindObjectsInit", self.session, template, 2 if wanted else 1)
        found, count = (c_ulong * 4)(), c_ulong()
        result = result or self.call("C_FindObjects", self.session, found, 4, byref(count))
        result = result or self.call("C_FindObjectsFinal", self.session)
        return result, found[0] if count.value else 0

    def attribute(self, number: str) -> tuple[int, str]:
        """Return an attribute of the key in hexadecimal."""
        value = room(64)
        one = _Triple(int(number, 0), addressof(value), 64)
        result = self.call("C_GetAttributeValue", self.session, self.key()[1], byref(one), 1)
        return result, value.raw[: one.length].hex() if result == 0 else ""

    def choose(self, scheme: str = "rsa") -> tuple[int, None]:
        """Begin a signature with the key: rsa or pss."""
        parameters = (c_ulong * 3)(_SHA256, _MGF, 32)
        one = _Triple(_RSA, None, 0)
        if scheme == "pss":
            one = _Triple(_PSS, addressof(parameters), 24)
        return self.call("C_SignInit", self.session, byref(one), self.key()[1]), None

    def size(self) -> tuple[int, int]:
        """Ask for the size of the signature."""
        length = c_ulong(77)
        result = self.call("C_Sign", self.session, room(DIGEST, 32), 32, None, byref(length))
        return result, length.value

    def finish(self) -> tuple[int, str]:
        """End the signature that was begun."""
        signature, length = room(1024), c_ulong(1024)
        data = room(DIGEST, 32)
        result = self.call("C_Sign", self.session, data, 32, signature, byref(length))
        return result, signature.raw[: length.value].hex() if result == 0 else ""

    def sign(self, scheme: str = "rsa") -> tuple[int, str]:
        """Begin and end a signature."""
        result, _ = self.choose(scheme)
        return self.finish() if result == 0 else (result, "")

    def floor(self, times: str) -> tuple[int, list[float]]:
        """Sign so often with PSS; return processor and real milliseconds for one C_SignInit and C_Sign."""
        _, key = self.key()
        parameters = (c_ulong * 3)(_SHA256, _MGF, 32)
        one = _Triple(_PSS, addressof(parameters), 24)
        signature, length, data = room(1024), c_ulong(1024), room(DIGEST, 32)
        began, cpu = time.perf_counter(), time.process_time()
        for _ in range(int(times)):
            length.value = 1024
            result = self.call("C_SignInit", self.session, byref(one), key)
            result |= self.call("C_Sign", self.session, data, 32, signature, byref(length))
            assert result == 0
        took = (time.process_time() - cpu, time.perf_counter() - began)
        return 0, [1000 * seconds / int(times) for seconds in took]


def probe(module: str, *steps: str) -> list[list[Any]]:
    """Do the steps in a process of their own; those after its end are missing."""
    command = [sys.executable, "-m", "tests.shim.probe", module, *steps]
    root = Path(__file__).resolve().parents[2]
    run = subprocess.run(
        command, cwd=root, env=os.environ.copy(), stdout=subprocess.PIPE, timeout=60, check=False
    )
    return [json.loads(line) for line in run.stdout.splitlines()]


def main(arguments: list[str]) -> int:
    """Do the steps; `pull` and `insert` are done to the shim."""
    client = Client(arguments[0])
    shim = Shim(Path(arguments[0]).parent)
    for step in arguments[1:]:
        name, *given = step.split(":")
        if name in {"pull", "insert"}:
            getattr(shim, name)()
            answer: tuple[int, Any] = (0, None)
        else:
            answer = getattr(client, name)(*given)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
