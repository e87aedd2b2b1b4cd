"""A login on a token, in the helper: one session, one key, and its PIN where the key asks again."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack, suppress
from time import monotonic
from typing import Any

from signing.tokens.constants import Attribute, Mechanism, ObjectClass, Returned, User
from signing.tokens.cryptoki import Cryptoki, CryptokiError
from signing.tokens.frames import wipe

# The ASN.1 prefix of a PKCS#1 v1.5 DigestInfo for SHA-256 (RFC 8017, section 9.2).
_DIGEST_INFO_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
_INTEGER, _SEQUENCE, _LONG = 0x02, 0x30, 0x80


class KeyMissing(Exception):
    """Say that no key, or more than one, may be meant; never leaves the helper process."""


class SigningPinWanted(Exception):
    """Say that the key does not take the token's PIN; never leaves the helper process."""


class SigningPinRefused(Exception):
    """Say that the key does not take the PIN that was typed for it alone; never leaves either."""


class Login:
    """Hold one session with its key open; `close` overwrites the PINs if they were kept.

    They stay only for a key with CKA_ALWAYS_AUTHENTICATE, which wants one before every
    signature (PKCS#11 base specification, C_Login with CKU_CONTEXT_SPECIFIC). Some tokens have a
    PIN of its own for that: it is asked for once the key has refused that of the token.
    """

    def __init__(self, lib: Cryptoki, head: dict[str, Any], pin: bytearray) -> None:
        self._lib = lib
        self._who = _who(head)
        self._began = monotonic()
        self._pin, self._own_pin = bytearray(), bytearray()
        self._proven = self._begun = False
        self.deadline: float | None = None
        self._session = lib.open_session(head["slot"])
        with ExitStack() as undo:
            undo.callback(self.close)
            _log_in(lib, self._session, pin)
            public = bytes.fromhex(head["public"])
            self._key = _find_key(lib, self._session, bytes.fromhex(head["id"]), public)
            flag = lib.attribute(self._session, self._key, Attribute.ALWAYS_AUTHENTICATE)
            undo.pop_all()
        self.always = any(flag)
        if self.always:
            self._pin = pin
        else:
            wipe(pin)

    def is_for(self, head: dict[str, Any]) -> bool:
        """Tell whether this is the login for a token and key."""
        return self._who == _who(head)

    def rest(self, seconds: float) -> None:
        """Let the login end by itself, so long after the PIN was given."""
        self.deadline = self._began + seconds

    def resumes(self, head: dict[str, Any]) -> bool:
        """Take the login up again if it is for this key, in time, and the token still there."""
        in_time = self.deadline is not None and monotonic() < self.deadline
        if not (in_time and self.is_for(head) and self._lib.alive(self._session)):
            return False
        self.deadline = None
        return True

    def take_own_pin(self, pin: bytearray) -> None:
        """Take the key's own PIN, to be overwritten at the end; the token's own is none."""
        if self._pin and pin == self._pin:
            wipe(pin)
            raise SigningPinRefused
        wipe(self._own_pin)
        self._own_pin = pin

    def sign(
        self, scheme: str, mechanisms: set[str], data: bytes | bytearray, *, apart: bool = False
    ) -> bytes:
        """Return the signature over SHA-256 of the data.

        `apart` tells that the key is known to have a PIN of its own. Raises `SigningPinWanted`
        when that is to be asked for, `SigningPinRefused` when it was wrong.
        """
        mechanism, given = _given(scheme, mechanisms, data)
        if self.always and apart and not self._own_pin:
            raise SigningPinWanted
        self._begin(mechanism)
        if self.always:
            self._answer_key()
        self._begun = False
        signed = self._lib.sign(self._session, given)
        return _ecdsa_der(signed) if scheme == "ecdsa" else signed

    def _begin(self, mechanism: Mechanism) -> None:
        try:
            self._lib.sign_init(self._session, self._key, mechanism)
        except CryptokiError as problem:
            # What the key's refusal of a PIN has left open is taken up again
            if not self._begun or problem.code != Returned.OPERATION_ACTIVE:
                raise

    def _answer_key(self) -> None:
        """Give the key the PIN that it wants before a signature; each is tried once."""
        self._begun = True
        try:
            self._lib.login(self._session, User.CONTEXT_SPECIFIC, self._own_pin or self._pin)
        except CryptokiError as problem:
            if problem.code != Returned.PIN_INCORRECT or self._proven or not self._pin:
                raise
            if self._own_pin:
                raise SigningPinRefused from problem
            raise SigningPinWanted from problem
        self._proven = True

    def close(self) -> None:
        """Log out, close the session and overwrite the PIN; a token that is gone did so itself."""
        wipe(self._pin)
        wipe(self._own_pin)
        with suppress(CryptokiError):
            self._lib.logout(self._session)
        with suppress(CryptokiError):
            self._lib.close_session(self._session)


