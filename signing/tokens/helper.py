"""The helper process: one PKCS#11 library, one thread, nothing else.

`python -m signing.tokens.helper` reads frames on standard input and answers on standard output. Vendors'
libraries hang, crash and print; here they hurt nobody. Only this module imports `pkcs11`.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

import pkcs11
from pkcs11 import exceptions as p11
from pkcs11.util.ec import encode_ecdsa_signature

from signing.tokens.frames import BrokenFrame, read_frame, wipe, write_frame

Reply = tuple[dict[str, Any], bytes]

# The ASN.1 prefix of a PKCS#1 v1.5 DigestInfo for SHA-256 (RFC 8017, section 9.2).
_DIGEST_INFO_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")

_STATES = (
    (pkcs11.TokenFlag.USER_PIN_LOCKED, "locked"),
    (pkcs11.TokenFlag.USER_PIN_FINAL_TRY, "final_try"),
    (pkcs11.TokenFlag.USER_PIN_COUNT_LOW, "count_low"),
)

_KINDS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((p11.PinLocked,), "pin_locked"),
    ((p11.PinIncorrect, p11.PinInvalid, p11.PinLenRange), "pin_incorrect"),
    ((p11.PinExpired, p11.UserPinNotInitialized), "pin_not_set"),
    (
        (
            p11.DeviceRemoved,
            p11.TokenNotPresent,
            p11.TokenNotRecognised,
            p11.NoSuchToken,
            p11.SlotIDInvalid,
            p11.SessionHandleInvalid,
            p11.SessionClosed,
            p11.ObjectHandleInvalid,
            p11.KeyHandleInvalid,
        ),
        "token_gone",
    ),
    ((p11.NoSuchKey,), "key_missing"),
    ((p11.MechanismInvalid, p11.MechanismParamInvalid), "mechanism"),
)


class Library:
    """Answer the calls of the desk for one library."""

    def __init__(self, path: str) -> None:
        self._lib = pkcs11.lib(path)
        self._session: pkcs11.Session | None = None
        self._slot = -1

    def tokens(self, head: dict[str, Any], _blob: bytearray) -> Reply:
        """List the tokens that are in their slots now."""
        if self._session is None and head.get("refresh"):
            self._lib.reinitialize()
        found = []
        for slot in self._lib.get_slots(token_present=True):
            try:
                described = _describe(slot)
            except p11.PKCS11Error:
                continue  # one sick card must not hide the others
            if described is not None:
                found.append(described)
        return {"tokens": found}, b""

    def certificates(self, head: dict[str, Any], _blob: bytearray) -> Reply:
        """List the certificates of a token that are visible without a PIN."""
        token = self._token(head)
        found = []
        with token.open() as session:
            wanted = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE}
            for item in session.get_objects(wanted):
                value = _attribute(item, pkcs11.Attribute.VALUE)
                if not value:
                    continue
                found.append(
                    {
                        "id": (_attribute(item, pkcs11.Attribute.ID) or b"").hex(),
                        "label": _attribute(item, pkcs11.Attribute.LABEL) or "",
                        "der": value.hex(),
                    }
                )
        return {"certificates": found}, b""

    def login(self, head: dict[str, Any], blob: bytearray) -> Reply:
        """Open the one session with the PIN in the blob; an empty PIN means the PIN pad."""
        self.logout({}, bytearray())
        token = self._token(head)
        pin: Any = blob.decode("utf-8") if blob else pkcs11.PROTECTED_AUTH
        try:
            self._session = token.open(user_pin=pin)
        finally:
            del pin
            wipe(blob)
        self._slot = head["slot"]
        return {}, b""

    def logout(self, _head: dict[str, Any], _blob: bytearray) -> Reply:
        """Close the session; nothing to do without one."""
        session, self._session, self._slot = self._session, None, -1
        if session is not None:
            session.close()
        return {}, b""

    def sign(self, head: dict[str, Any], blob: bytearray) -> Reply:
        """Sign the data in the blob with the key that matches a certificate."""
        if self._session is None:
            raise p11.UserNotLoggedIn
        key = self._key(self._session, bytes.fromhex(head["id"]), bytes.fromhex(head["public"]))
        return {}, _sign(key, head["scheme"], set(head["mechanisms"]), bytes(blob))

    def _token(self, head: dict[str, Any]) -> Any:
        for slot in self._lib.get_slots(token_present=True):
            if slot.slot_id == head["slot"]:
                token = slot.get_token()
                if _text(token.serial) != head["serial"]:
                    raise p11.TokenNotPresent
                return token
        raise p11.TokenNotPresent

    def _key(self, session: Any, key_id: bytes, public: bytes) -> Any:
        keys = list(session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}))
        for matches in (_by_id(keys, key_id), _by_public_part(keys, public), keys):
            found = list(matches)
            if len(found) == 1:
                return found[0]
        raise p11.NoSuchKey


def main(arguments: list[str]) -> int:
    """Serve one library until the desk closes the pipe; returns the exit code."""
    source, sink = _own_pipes()
    try:
        library = Library(arguments[0])
    except (p11.PKCS11Error, RuntimeError, OSError):
        write_frame(sink, {"error": "module"})
        return 1
    write_frame(sink, {"ready": True})
    calls: dict[str, Callable[[dict[str, Any], bytearray], Reply]] = {
        "tokens": library.tokens,
        "certificates": library.certificates,
        "login": library.login,
        "logout": library.logout,
        "sign": library.sign,
    }
    while True:
        try:
            head, blob = read_frame(source)
        except BrokenFrame:
            return 0
        reply, data = _answer(calls[head["call"]], head, blob)
        write_frame(sink, reply, data)


def _answer(
    call: Callable[[dict[str, Any], bytearray], Reply], head: dict[str, Any], blob: bytearray
) -> Reply:
    try:
        return call(head, blob)
    except (p11.PKCS11Error, MemoryError, ValueError) as problem:
        return {"error": _kind(problem), "detail": type(problem).__name__}, b""


def _kind(problem: Exception) -> str:
    for classes, kind in _KINDS:
        if isinstance(problem, classes):
            return kind
    return "device"


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take the pipes away from the library: what it prints must not enter the protocol."""
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    return source, sink


