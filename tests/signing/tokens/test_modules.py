"""Which libraries are found and which may be loaded, decided before any of their code runs."""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pip
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kernel.clock import SystemClock
from app.kernel.errors import DeviceProblem
from app.kernel.texts import resource
from signing.tokens.binary import NoLibrary, check_library, inspect
from signing.tokens.catalogue import load_catalogue
from signing.tokens.modules import Modules
from signing.tokens.signer import TokenSigner
from tests.signing.conftest import MODULE, PINS, Office

ENTRY = b"C_GetFunctionList"


def code_of(path: Path, modules: Modules | None = None) -> str:
    """Return what is said of a file before it is loaded, "" when it may be."""
    try:
        (modules.admit if modules is not None else check_library)(str(path))
    except DeviceProblem as problem:
        return problem.code
    return ""


def compiled(folder: Path, source: str, *more: str) -> Path:
    """Return a shared library made by the compiler of this system."""
    folder.mkdir(exist_ok=True)
    (folder / "made.c").write_text(source)
    made = folder / "made.so"
    command = ["cc", "-shared", "-fPIC", "-nostdlib", *more, "-o", str(made)]
    subprocess.run([*command, str(folder / "made.c")], check=True, capture_output=True)
    return made


def portable(*, wide: bool, names: Iterable[bytes] = (ENTRY,)) -> bytes:
    """Return a small Windows library: headers, one section, an export table."""
    names, base, raw = list(names), 0x1000, 0x400
    table = 40
    texts = base + table + 4 * len(names)
    addresses, text = b"", b""
    for name in names:
        addresses += struct.pack("<I", texts + len(text))
        text += name + b"\0"
    directory = struct.pack("<24xIII4x", len(names), base + table, base + table)
    body = directory[:28] + struct.pack("<II4x", base + table, base + table) + addresses + text
    optional = struct.pack("<H", 0x20B if wide else 0x10B).ljust(112 if wide else 96, b"\0")
    optional += struct.pack("<II", base, len(body)).ljust(128, b"\0")
    head = struct.pack("<HH12xHH", 0x8664 if wide else 0x14C, 1, len(optional), 0)
    section = struct.pack("<8sIIII16x", b".edata", len(body), base, len(body), raw)
    start = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40)
    return (start + b"PE\0\0" + head + optional + section).ljust(raw, b"\0") + body


def test_the_library_of_softhsm_is_one() -> None:
    found = inspect(MODULE)
    assert (found.system, found.bits, found.entry) == ("linux", 64, True)
    assert code_of(Path(MODULE)) == ""


def test_a_32_bit_library_is_named_as_such(office: Office, tmp_path: Path) -> None:
    made = compiled(tmp_path, "int C_GetFunctionList(void) { return 0; }", "-m32")
    assert code_of(made) == "token_module_32bit"
    with TokenSigner([str(made)], SystemClock(), office.trust) as signer:
        signer.tokens()
        assert signer.faults == {str(made): "token_module_32bit"}
        assert signer._devices[str(made)].helper_pid is None


def test_a_library_that_only_uses_the_entry_is_none(tmp_path: Path) -> None:
    uses = "int C_GetFunctionList(void); int other(void) { return C_GetFunctionList(); }"
    assert code_of(compiled(tmp_path / "a", uses)) == "token_module"
    gives = "int C_GetFunctionList(void) { return 0; }"
    assert code_of(compiled(tmp_path / "b", gives)) == ""


def test_another_machine_is_named(tmp_path: Path) -> None:
    data = bytearray(Path(MODULE).read_bytes())
    data[18:20] = struct.pack("<H", 183)
    other = tmp_path / "arm.so"
    other.write_bytes(data)
    assert code_of(other) == "token_module_machine"


@pytest.mark.parametrize(("wide", "bits"), [(True, 64), (False, 32)])
def test_windows_libraries_are_read_too(tmp_path: Path, wide: bool, bits: int) -> None:
    path = tmp_path / "vendor.dll"
    path.write_bytes(portable(wide=wide, names=(b"C_Finalize", ENTRY)))
    found = inspect(str(path))
    assert (found.system, found.bits, found.entry) == ("windows", bits, True)
    path.write_bytes(portable(wide=wide, names=(b"C_Finalize", b"C_GetFunctionListX")))
    assert not inspect(str(path)).entry
    assert code_of(path) == "token_module", "not of this system"


@pytest.mark.parametrize(
    ("name", "bits", "machine"),
    [("t64.exe", 64, "x86-64"), ("t32.exe", 32, "x86"), ("t64-arm.exe", 64, "arm64")],
)
def test_real_windows_files_are_read(name: str, bits: int, machine: str) -> None:
    path = Path(pip.__file__).parent / "_vendor" / "distlib" / name
    found = inspect(str(path))
    assert (found.bits, found.machine, found.entry) == (bits, machine, False)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_files_that_lie_of_themselves_are_no_libraries(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = bytearray(data.draw(st.sampled_from([portable(wide=True), portable(wide=False), ELF])))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]))
    cut = data.draw(st.integers(1, len(whole)))
    path = tmp_path_factory.getbasetemp() / "lies.so"
    path.write_bytes(whole[:cut])
    try:
        found = inspect(str(path))
    except NoLibrary:
        return
    assert found.bits in (32, 64)


