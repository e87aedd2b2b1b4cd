"""A PKCS#11 library between the program and SoftHSM2 that fails as a test tells it.

Each `Shim` is a library file of its own in a folder of its own, so what is told to one concerns
no other. Faults count from the call at which they are told, over all processes: the first C_Sign
after `shim.hang("C_Sign")` hangs, whichever process makes it, and the second does not.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from pathlib import Path

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
FOREVER = (1 << 63) - 1

_HERE = Path(__file__).parent
_FUNCTIONS = (
    "C_Initialize", "C_Finalize", "C_GetSlotList", "C_GetSlotInfo", "C_GetTokenInfo",
    "C_GetMechanismList", "C_OpenSession", "C_CloseSession", "C_CloseAllSessions",
    "C_GetSessionInfo", "C_Login", "C_Logout", "C_GetAttributeValue", "C_FindObjectsInit",
    "C_FindObjects", "C_FindObjectsFinal", "C_SignInit", "C_Sign",
)  # fmt: skip
COUNTERS = (*_FUNCTIONS, "login_user", "login_context", "signed", "wrong_pins", "removed", "losses")
"""The rows of the table, in the order of control.h."""
_ROW = struct.Struct("=24sQ")


class Answer(IntEnum):
    """What a function may be told to return instead of doing its work (CKR_…)."""

    HOST_MEMORY = 0x2
    GENERAL_ERROR = 0x5
    FUNCTION_FAILED = 0x6
    DEVICE_ERROR = 0x30
    DEVICE_MEMORY = 0x31
    DEVICE_REMOVED = 0x32
    FUNCTION_CANCELED = 0x50
    MECHANISM_INVALID = 0x70
    PIN_INCORRECT = 0xA0
    PIN_EXPIRED = 0xA3
    PIN_LOCKED = 0xA4
    SESSION_HANDLE_INVALID = 0xB3
    TOKEN_NOT_PRESENT = 0xE0
    USER_NOT_LOGGED_IN = 0x101


class Quirk(StrEnum):
    """Habits of vendors' libraries; each lasts until `well`.

    ZERO_SIZE answers 0 to the question for a signature's size; READ_ONLY refuses read-write
    sessions; NO_PSS hides and refuses PSS; ALWAYS makes every key ask before each signature;
    PIN_PAD takes the PIN from the device (`pin_pad`); EMPTY_ID gives no object an id.
    """

    ZERO_SIZE = "zero_size"
    READ_ONLY = "read_only"
    NO_PSS = "no_pss"
    ALWAYS = "always"
    PIN_PAD = "pin_pad"
    EMPTY_ID = "empty_id"


def build(folder: Path) -> Path:
    """Compile the library; returns its path."""
    built = folder / "shim.so"
    sources = [str(_HERE / name) for name in ("shim.c", "control.c")]
    flags = ["-std=c11", "-O1", "-fPIC", "-shared", "-fvisibility=hidden", "-Wall", "-Wextra"]
    subprocess.run(
        ["cc", *flags, "-Werror", "-o", str(built), *sources, "-ldl", "-lpthread"], check=True
    )
    return built


@dataclass
class Shim:
    """One faulty library over SoftHSM2; `module` is the path that a signer is given."""

    folder: Path
    real: str = SOFTHSM
    _faults: list[str] = field(default_factory=list)

    @classmethod
    def install(cls, built: Path, folder: Path, real: str = SOFTHSM) -> Shim:
        """Put a copy of the built library into a folder of its own; it has no faults yet."""
        folder.mkdir(parents=True)
        shutil.copy(built, folder / "libtoken.so")
        rows = (_ROW.pack(name.encode(), 0) for name in COUNTERS)
        (folder / "calls").write_bytes(b"".join(rows))
        shim = cls(folder, real)
        shim.well()
        return shim

    @property
    def module(self) -> str:
        """Return the path of the library."""
        return str(self.folder / "libtoken.so")

    def count(self, counter: str) -> int:
        """Return how often a function was called, or another number of `COUNTERS`.

        `login_user` and `login_context` split C_Login; `signed` counts signatures that were
        given out, `wrong_pins` the wrong PINs since the last right one.
        """
        row = _ROW.size * COUNTERS.index(counter)
        _, value = _ROW.unpack_from((self.folder / "calls").read_bytes(), row)
        return int(value)

    def well(self) -> None:
        """Take every fault and quirk away; a pulled token stays pulled."""
        self._faults = [f"module {self.real}"]
        self._write()

    def slow(self, function: str, milliseconds: int) -> None:
        """Let every call of a function last longer."""
        self._tell("latency", function, 1, FOREVER, milliseconds)

    def hang(self, function: str, nth: int = 1) -> None:
        """Let the nth call from now never return."""
        self._tell("hang", function, nth, 1)

    def crash(self, function: str, nth: int = 1) -> None:
        """Let the nth call from now end the process by SIGSEGV."""
        self._tell("crash", function, nth, 1)

    def abort(self, function: str, nth: int = 1) -> None:
        """Let the nth call from now end the process by SIGABRT."""
        self._tell("abort", function, nth, 1)

    def remove(self, function: str, nth: int = 1) -> None:
        """Let the tokens be pulled during the nth call from now, until `insert`."""
        self._tell("remove", function, nth, 1)

    def lose_session(self, function: str, nth: int = 1) -> None:
        """Let all sessions end at the nth call from now: their handles are invalid."""
        self._tell("lose", function, nth, 1)

    def forget_login(self, function: str, nth: int = 1) -> None:
        """Let the token log itself out at the nth call from now, which says so."""
        self._tell("forget", function, nth, 1)

    def answer(self, function: str, answer: Answer, nth: int = 1, times: int = 1) -> None:
        """Let calls from the nth on return an error; the real library is not asked."""
        self._tell("return", function, nth, times, answer)

    def tries(self, allowed: int) -> None:
        """Count wrong PINs down as real tokens do: low, final try, locked."""
        self._add(f"tries {allowed}")

    def quirk(self, quirk: Quirk) -> None:
        """Take on a habit."""
        self._add(f"quirk {quirk}")

    def pin_pad(self, typed: str) -> None:
        """Have a PIN pad, on which this PIN is typed."""
        self._add(f"pin {typed}")
        self.quirk(Quirk.PIN_PAD)

    def signing_pin(self, pin: str) -> None:
        """Let every key ask before each signature, for a PIN that is not that of the token."""
        self._add(f"signing_pin {pin}")
        self.quirk(Quirk.ALWAYS)

    def pull(self) -> None:
        """Pull the tokens now."""
        self._set("removed", 1)
        self._set("losses", self.count("losses") + 1)

    def insert(self) -> None:
        """Put the tokens back."""
        self._set("removed", 0)

    def _tell(self, kind: str, function: str, nth: int, times: int, value: int = 0) -> None:
        first = self.count(function) + nth
        last = min(first + times - 1, FOREVER)
        self._add(f"{kind} {function} {first} {last} {value:d}")

    def _add(self, line: str) -> None:
        self._faults.append(line)
        self._write()

    def _write(self) -> None:
        beside = self.folder / "faults.new"
        beside.write_text("\n".join(self._faults) + "\n", encoding="utf-8")
        beside.replace(self.folder / "faults")

    def _set(self, counter: str, value: int) -> None:
        with (self.folder / "calls").open("r+b") as table:
            row = _ROW.size * COUNTERS.index(counter) + 24
            os.pwrite(table.fileno(), value.to_bytes(8, "little"), row)
