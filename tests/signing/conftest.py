"""A real SoftHSM2, a real demonstration authority, and small documents in the decree's layout."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import typst

from app.kernel.clock import SystemClock
from app.kernel.ports import CertificateInfo, Purpose, SignedFile, Signer, SignJob, TokenInfo
from signing.checking.verify import PdfVerifier
from signing.pdf.appearance import demo_seal, demo_signature
from signing.tokens.signer import TokenSigner
from signing.trust.store import TrustStore
from signing.work.signer import WorkerSigner
from signing.work.worker import Workers
from sync.server.demo.authority import DemoAuthority
from tests.doubles.http import LoopbackHttp

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PINS = {"Người ký": "4711", "Cơ quan": "080915"}
NAME, TITLE, AGENCY = "Lò Văn Mẫu", "CHỦ TỊCH", "UBND xã Mẫu"
FONTS = Path(__file__).parents[2] / "resources" / "fonts"


@dataclass
class Pins:
    """Answer with the right PINs, or with a given one; `asked` names the tokens."""

    value: str = ""
    asked: list[str] = field(default_factory=list)

    def pin(self, token: TokenInfo, _certificate: CertificateInfo, _purpose: str) -> bytearray:
        """Return a PIN."""
        self.asked.append(token.label)
        return bytearray((self.value or PINS[token.label]).encode())


class Kept(Workers):
    """Workers that many signers use one after the other; only the last of all ends them."""

    def close(self) -> None:
        """Stay: a worker takes a second to start."""

    def end(self) -> None:
        """End every process."""
        super().close()


@dataclass
class Office:
    """Everything that a test needs to sign and check."""

    folder: Path
    authority: DemoAuthority
    http: LoopbackHttp
    trust: TrustStore
    tokens: Path
    """The settings of SoftHSM2 that name the folder of its tokens."""
    workers: Workers | None = None

    def keys(self) -> TokenSigner:
        """Return the keys of SoftHSM2."""
        return TokenSigner([MODULE], SystemClock(), self.trust, 20.0)

    def signer(self, keys: TokenSigner | None = None) -> WorkerSigner:
        """Return a signer over SoftHSM2, or over other keys."""
        workers = self.workers or Workers(self.trust.sources)
        return WorkerSigner(keys or self.keys(), workers, SystemClock(), self.http)

    def verifier(self, *, trust: TrustStore | None = None) -> PdfVerifier:
        """Return a verifier that trusts the demonstration authority."""
        return PdfVerifier(trust or self.trust, SystemClock(), self.http)

    def sign(self, source: Path, purpose: Purpose, **more: object) -> SignedFile:
        """Sign as the person or, for every other purpose, as the agency."""
        with plugged(self.tokens), self.signer() as signer:
            return signer.sign(self.job(signer, source, purpose, **more), Pins())

    def job(self, signer: Signer, source: Path, purpose: Purpose, **more: object) -> SignJob:
        """Return a job with the picture that belongs to its purpose."""
        label = "Người ký" if purpose is Purpose.APPROVE else "Cơ quan"
        chosen = next(c for c in signer.certificates() if c.token.label == label)
        values: dict[str, object] = {"signer_name": NAME, "signer_title": TITLE}
        if purpose is Purpose.APPROVE:
            values["image"] = demo_signature(NAME)
        if purpose is Purpose.ISSUE:
            values["image"] = demo_seal(AGENCY)
        target = source.with_name(f"{source.stem}-{purpose.value}.pdf")
        return SignJob(source, target, purpose, chosen, **(values | more))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def shared_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One authority and its two tokens for all tests that do not harm them.

    Its tokens are plugged in by `office`, for each test anew, and while it signs: there may be
    several of these in one run, and other tokens between them.
    """
    folder = tmp_path_factory.mktemp("office")
    tokens = token_folder(folder)
    people, agencies = [("mau", NAME)], [("mau", AGENCY)]
    authority = DemoAuthority.create(folder / "ca", people, agencies, port=free_port())
    authority.anchors(folder / "trust")
    with plugged(tokens):
        for holder, label in (("person-mau", "Người ký"), ("agency-mau", "Cơ quan")):
            authority.load_token(holder, label, PINS[label], module=MODULE)
    trust, workers = TrustStore([folder / "trust"]), Kept([folder / "trust"])
    with authority.serve():
        yield Office(folder, authority, LoopbackHttp(), trust, tokens, workers)
    workers.end()


@pytest.fixture
def office(shared_office: Office) -> Iterator[Office]:
    """The shared office with its tokens plugged in and an empty list of addresses."""
    shared_office.http.asked.clear()
    with plugged(shared_office.tokens):
        yield shared_office


@pytest.fixture
def own_office(office: Office, tmp_path: Path) -> Iterator[Office]:
    """An office with a token of its own, which a test may lock or pull."""
    own = replace(office, tokens=token_folder(tmp_path / "own"))
    with plugged(own.tokens):
        own.authority.load_token("person-mau", "Người ký", "4711", module=MODULE)
        yield own


@contextmanager
def plugged(settings: Path) -> Iterator[None]:
    """Let SoftHSM2 have the tokens that its settings name, while the block runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(settings))
        yield


def token_folder(folder: Path) -> Path:
    """Make a folder for tokens; returns the settings that name it."""
    tokens = folder / "tokens"
    tokens.mkdir(parents=True)
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\n")
    return settings


def use_tokens(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Let SoftHSM2 keep its tokens in a folder."""
    patch.setenv("SOFTHSM2_CONF", str(token_folder(folder)))


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def typeset(body: str) -> bytes:
    """Return a PDF."""
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(FONTS)])
    source = f'#set text(font: "Liberation Serif", size: 13pt)\n{body}'
    return bytes(typst.compile(source.encode(), font_paths=fonts))


LETTER = f"""#set page(paper: "a4")
Số: 05/QĐ-UBND
#v(10pt)
Theo đề nghị của ông {NAME}, nội dung văn bản mẫu.
#v(380pt)
#grid(columns: (1fr, 1fr), [*Nơi nhận:*\\ - {NAME};\\ - Lưu: VT.],
  align(center)[*{TITLE}* #v(80pt) *{NAME}*])
"""


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    """A letter whose signer's name stands in the text and in the list of recipients too."""
    path = tmp_path / "letter.pdf"
    path.write_bytes(typeset(LETTER))
    return path