def elf() -> bytes:
    """Return a small ELF file: header, one symbol, its names, three sections."""
    names = b"\0" + ENTRY + b"\0"
    symbols = bytes(24) + struct.pack("<IBBHQQ", 1, 0x12, 0, 1, 0, 0)
    start = 64
    form = "<IIQQQQIIQQ"
    tables = struct.pack(form, *(0,) * 10)
    tables += struct.pack(form, 0, 11, 0, 0, start, len(symbols), 2, 0, 8, 24)
    tables += struct.pack(form, 0, 3, 0, 0, start + len(symbols), len(names), 0, 0, 1, 0)
    place = start + len(symbols) + len(names)
    head = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    head += struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 0, place, 0, 64, 0, 0, 64, 3, 0)
    return head + symbols + names + tables


ELF = elf()


def test_the_small_elf_file_is_a_library(tmp_path: Path) -> None:
    path = tmp_path / "small.so"
    path.write_bytes(ELF)
    assert inspect(str(path)).entry


def test_an_unknown_library_is_never_loaded(office: Office, tmp_path: Path) -> None:
    copy = tmp_path / "libsofthsm2.so"
    shutil.copy(MODULE, copy)
    modules = Modules(tmp_path)
    assert code_of(Path(MODULE), modules) == ""
    assert code_of(copy, modules) == "token_module_unknown", "the name alone is not enough"
    with TokenSigner([str(copy)], SystemClock(), office.trust, admit=modules.admit) as signer:
        assert signer.tokens() == []
        assert signer.faults == {str(copy): "token_module_unknown"}


def test_an_allowed_library_is_exactly_one_file(office: Office, tmp_path: Path) -> None:
    copy = tmp_path / "other-name.so"
    shutil.copy(MODULE, copy)
    item = {"path": str(copy), "sha256": hashlib.sha256(copy.read_bytes()).hexdigest().upper()}
    allow(tmp_path, modules=[item | {"publisher": "Mẫu"}])
    modules = Modules(tmp_path)
    assert modules.known()[0] == str(copy)
    with TokenSigner([str(copy)], SystemClock(), office.trust, admit=modules.admit) as signer:
        assert len(signer.tokens()) == len(PINS)
    with copy.open("ab") as stream:
        stream.write(b"\n")
    assert code_of(copy, modules) == "token_module_changed"


def test_settings_that_others_may_write_allow_nothing(tmp_path: Path) -> None:
    item = {"path": MODULE, "sha256": hashlib.sha256(Path(MODULE).read_bytes()).hexdigest()}
    path = allow(tmp_path, modules=[item])
    path.chmod(0o666)
    modules = Modules(tmp_path)
    assert (modules.allowed, modules.skipped) == ((), True)
    path.chmod(0o644)
    assert len(Modules(tmp_path).allowed) == 1
    path.write_text("[")
    assert Modules(tmp_path).skipped


def test_the_catalogue_finds_softhsm_once() -> None:
    found = [p for p in Modules().known() if "softhsm" in p]
    assert len(found) == 1
    assert Path(found[0]).samefile(MODULE)


def allow(folder: Path, **content: object) -> Path:
    path = folder / "signing.json"
    path.write_text(json.dumps(content))
    path.chmod(0o644)
    return path


def newer(folder: Path, key: Ed25519PrivateKey, **changes: object) -> None:
    """Put a signed catalogue in a machine's folder."""
    shipped = json.loads(resource("signing", "modules.json").read_bytes())
    data = json.dumps(shipped | {"serial": 2} | changes).encode()
    (folder / "modules.json").write_bytes(data)
    (folder / "modules.json.sig").write_bytes(key.sign(data))


def test_a_newer_catalogue_counts_when_its_signature_holds(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    newer(tmp_path, key)
    assert load_catalogue(tmp_path, [public]).serial == 2
    assert load_catalogue(tmp_path).serial == 1, "nobody's key"
    other = Ed25519PrivateKey.generate().public_key()
    raw = other.public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert load_catalogue(tmp_path, [b"short", raw]).serial == 1
    with (tmp_path / "modules.json").open("ab") as stream:
        stream.write(b" ")
    assert load_catalogue(tmp_path, [public]).serial == 1, "changed afterwards"
    newer(tmp_path, key, serial=0)
    assert load_catalogue(tmp_path, [public]).serial == 1, "older"
    newer(tmp_path, key, vendors=[{}])
    assert load_catalogue(tmp_path, [public]).serial == 1, "signed nonsense"


def test_a_newer_catalogue_brings_folders_of_its_own(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    shutil.copy(MODULE, tmp_path / "new-vendor_v3.so")
    vendor = {"name": "Mới", "windows": [], "linux": ["new-vendor_v*.so"], "providers": ["mới"]}
    folders = {"linux": [str(tmp_path)], "windows": []}
    newer(tmp_path, key, vendors=[vendor], folders=folders)
    allow(tmp_path, catalogue_keys=[public.hex(), "zz"])
    modules = Modules(tmp_path)
    assert modules.known() == [str(tmp_path / "new-vendor_v3.so")]
    assert code_of(tmp_path / "new-vendor_v3.so", modules) == ""


def test_a_provider_in_the_registry_leads_to_its_library(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    shutil.copy(MODULE, tmp_path / "odd_v9.so")
    newer(tmp_path, key, folders={"linux": [str(tmp_path)], "windows": []})
    catalogue = load_catalogue(tmp_path, [public])
    asked = []

    def registry(path: str, value: str) -> list[tuple[str, str]]:
        asked.append((path, value))
        return [
            ("VNPT-CA v9 CSP", r"C:\Windows\System32\odd_v9_s.so"),
            ("Somebody else", r"C:\Windows\System32\small_s.so"),
            ("VNPT elsewhere", r"C:\Temp\missing_s.so"),
        ]

    assert catalogue.existing(registry) == [tmp_path / "odd_v9.so"]
    assert ("SOFTWARE\\Microsoft\\Cryptography\\Defaults\\Provider", "Image Path") in asked
    assert catalogue.existing() == []
