"""Read a desk's folder as a thief with the key would: every page decrypted, free ones too."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PAGE, SALT, RESERVE, IV = 4096, 16, 80, 16
_WAL_HEADER, _FRAME_HEADER = 32, 24


def everything(folder: Path, key: bytes) -> bytes:
    """Return all that lies in a folder: names, raw bytes, and database pages decrypted.

    Pages are taken as they lie in the file and in the log, so what is free, unlinked or
    superseded there counts as well.
    """
    found: list[bytes] = []
    for path in sorted(folder.rglob("*")):
        found.append(path.name.encode())
        if not path.is_file():
            continue
        data = path.read_bytes()
        found.append(data)
        if path.name.endswith("-wal"):
            found += _log(data, key)
        elif ".db" in path.name and not path.name.endswith("-shm"):
            found += [_page(data[at : at + PAGE], key, first=at == 0) for at in _steps(len(data))]
    return b"\0".join(found)


def _steps(size: int) -> range:
    return range(0, size - PAGE + 1, PAGE)


def _log(data: bytes, key: bytes) -> list[bytes]:
    pages: list[bytes] = []
    step = _FRAME_HEADER + PAGE
    for at in range(_WAL_HEADER, len(data) - step + 1, step):
        number = int.from_bytes(data[at : at + 4], "big")
        page = data[at + _FRAME_HEADER : at + step]
        pages.append(_page(page, key, first=number == 1))
    return pages


def _page(page: bytes, key: bytes, *, first: bool) -> bytes:
    """Decrypt a page of SQLCipher: AES-256-CBC, its IV in the reserve at the end."""
    end = PAGE - RESERVE
    cipher = Cipher(algorithms.AES(key), modes.CBC(page[end : end + IV])).decryptor()
    return cipher.update(page[SALT if first else 0 : end])
