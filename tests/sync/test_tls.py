"""TLS as the server speaks it, and what is said of its certificate before desks are turned away."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from app.kernel.clock import SystemClock
from app.kernel.errors import Damaged
from sync.server import tls
from sync.server.__main__ import main
from sync.server.demo.province import free_port
from tests.prove.tls import authority

PROGRAM = (sys.executable, "-m", "sync.server", "serve", "--end-with-stdin")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    root, chain, key = authority(tmp_path_factory.mktemp("tls"))
    key.chmod(0o600)
    return root, chain, key


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, files: tuple[Path, Path, Path]) -> Iterator[int]:
    folder, free = tmp_path_factory.mktemp("served"), free_port()
    _, chain, key = files
    where = ("--database", f"sqlite:///{folder / 's.db'}", "--files", str(folder / "files"))
    secured = ("--tls-cert", str(chain), "--tls-key", str(key), "--port", str(free))
    with subprocess.Popen((*PROGRAM, *where, *secured), stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        while process.poll() is None:
            with closing(socket.socket()) as tried:
                if tried.connect_ex(("127.0.0.1", free)) == 0:
                    break
        yield free
        process.stdin.close()
        assert process.wait(30) == 0


def spoken(port: int, root: Path, offered: ssl.SSLContext) -> tuple[str, str, str]:
    offered.load_verify_locations(root)
    with (
        socket.create_connection(("127.0.0.1", port)) as raw,
        offered.wrap_socket(raw, server_hostname="localhost") as secured,
    ):
        secured.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        said = b"".join(iter(lambda: secured.recv(65536), b"")).decode()
        cipher = secured.cipher()
        assert cipher is not None
        return secured.version() or "", cipher[0], said


def test_what_is_spoken_is_new_sealed_and_forgets_its_keys(
    port: int, files: tuple[Path, Path, Path]
) -> None:
    version, _, said = spoken(port, files[0], ssl.create_default_context())
    assert version == "TLSv1.3"
    assert "\nhoaban_certificate_days 364\n" in said
    assert "strict-transport-security" in said.lower()
    older = ssl.create_default_context()
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    version, cipher, _ = spoken(port, files[0], older)
    assert (version, cipher[:5]) == ("TLSv1.2", "ECDHE")
    assert "GCM" in cipher or "CHACHA20" in cipher


def test_an_old_version_is_turned_away(port: int, files: tuple[Path, Path, Path]) -> None:
    asked = ssl.create_default_context()
    asked.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        asked.minimum_version = asked.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        spoken(port, files[0], asked)


def test_a_cipher_that_keeps_its_keys_is_turned_away(
    port: int, files: tuple[Path, Path, Path]
) -> None:
    asked = ssl.create_default_context()
    asked.maximum_version = ssl.TLSVersion.TLSv1_2
    asked.set_ciphers("AES128-GCM-SHA256:AES128-SHA:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        spoken(port, files[0], asked)


def test_what_should_be_mended_is_found(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    (root, chain, key), now = files, SystemClock().now()
    assert list(tls.findings(chain, key, now)) == []
    assert tls.days_left(chain, now) == 364

    def found(certificate: Path, own: Path = key, days: int = 0) -> list[str]:
        return [f.check for f in tls.findings(certificate, own, now + timedelta(days=days))]

    assert found(chain, days=340) == ["ends_soon"]
    assert found(chain, days=366) == ["ended"]
    assert found(chain, days=-400) == ["not_yet"]
    assert found(root) == ["key_differs"]
    leaf, middle = chain.read_text().split("-----END CERTIFICATE-----\n", 1)
    alone, turned = tmp_path / "alone.pem", tmp_path / "turned.pem"
    alone.write_text(leaf + "-----END CERTIFICATE-----\n")
    turned.write_text(alone.read_text() + root.read_text() + middle)
    assert found(alone) == ["chain_alone"]
    assert found(turned) == ["chain_order"]
    opened = tmp_path / "key.pem"
    opened.write_bytes(key.read_bytes())
    opened.chmod(0o644)
    assert found(chain, opened) == ["key_open_to_others"]


def test_files_that_are_none_are_told(
    files: tuple[Path, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, chain, key = files
    for certificate, own in ((tmp_path / "none", key), (chain, chain), (key, key)):
        with pytest.raises(Damaged, match=r"server\.tls"):
            tls.context(certificate, own)
        assert main(["tls", "--tls-cert", str(certificate), "--tls-key", str(own), "--json"]) == 1
    capsys.readouterr()
    assert main(["tls", "--tls-cert", str(chain), "--tls-key", str(key), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"days": 364, "findings": []}