def _who(head: dict[str, Any]) -> tuple[str, str, str]:
    return head["serial"], head["id"], head["public"]


def _log_in(lib: Cryptoki, session: int, pin: bytearray) -> None:
    try:
        lib.login(session, User.USER, pin)
    except CryptokiError as problem:
        if problem.code != Returned.USER_ALREADY_LOGGED_IN:
            raise
        # A login left behind by the library: the PIN has not been looked at yet, so this is
        # still its first and only try.
        lib.logout(session)
        lib.login(session, User.USER, pin)


def _find_key(lib: Cryptoki, session: int, key_id: bytes, public: bytes) -> int:
    """Match by CKA_ID, else by the public part, else take the only key."""
    keys = lib.objects(session, ObjectClass.PRIVATE_KEY)
    if key_id:
        named = [k for k in keys if lib.attribute(session, k, Attribute.ID) == key_id]
        if len(named) == 1:
            return named[0]
    fitting = [k for k in keys if _has_public(lib, session, k, public)]
    for found in (fitting, keys):
        if len(found) == 1:
            return found[0]
    raise KeyMissing


def _has_public(lib: Cryptoki, session: int, key: int, public: bytes) -> bool:
    """Compare the modulus (RSA) or the point (EC, with or without its OCTET STRING head)."""
    return any(
        lib.attribute(session, key, name).lstrip(b"\0").endswith(public)
        for name in (Attribute.MODULUS, Attribute.EC_POINT)
    )


def _given(scheme: str, mechanisms: set[str], data: bytes | bytearray) -> tuple[Mechanism, bytes]:
    """Choose the mechanism, and what it is given: the hash where the token takes it."""
    digest = hashlib.sha256(data).digest()
    whole = bytes(data)
    match scheme:
        case "pss" if Mechanism.RSA_PKCS_PSS.name in mechanisms:
            return Mechanism.RSA_PKCS_PSS, digest
        case "pss":
            return Mechanism.SHA256_RSA_PKCS_PSS, whole
        case "ecdsa" if Mechanism.ECDSA.name in mechanisms:
            return Mechanism.ECDSA, digest
        case "ecdsa":
            return Mechanism.ECDSA_SHA256, whole
        case _ if Mechanism.RSA_PKCS.name in mechanisms:
            return Mechanism.RSA_PKCS, _DIGEST_INFO_SHA256 + digest
        case _:
            return Mechanism.SHA256_RSA_PKCS, whole


def _ecdsa_der(signature: bytes) -> bytes:
    """Return the two numbers of PKCS#11's ECDSA signature as CMS wants them (RFC 3279, 2.2.3)."""
    half = len(signature) // 2
    numbers = b"".join(_der(_INTEGER, _number(p)) for p in (signature[:half], signature[half:]))
    return _der(_SEQUENCE, numbers)


def _number(part: bytes) -> bytes:
    digits = part.lstrip(b"\0") or b"\0"
    return b"\0" + digits if digits[0] & 0x80 else digits


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    head = bytes([tag, size]) if size < _LONG else bytes([tag, _LONG | 1, size])
    return head + content
