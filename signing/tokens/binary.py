"""Look into a library's file without loading it: format, machine, word size, exported names.

ELF by the System V ABI, PE by Microsoft's "PE Format". Every read is bounded, so a file that
lies about itself costs nothing; it is then no library for us.
"""

from __future__ import annotations

import mmap
import os
import platform
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

from app.kernel.errors import DeviceProblem

ENTRY = "C_GetFunctionList"
_MAX_NAMES = 1 << 16
_MAX_TABLES = 1 << 10
_MAX_NAME = 256

_ELF_MACHINES = {3: "x86", 62: "x86-64", 40: "arm", 183: "arm64"}
_PE_MACHINES = {0x14C: "x86", 0x8664: "x86-64", 0x1C4: "arm", 0xAA64: "arm64"}
_OWN_NAMES = {"amd64": "x86-64", "x86_64": "x86-64", "aarch64": "arm64", "i686": "x86"}

_DYNAMIC_SYMBOLS = 11  # SHT_DYNSYM
_PE32_PLUS = 0x20B


class NoLibrary(Exception):
    """Say that a file is neither ELF nor PE, or is broken; never leaves `signing.tokens`."""


@dataclass(frozen=True, slots=True)
class Binary:
    """What a file says of itself."""

    system: str
    bits: int
    machine: str
    entry: bool


def check_library(path: str) -> None:
    """Refuse what this program cannot load as a PKCS#11 library.

    Raises `DeviceProblem`: token_module_missing, token_module_32bit, token_module_machine,
    token_module for anything that is no such library.
    """
    try:
        found = inspect(path)
    except OSError as problem:
        raise DeviceProblem("token_module_missing", "module") from problem
    except NoLibrary as problem:
        raise DeviceProblem("token_module", "module") from problem
    if found.system != ("windows" if sys.platform == "win32" else "linux") or not found.entry:
        raise DeviceProblem("token_module", "module")
    own = platform.machine().lower()
    if found.bits != struct.calcsize("P") * 8:
        raise DeviceProblem("token_module_32bit", "module")
    if found.machine != _OWN_NAMES.get(own, own):
        raise DeviceProblem("token_module_machine", "module")


def inspect(path: str) -> Binary:
    """Return what a library's file says of itself; raises `NoLibrary` and `OSError`."""
    with Path(path).open("rb") as stream:
        if not os.fstat(stream.fileno()).st_size:
            raise NoLibrary("empty")
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                return _inspect(data)
            except (struct.error, IndexError, ValueError, OverflowError) as problem:
                raise NoLibrary("broken") from problem


def _inspect(data: mmap.mmap) -> Binary:
    if data[:4] == b"\x7fELF":
        return _elf(data)
    if data[:2] == b"MZ":
        return _portable(data)
    raise NoLibrary("format")


def _elf(data: mmap.mmap) -> Binary:
    wide, order = data[4] == 2, "<" if data[5] == 1 else ">"
    (machine,) = struct.unpack_from(order + "H", data, 18)
    bits, name = (64 if wide else 32), _ELF_MACHINES.get(machine, str(machine))
    (sections,) = struct.unpack_from(order + ("Q" if wide else "I"), data, 40 if wide else 32)
    size, count = struct.unpack_from(order + "HH", data, 58 if wide else 46)
    form = order + ("IIQQQQIIQQ" if wide else "IIIIIIIIII")
    tables = [
        struct.unpack_from(form, data, sections + place * size)
        for place in range(min(count, _MAX_TABLES))
    ]
    for table in tables:
        if table[1] == _DYNAMIC_SYMBOLS and table[6] < len(tables):
            entry = _elf_exports(data, order, table, tables[table[6]], wide=wide)
            return Binary("linux", bits, name, entry)
    return Binary("linux", bits, name, entry=False)


def _elf_exports(
    data: mmap.mmap, order: str, table: tuple[int, ...], names: tuple[int, ...], *, wide: bool
) -> bool:
    """Tell whether the symbols define the entry; an undefined one is only used."""
    form, step = (order + "IBBHQQ", 24) if wide else (order + "IIIBBH", 16)
    for place in range(min(table[5] // step, _MAX_NAMES)):
        symbol = struct.unpack_from(form, data, table[4] + place * step)
        section = symbol[3] if wide else symbol[5]
        if section and _name(data, names[4] + symbol[0]) == ENTRY:
            return True
    return False


def _portable(data: mmap.mmap) -> Binary:
    (head,) = struct.unpack_from("<I", data, 0x3C)
    if data[head : head + 4] != b"PE\0\0":
        raise NoLibrary("format")
    machine, sections = struct.unpack_from("<HH", data, head + 4)
    (optional_size,) = struct.unpack_from("<H", data, head + 20)
    optional = head + 24
    (magic,) = struct.unpack_from("<H", data, optional)
    wide = magic == _PE32_PLUS
    (exports,) = struct.unpack_from("<I", data, optional + (112 if wide else 96))
    table = optional + optional_size
    spans = [
        struct.unpack_from("<IIII", data, table + place * 40 + 8)
        for place in range(min(sections, _MAX_TABLES))
    ]
    name = _PE_MACHINES.get(machine, str(machine))
    entry = bool(exports) and _portable_exports(data, exports, spans)
    return Binary("windows", 64 if wide else 32, name, entry)


def _portable_exports(data: mmap.mmap, exports: int, spans: list[tuple[int, ...]]) -> bool:
    def place(address: int) -> int:
        for virtual_size, virtual, raw_size, raw in spans:
            if virtual <= address < virtual + max(virtual_size, raw_size):
                return address - virtual + raw
        raise NoLibrary("address")

    directory = place(exports)
    count, _, names = struct.unpack_from("<III", data, directory + 24)
    for number in range(min(count, _MAX_NAMES)):
        (address,) = struct.unpack_from("<I", data, place(names + 4 * number))
        if _name(data, place(address)) == ENTRY:
            return True
    return False


def _name(data: mmap.mmap, start: int) -> str:
    return data[start : start + _MAX_NAME].split(b"\0")[0].decode("ascii", "replace")
