"""The structures of PKCS#11 as ctypes sees them.

CK_ULONG is the C compiler's unsigned long: 64 bits on Linux, 32 on Windows, where the structures
are packed to one byte besides (PKCS#11 base specification, platform-specific directives).
"""

from __future__ import annotations

import sys
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char,
    c_ubyte,
    c_ulong,
    c_void_p,
)

PACK = 1 if sys.platform == "win32" else 0
"""The packing of every structure; 0 leaves it to the compiler's rules."""

FUNCTIONS = {
    "C_Initialize": 0,
    "C_Finalize": 1,
    "C_GetSlotList": 4,
    "C_GetTokenInfo": 6,
    "C_GetMechanismList": 7,
    "C_OpenSession": 12,
    "C_CloseSession": 13,
    "C_GetSessionInfo": 15,
    "C_Login": 18,
    "C_Logout": 19,
    "C_GetAttributeValue": 24,
    "C_FindObjectsInit": 26,
    "C_FindObjects": 27,
    "C_FindObjectsFinal": 28,
    "C_SignInit": 42,
    "C_Sign": 43,
}
"""Where each function that we call stands in CK_FUNCTION_LIST."""


class Version(Structure):
    """CK_VERSION."""

    _pack_ = PACK
    _fields_ = (("major", c_ubyte), ("minor", c_ubyte))


class FunctionList(Structure):
    """CK_FUNCTION_LIST, up to the last function that we call."""

    _pack_ = PACK
    _fields_ = (("version", Version), ("functions", c_void_p * (max(FUNCTIONS.values()) + 1)))


class InitializeArgs(Structure):
    """CK_C_INITIALIZE_ARGS; without functions of ours the library takes the system's locks."""

    _pack_ = PACK
    _fields_ = (
        ("create_mutex", c_void_p),
        ("destroy_mutex", c_void_p),
        ("lock_mutex", c_void_p),
        ("unlock_mutex", c_void_p),
        ("flags", c_ulong),
        ("reserved", c_void_p),
    )


class TokenInformation(Structure):
    """CK_TOKEN_INFO."""

    _pack_ = PACK
    _fields_ = (
        ("label", c_char * 32),
        ("manufacturer", c_char * 32),
        ("model", c_char * 16),
        ("serial", c_char * 16),
        ("flags", c_ulong),
        ("max_session_count", c_ulong),
        ("session_count", c_ulong),
        ("max_rw_session_count", c_ulong),
        ("rw_session_count", c_ulong),
        ("max_pin_len", c_ulong),
        ("min_pin_len", c_ulong),
        ("total_public_memory", c_ulong),
        ("free_public_memory", c_ulong),
        ("total_private_memory", c_ulong),
        ("free_private_memory", c_ulong),
        ("hardware_version", Version),
        ("firmware_version", Version),
        ("utc_time", c_char * 16),
    )


class SessionInformation(Structure):
    """CK_SESSION_INFO."""

    _pack_ = PACK
    _fields_ = (
        ("slot", c_ulong),
        ("state", c_ulong),
        ("flags", c_ulong),
        ("device_error", c_ulong),
    )


class AttributeValue(Structure):
    """CK_ATTRIBUTE."""

    _pack_ = PACK
    _fields_ = (("type", c_ulong), ("value", c_void_p), ("length", c_ulong))


class MechanismChoice(Structure):
    """CK_MECHANISM."""

    _pack_ = PACK
    _fields_ = (("mechanism", c_ulong), ("parameter", c_void_p), ("length", c_ulong))


class PssParameters(Structure):
    """CK_RSA_PKCS_PSS_PARAMS."""

    _pack_ = PACK
    _fields_ = (("hash", c_ulong), ("mgf", c_ulong), ("salt_length", c_ulong))


_SHAPES = {
    "C_Initialize": (c_void_p,),
    "C_Finalize": (c_void_p,),
    "C_GetSlotList": (c_ubyte, c_void_p, POINTER(c_ulong)),
    "C_GetTokenInfo": (c_ulong, c_void_p),
    "C_GetMechanismList": (c_ulong, c_void_p, POINTER(c_ulong)),
    "C_OpenSession": (c_ulong, c_ulong, c_void_p, c_void_p, POINTER(c_ulong)),
    "C_CloseSession": (c_ulong,),
    "C_GetSessionInfo": (c_ulong, c_void_p),
    "C_Login": (c_ulong, c_ulong, c_void_p, c_ulong),
    "C_Logout": (c_ulong,),
    "C_GetAttributeValue": (c_ulong, c_ulong, c_void_p, c_ulong),
    "C_FindObjectsInit": (c_ulong, c_void_p, c_ulong),
    "C_FindObjects": (c_ulong, c_void_p, c_ulong, POINTER(c_ulong)),
    "C_FindObjectsFinal": (c_ulong,),
    "C_SignInit": (c_ulong, c_void_p, c_ulong),
    "C_Sign": (c_ulong, c_void_p, c_ulong, c_void_p, POINTER(c_ulong)),
}
PROTOTYPES = {name: CFUNCTYPE(c_ulong, *shape) for name, shape in _SHAPES.items()}
"""The C type of each function that we call; all of them return CK_RV."""
GET_FUNCTION_LIST = CFUNCTYPE(c_ulong, POINTER(POINTER(FunctionList)))