def _describe(slot: Any) -> dict[str, Any] | None:
    token = slot.get_token()
    flags = token.flags
    if not flags & pkcs11.TokenFlag.TOKEN_INITIALIZED:
        return None  # SoftHSM always shows one empty slot; nothing can be signed with it
    state = next((name for flag, name in _STATES if flags & flag), "fine")
    if not flags & pkcs11.TokenFlag.USER_PIN_INITIALIZED:
        state = "not_set"
    return {
        "slot": slot.slot_id,
        "label": token.label.strip(),
        "serial": _text(token.serial),
        "manufacturer": token.manufacturer_id.strip(),
        "model": token.model.strip(),
        "state": state,
        "pin_pad": bool(flags & pkcs11.TokenFlag.PROTECTED_AUTHENTICATION_PATH),
        "mechanisms": [m.name for m in slot.get_mechanisms() if isinstance(m, pkcs11.Mechanism)],
    }


def _text(value: bytes | str) -> str:
    return (value.decode("ascii", "replace") if isinstance(value, bytes) else value).strip()


def _attribute(item: Any, name: Any) -> Any:
    try:
        return item[name]
    except p11.PKCS11Error:
        return None


def _by_id(keys: Iterable[Any], key_id: bytes) -> list[Any]:
    return [key for key in keys if key_id and _attribute(key, pkcs11.Attribute.ID) == key_id]


def _by_public_part(keys: Iterable[Any], public: bytes) -> list[Any]:
    """Match the modulus (RSA) or the point (EC, with or without its OCTET STRING head)."""
    names = (pkcs11.Attribute.MODULUS, pkcs11.Attribute.EC_POINT)
    return [
        key
        for key in keys
        if any((_attribute(key, name) or b"").lstrip(b"\0").endswith(public) for name in names)
    ]


def _sign(key: Any, scheme: str, mechanisms: set[str], data: bytes) -> bytes:
    digest = hashlib.sha256(data).digest()
    if scheme == "pss":
        parameters = (pkcs11.Mechanism.SHA256, pkcs11.MGF.SHA256, 32)
        whole = "SHA256_RSA_PKCS_PSS" in mechanisms
        mechanism = pkcs11.Mechanism.SHA256_RSA_PKCS_PSS if whole else pkcs11.Mechanism.RSA_PKCS_PSS
        signed = key.sign(
            data if whole else digest, mechanism=mechanism, mechanism_param=parameters
        )
    elif scheme == "ecdsa":
        signed = encode_ecdsa_signature(key.sign(digest, mechanism=pkcs11.Mechanism.ECDSA))
    elif "RSA_PKCS" in mechanisms:
        signed = key.sign(_DIGEST_INFO_SHA256 + digest, mechanism=pkcs11.Mechanism.RSA_PKCS)
    else:
        signed = key.sign(data, mechanism=pkcs11.Mechanism.SHA256_RSA_PKCS)
    return bytes(signed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
