"""A thin binding of PKCS#11 for what signing needs, lenient with what vendors' libraries do.

What differs from the standard's two-step manner (ask for the size, then for the value), and why:
some libraries answer 0 or nonsense to the question for the size, so every value is fetched into
a fixed buffer at once and the size is asked only when that was too small. Sessions are read-only:
signing needs no more, and some libraries refuse read-write ones. A PIN is a `bytearray` to which
the library gets a pointer; it never becomes a `str` or `bytes` here.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from ctypes import (
    CDLL,
    POINTER,
    Array,
    Structure,
    addressof,
    byref,
    c_char,
    c_ubyte,
    c_ulong,
    create_string_buffer,
    pointer,
    sizeof,
)
from dataclasses import dataclass
from typing import Any

from signing.tokens.constants import (
    MGF1_SHA256,
    Attribute,
    Flag,
    Mechanism,
    ObjectClass,
    Returned,
    User,
)
from signing.tokens.structures import (
    FUNCTIONS,
    GET_FUNCTION_LIST,
    PROTOTYPES,
    AttributeValue,
    FunctionList,
    InitializeArgs,
    MechanismChoice,
    PssParameters,
    SessionInformation,
    TokenInformation,
)

_MAX_SLOTS = 64
_MAX_MECHANISMS = 1024
_MAX_OBJECTS = 1024
_AT_ONCE = 64
_VALUE = 8192
_LARGE_VALUE = 1 << 20
_SIGNATURE = 1024
_LARGE_SIGNATURE = 1 << 16
_NO_VALUE = c_ulong(-1).value  # CK_UNAVAILABLE_INFORMATION
_SALT = 32


class CryptokiError(Exception):
    """Say what a call of the library returned; never leaves the helper process."""

    def __init__(self, code: int) -> None:
        super().__init__(f"0x{code:x}")
        self.code = code


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What a token says of itself without a PIN."""

    label: str
    manufacturer: str
    model: str
    serial: str
    flags: int


