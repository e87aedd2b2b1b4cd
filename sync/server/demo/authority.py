"""A demonstration certificate authority: root, issuing CA, people, agencies, TSA, OCSP, CRL.

Made with certomancer, an optional extra that the product does not need. All names say MẪU.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.kernel.clock import Clock, SystemClock
from signing.tokens.provision import put_certificate
from sync.server.demo.keysonce import read_keys_once

if TYPE_CHECKING:
    from certomancer.registry import PKIArchitecture

SAMPLE = "MẪU"
_PLAN = "authority.json"
_ARCH = "hoa-ban-demo"
_LIFE = timedelta(days=5 * 365)


@dataclass(frozen=True, slots=True)
class DemoAuthority:
    """A demonstration authority in a folder; a later start serves the same keys and names."""

    folder: Path

    @classmethod
    def create(
        cls,
        folder: Path,
        people: Sequence[tuple[str, str]],
        agencies: Sequence[tuple[str, str]],
        *,
        port: int = 8790,
        clock: Clock | None = None,
    ) -> DemoAuthority:
        """Make an authority for people (login, name) and agencies (code, name), or open it.

        The port is where `serve` listens: it is written into every certificate.
        """
        if not (folder / _PLAN).exists():
            folder.mkdir(parents=True, exist_ok=True)
            now = (clock or SystemClock()).now()
            plan = _plan(people, agencies, port, now)
            for label in plan["keysets"]["keys"]["keys"]:
                _make_key(folder / f"{label}.key.pem")
            text = json.dumps(plan, ensure_ascii=False, indent=1)
            (folder / _PLAN).write_text(text, encoding="utf-8")
        return cls(folder)

    @property
    def plan(self) -> dict[str, Any]:
        """Return the configuration as it was made."""
        loaded: dict[str, Any] = json.loads(self._text)
        return loaded

    @property
    def _text(self) -> str:
        return (self.folder / _PLAN).read_text(encoding="utf-8")

    @property
    def port(self) -> int:
        """Return the port that the certificates name."""
        return int(str(self.plan["external-url-prefix"]).rsplit(":", 1)[1])

    @property
    def tsa_url(self) -> str:
        """Return the address of the time stamping authority."""
        return f"{self.plan['external-url-prefix']}/{_ARCH}/tsa/tsa"

    def certificate(self, label: str) -> bytes:
        """Return a certificate (DER): root, ca, tsa, ocsp, person-LOGIN or agency-CODE."""
        return _certificate_of(self.folder, self._text, label)

    def anchors(self, folder: Path) -> list[Path]:
        """Write root and issuing CA as PEM files for a trust store; returns them."""
        from asn1crypto import pem  # type: ignore[import-untyped]

        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for label in ("root", "ca"):
            path = folder / f"demo-{label}.pem"
            path.write_bytes(pem.armor("CERTIFICATE", self.certificate(label)))
            written.append(path)
        return written

    def load_token(
        self, holder: str, token: str, pin: str, *, module: str, so_pin: str = "87654321"
    ) -> None:
        """Put the key and certificate of a holder on a new SoftHSM2 token.

        `holder` is `person-LOGIN` or `agency-CODE`; SOFTHSM2_CONF says where tokens lie.
        """
        key = self.folder / f"{holder}.key.pem"
        certificate = self.certificate(holder)
        key_id = os.urandom(8).hex()
        _softhsm("--init-token", "--free", "--label", token, "--so-pin", so_pin, "--pin", pin)
        _softhsm(
            *("--import", str(key), "--token", token, "--label", holder),
            *("--id", key_id, "--pin", pin),
        )
        put_certificate(module, token, pin, bytes.fromhex(key_id), holder, certificate)

    def revoke(self, label: str, at: datetime) -> None:
        """Revoke a certificate from a time on; a running server tells it after a restart."""
        plan = self.plan
        certificate = plan["pki-architectures"][_ARCH]["certs"][label]
        certificate["revocation"] = {"revoked-since": at.isoformat(), "reason": "key_compromise"}
        text = json.dumps(plan, ensure_ascii=False, indent=1)
        (self.folder / _PLAN).write_text(text, encoding="utf-8")

    @contextmanager
    def serve(self, port: int | None = None, clock: Clock | None = None) -> Iterator[str]:
        """Serve TSA, OCSP and CRL on loopback from a thread; yields the address."""
        answers = _Answers(self._open(), clock or SystemClock())
        server = ThreadingHTTPServer(("127.0.0.1", port or self.port), _handler(answers))
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _open(self) -> PKIArchitecture:
        return _architecture(self.folder, self._text)


def _architecture(folder: Path, plan: str) -> PKIArchitecture:
    from certomancer.registry import ArchLabel, CertomancerConfig

    read_keys_once()
    config = CertomancerConfig(json.loads(plan), key_search_dir=str(folder), lazy_load_keys=True)
    return config.get_pki_arch(ArchLabel(_ARCH))


# Opening an architecture, and reading its keys, takes longer than a signature. A server in a
# thread opens its own, because certomancer's caches know no threads.
_architecture_kept = lru_cache(maxsize=4)(_architecture)


@lru_cache(maxsize=256)
def _certificate_of(folder: Path, plan: str, label: str) -> bytes:
    from certomancer.registry import CertLabel

    certificate: bytes = _architecture_kept(folder, plan).get_cert(CertLabel(label)).dump()
    return certificate


@dataclass
class _Answers:
    """What the three services answer."""

    authority: PKIArchitecture
    clock: Clock

    @cached_property
    def lock(self) -> threading.Lock:
        """Serialise: certomancer's caches know no threads."""
        return threading.Lock()

    def answer(self, path: str, body: bytes) -> tuple[bytes, str] | None:
        """Return body and media type, or None for an unknown path."""
        from asn1crypto import ocsp, tsp
        from certomancer.registry import ServiceLabel

        services, now = self.authority.service_registry, self.clock.now()
        _, _, service, label, *_ = [*path.split("/"), "", "", ""]
        with self.lock:
            match service:
                case "ocsp":
                    responder = services.summon_responder(ServiceLabel(label), now)
                    reply = responder.build_ocsp_response(ocsp.OCSPRequest.load(body))
                    return reply.dump(), "application/ocsp-response"
                case "tsa":
                    stamper = services.summon_timestamper(ServiceLabel(label), now)
                    stamp = stamper.request_tsa_response(tsp.TimeStampReq.load(body))
                    return stamp.dump(), "application/timestamp-reply"
                case "crls":
                    revoked = services.get_crl(ServiceLabel(label), now)
                    return revoked.dump(), "application/pkix-crl"
                case _:
                    return None


