"""The numbers of PKCS#11 that we use, by the names of the standard (OASIS, version 2.40)."""

from __future__ import annotations

from enum import IntEnum


class Returned(IntEnum):
    """What a call returned (CKR_…)."""

    OK = 0x0
    CANCEL = 0x1
    HOST_MEMORY = 0x2
    SLOT_ID_INVALID = 0x3
    GENERAL_ERROR = 0x5
    FUNCTION_FAILED = 0x6
    ARGUMENTS_BAD = 0x7
    CANT_LOCK = 0xA
    ATTRIBUTE_SENSITIVE = 0x11
    ATTRIBUTE_TYPE_INVALID = 0x12
    DEVICE_ERROR = 0x30
    DEVICE_MEMORY = 0x31
    DEVICE_REMOVED = 0x32
    FUNCTION_CANCELED = 0x50
    FUNCTION_NOT_SUPPORTED = 0x54
    KEY_HANDLE_INVALID = 0x60
    KEY_TYPE_INCONSISTENT = 0x63
    KEY_FUNCTION_NOT_PERMITTED = 0x68
    MECHANISM_INVALID = 0x70
    MECHANISM_PARAM_INVALID = 0x71
    OBJECT_HANDLE_INVALID = 0x82
    OPERATION_ACTIVE = 0x90
    OPERATION_NOT_INITIALIZED = 0x91
    PIN_INCORRECT = 0xA0
    PIN_INVALID = 0xA1
    PIN_LEN_RANGE = 0xA2
    PIN_EXPIRED = 0xA3
    PIN_LOCKED = 0xA4
    SESSION_CLOSED = 0xB0
    SESSION_COUNT = 0xB1
    SESSION_HANDLE_INVALID = 0xB3
    TOKEN_NOT_PRESENT = 0xE0
    TOKEN_NOT_RECOGNIZED = 0xE1
    USER_ALREADY_LOGGED_IN = 0x100
    USER_NOT_LOGGED_IN = 0x101
    USER_PIN_NOT_INITIALIZED = 0x102
    BUFFER_TOO_SMALL = 0x150
    CRYPTOKI_NOT_INITIALIZED = 0x190
    CRYPTOKI_ALREADY_INITIALIZED = 0x191


class Flag(IntEnum):
    """Flags of a token's information, of a session and of the library's start (CKF_…)."""

    OS_LOCKING_OK = 0x2
    SERIAL_SESSION = 0x4
    USER_PIN_INITIALIZED = 0x8
    PROTECTED_AUTHENTICATION_PATH = 0x100
    TOKEN_INITIALIZED = 0x400
    USER_PIN_COUNT_LOW = 0x10000
    USER_PIN_FINAL_TRY = 0x20000
    USER_PIN_LOCKED = 0x40000


class User(IntEnum):
    """Who logs in (CKU_…)."""

    USER = 1
    CONTEXT_SPECIFIC = 2


class ObjectClass(IntEnum):
    """Kinds of objects (CKO_…)."""

    CERTIFICATE = 1
    PRIVATE_KEY = 3


class Attribute(IntEnum):
    """Attributes of objects (CKA_…)."""

    CLASS = 0x0
    LABEL = 0x3
    VALUE = 0x11
    ID = 0x102
    MODULUS = 0x120
    EC_POINT = 0x181
    ALWAYS_AUTHENTICATE = 0x202


class Mechanism(IntEnum):
    """Mechanisms that sign (CKM_…), and the hash and mask that PSS names."""

    RSA_PKCS = 0x1
    RSA_PKCS_PSS = 0xD
    SHA256_RSA_PKCS = 0x40
    SHA256_RSA_PKCS_PSS = 0x43
    SHA256 = 0x250
    ECDSA = 0x1041
    ECDSA_SHA256 = 0x1044


MGF1_SHA256 = 2
"""CKG_MGF1_SHA256, the mask generation of PSS."""