class Cryptoki:
    """One loaded and initialised library; every call comes from one thread.

    Raises `OSError` or `AttributeError` when the file is no such library, `CryptokiError` for
    what its calls return.
    """

    def __init__(self, path: str) -> None:
        self._library = CDLL(path)  # kept: unloading is where vendors' libraries hang
        get = GET_FUNCTION_LIST(("C_GetFunctionList", self._library))
        listed = POINTER(FunctionList)()
        _check(get(pointer(listed)))
        try:
            table = listed.contents.functions
        except ValueError as problem:  # the library gave a null pointer
            raise CryptokiError(Returned.GENERAL_ERROR) from problem
        self._functions: dict[str, Callable[..., int]] = {
            name: PROTOTYPES[name](table[place]) for name, place in FUNCTIONS.items()
        }
        self._initialize()

    def reinitialize(self) -> None:
        """Stop and start the library: some see a new reader or token only so."""
        with suppress(CryptokiError):
            self._call("C_Finalize", None)
        self._initialize()

    def slots(self, *, present: bool) -> list[int]:
        """Return the slots, or those with a token in them."""
        count = c_ulong(0)
        # The first call lets the library look anew; its count is not relied on.
        self._call("C_GetSlotList", int(present), None, byref(count))
        room = max(_MAX_SLOTS, min(count.value, 16 * _MAX_SLOTS))
        found = (c_ulong * room)()
        count.value = room
        self._call("C_GetSlotList", int(present), found, byref(count))
        return list(found[: min(count.value, room)])

    def token(self, slot: int) -> TokenFacts:
        """Return what the token in a slot says of itself."""
        info = TokenInformation()
        self._call("C_GetTokenInfo", slot, byref(info))
        return TokenFacts(
            label=_text(info, "label"),
            manufacturer=_text(info, "manufacturer"),
            model=_text(info, "model"),
            serial=_text(info, "serial"),
            flags=info.flags,
        )

    def mechanisms(self, slot: int) -> list[int]:
        """Return the numbers of the mechanisms of a slot."""
        found = (c_ulong * _MAX_MECHANISMS)()
        count = c_ulong(_MAX_MECHANISMS)
        self._call("C_GetMechanismList", slot, found, byref(count))
        return list(found[: min(count.value, _MAX_MECHANISMS)])

    def open_session(self, slot: int) -> int:
        """Open a read-only session."""
        session = c_ulong()
        self._call("C_OpenSession", slot, Flag.SERIAL_SESSION, None, None, byref(session))
        return session.value

    def close_session(self, session: int) -> None:
        """Close a session."""
        self._call("C_CloseSession", session)

    def alive(self, session: int) -> bool:
        """Tell whether a session still stands."""
        try:
            self._call("C_GetSessionInfo", session, byref(SessionInformation()))
        except CryptokiError:
            return False
        return True

    def login(self, session: int, user: User, pin: bytearray) -> None:
        """Log in; an empty PIN leaves the asking to the device (a PIN pad)."""
        if not pin:
            self._call("C_Login", session, user, None, 0)
            return
        shared = (c_ubyte * len(pin)).from_buffer(pin)
        try:
            self._call("C_Login", session, user, addressof(shared), len(pin))
        finally:
            del shared  # gives the bytearray back to be overwritten

    def logout(self, session: int) -> None:
        """Log out."""
        self._call("C_Logout", session)

    def objects(self, session: int, kind: ObjectClass) -> list[int]:
        """Return the handles of the objects of a kind that the session sees."""
        value = c_ulong(kind)
        template = AttributeValue(Attribute.CLASS, addressof(value), sizeof(value))
        self._call("C_FindObjectsInit", session, byref(template), 1)
        found: list[int] = []
        handles, count = (c_ulong * _AT_ONCE)(), c_ulong()
        try:
            while len(found) < _MAX_OBJECTS:
                self._call("C_FindObjects", session, handles, _AT_ONCE, byref(count))
                if not count.value:
                    break
                found += handles[: min(count.value, _AT_ONCE)]
        finally:
            with suppress(CryptokiError):
                self._call("C_FindObjectsFinal", session)
        return found

    def attribute(self, session: int, handle: int, name: Attribute) -> bytes:
        """Return a value, empty when the object has none or does not give it."""
        for size in (_VALUE, _LARGE_VALUE):
            buffer = create_string_buffer(size)
            wanted = AttributeValue(name, addressof(buffer), size)
            try:
                self._call("C_GetAttributeValue", session, handle, byref(wanted), 1)
            except CryptokiError as problem:
                if problem.code == Returned.BUFFER_TOO_SMALL:
                    continue
                if problem.code in (
                    Returned.ATTRIBUTE_SENSITIVE,
                    Returned.ATTRIBUTE_TYPE_INVALID,
                ):
                    return b""
                raise
            given: int = wanted.length
            return b"" if given == _NO_VALUE else buffer.raw[: min(given, size)]
        return b""

    def sign_init(self, session: int, key: int, mechanism: Mechanism) -> None:
        """Begin a signature."""
        parameters = PssParameters(Mechanism.SHA256, MGF1_SHA256, _SALT)
        choice = MechanismChoice(mechanism, None, 0)
        if mechanism in (Mechanism.RSA_PKCS_PSS, Mechanism.SHA256_RSA_PKCS_PSS):
            choice = MechanismChoice(mechanism, addressof(parameters), sizeof(parameters))
        self._call("C_SignInit", session, byref(choice), key)

    def sign(self, session: int, data: bytes | bytearray) -> bytes:
        """Return the signature over data; `sign_init` came before."""
        source: Array[c_char] = (c_char * len(data)).from_buffer_copy(data)
        for room in (_SIGNATURE, _LARGE_SIGNATURE):
            signature, length = create_string_buffer(room), c_ulong(room)
            try:
                self._call("C_Sign", session, source, len(data), signature, byref(length))
            except CryptokiError as problem:
                # The standard keeps the operation open after this one answer.
                if problem.code == Returned.BUFFER_TOO_SMALL and room < _LARGE_SIGNATURE:
                    continue
                raise
            if not 0 < length.value <= room:
                raise CryptokiError(Returned.DEVICE_ERROR)
            return signature.raw[: length.value]
        raise CryptokiError(Returned.BUFFER_TOO_SMALL)

    def _initialize(self) -> None:
        arguments = InitializeArgs(None, None, None, None, Flag.OS_LOCKING_OK, None)
        returned = self._functions["C_Initialize"](byref(arguments))
        if returned in (Returned.CANT_LOCK, Returned.ARGUMENTS_BAD):
            returned = self._functions["C_Initialize"](None)
        if returned != Returned.CRYPTOKI_ALREADY_INITIALIZED:
            _check(returned)

    def _call(self, name: str, *arguments: Any) -> None:
        _check(self._functions[name](*arguments))


def _check(returned: int) -> None:
    if returned != Returned.OK:
        raise CryptokiError(returned)


def _text(info: Structure, name: str) -> str:
    """Return a field of fixed width: padded with blanks, and not ended by a zero."""
    place = getattr(type(info), name)
    raw = bytes((c_ubyte * place.size).from_buffer(info, place.offset))
    return raw.split(b"\0")[0].decode("utf-8", "replace").strip()