def _handler(answers: _Answers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            length = min(int(self.headers.get("Content-Length", "0")), 1 << 20)
            self._answer(self.rfile.read(length))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - their name
            """Keep still: a demonstration needs no access log."""

        def _answer(self, body: bytes) -> None:
            found = answers.answer(self.path, body)
            data, kind = found or (b"", "text/plain")
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            # Whoever asked may have waited long enough and gone
            with suppress(ConnectionError):
                self.wfile.write(data)

    return Handler


def _plan(
    people: Sequence[tuple[str, str]],
    agencies: Sequence[tuple[str, str]],
    port: int,
    now: datetime,
) -> dict[str, Any]:
    holders = {f"person-{login}": name for login, name in people}
    holders |= {f"agency-{code}": name for code, name in agencies}
    entities = {
        "root": f"Cơ quan chứng thực số gốc ({SAMPLE})",
        "ca": f"Cơ quan chứng thực số trình diễn ({SAMPLE})",
        "tsa": f"Dịch vụ cấp dấu thời gian ({SAMPLE})",
        "ocsp": f"Dịch vụ trạng thái chứng thư ({SAMPLE})",
    } | {label: _sample(name) for label, name in holders.items()}
    certificates = _service_certificates(now) | {
        label: _end_certificate(label, "ca", now) for label in holders
    }
    return {
        "external-url-prefix": f"http://127.0.0.1:{port}",
        "keysets": {"keys": {"keys": {k: {"path": f"{k}.key.pem"} for k in entities}}},
        "pki-architectures": {
            _ARCH: {
                "keyset": "keys",
                "entity-defaults": {
                    "country-name": "VN",
                    "organization-name": f"Tỉnh Điện Biên ({SAMPLE})",
                },
                "entities": {k: {"common-name": v} for k, v in entities.items()},
                "certs": certificates,
                "services": _services(),
            }
        },
    }


def _services() -> dict[str, Any]:
    week = "P7D"
    return {
        "ocsp": {"ocsp": {"for-issuer": "ca", "responder-cert": "ocsp", "signing-key": "ocsp"}},
        "crl-repo": {
            label: {
                "for-issuer": label,
                "signing-key": label,
                "simulated-update-schedule": week,
            }
            for label in ("root", "ca")
        },
        "time-stamping": {"tsa": {"signing-key": "tsa", "signing-cert": "tsa"}},
    }


def _service_certificates(now: datetime) -> dict[str, Any]:
    ca = [
        {"id": "basic_constraints", "critical": True, "value": {"ca": True}},
        _usage("digital_signature", "key_cert_sign", "crl_sign"),
    ]
    root = _certificate("root", "root", now, ca, years=20)
    issuing = _certificate("ca", "root", now, [*ca, _crl("root")], years=10)
    stamping = {"id": "extended_key_usage", "critical": True, "value": ["time_stamping"]}
    answering = {"id": "extended_key_usage", "value": ["ocsp_signing"]}
    tsa = [_usage("digital_signature"), stamping, _crl("ca"), _ocsp()]
    unchecked = {"id": "ocsp_no_check", "value": None}
    return {
        "root": root,
        "ca": issuing,
        "tsa": _certificate("tsa", "ca", now, tsa),
        "ocsp": _certificate(
            "ocsp", "ca", now, [_usage("digital_signature"), answering, unchecked]
        ),
    }


def _end_certificate(label: str, issuer: str, now: datetime) -> dict[str, Any]:
    usage = _usage("digital_signature", "non_repudiation")
    return _certificate(label, issuer, now, [usage, _crl(issuer), _ocsp()])


def _certificate(
    label: str, issuer: str, now: datetime, extensions: list[dict[str, Any]], years: int = 0
) -> dict[str, Any]:
    start = now.astimezone(UTC).replace(microsecond=0) - timedelta(days=30)
    life = timedelta(days=365 * years) if years else _LIFE
    return {
        "subject": label,
        "subject-key": label,
        "issuer": issuer,
        "authority-key": issuer,
        "validity": {"valid-from": start.isoformat(), "valid-to": (start + life).isoformat()},
        "extensions": extensions,
    }


def _usage(*names: str) -> dict[str, Any]:
    value = {"schema": "key-usage", "params": list(names)}
    return {"id": "key_usage", "critical": True, "smart-value": value}


def _crl(repository: str) -> dict[str, Any]:
    value = {"schema": "crl-dist-url", "params": {"crl-repo-names": [repository]}}
    return {"id": "crl_distribution_points", "smart-value": value}


def _ocsp() -> dict[str, Any]:
    value = {"schema": "aia-urls", "params": {"ocsp-responder-names": ["ocsp"]}}
    return {"id": "authority_information_access", "smart-value": value}


def _sample(name: str) -> str:
    return name if SAMPLE in name.upper() else f"{name} ({SAMPLE})"


def _make_key(path: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoded = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as sink:
        sink.write(encoded)


def _softhsm(*arguments: str) -> None:
    subprocess.run(["softhsm2-util", *arguments], check=True, capture_output=True)
