"""Levels: reached at once, completed later, renewed; honest about what could not be had."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import tsp

from app.kernel.clock import SystemClock
from app.kernel.errors import Damaged, HoaBanError, Unavailable
from app.kernel.ports import HttpReply, Purpose, SignedFile, Verdict
from signing.pdf.completion import Means, PdfCompleter
from signing.trust.store import TrustStore
from sync.server.demo.authority import DemoAuthority
from tests.doubles.http import LoopbackHttp
from tests.signing.conftest import (
    AGENCY,
    MODULE,
    NAME,
    Office,
    free_port,
    plugged,
    token_folder,
)


def means(office: Office, **more: Any) -> Means:
    """Return what completing stands on, some of it changed."""
    held = {"http": office.http, "tsa": office.authority.tsa_url} | more
    return Means(office.trust, held.pop("clock", SystemClock()), **held)


def completed(office: Office, path: Path, level: str, **more: Any) -> tuple[Path, Any]:
    """Complete a file beside itself."""
    renew = more.pop("renew", False)
    target = path.with_name(f"{path.stem}-{level}{'-again' * renew}.pdf")
    done = PdfCompleter(means(office, **more)).complete(path, target, level, renew=renew)
    return target, done


def both(office: Office, letter: Path, **more: object) -> SignedFile:
    """Sign and seal a letter."""
    signed = office.sign(letter, Purpose.APPROVE, **more)
    assert signed.path
    return office.sign(signed.path, Purpose.ISSUE, **more)


def poppler_says_valid(path: Path) -> int:
    """Count the signatures that another program finds valid."""
    said = subprocess.run(
        ["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=False
    )
    return said.stdout.count("Signature is Valid")


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LT", "B-LTA"])
def test_each_level_is_reached_and_said(office: Office, letter: Path, level: str) -> None:
    signed = office.sign(letter, Purpose.APPROVE, level=level, tsa=office.authority.tsa_url)
    assert (signed.level, signed.warnings) == (level, ())
    report = office.verifier().verify(signed.path)
    assert report.verdict is Verdict.VALID
    assert len(report.signatures) == (2 if level == "B-LTA" else 1)
    assert poppler_says_valid(signed.path) >= 1
    if level == "B-B":
        assert report.signatures[0].time_source == "claimed"


def test_no_time_stamp_where_one_is_ordered_means_no_signature(
    office: Office, letter: Path
) -> None:
    for tsa in ("", "http://127.0.0.1:9/tsa"):
        with pytest.raises(Unavailable, match="timestamp_required"):
            office.sign(letter, Purpose.APPROVE, tsa=tsa, require_time=True)
    assert [p.name for p in letter.parent.iterdir()] == [letter.name]
    made = office.sign(
        letter, Purpose.APPROVE, tsa=office.authority.tsa_url, level="B-T", require_time=True
    )
    assert made.level == "B-T"


@pytest.mark.parametrize(("level", "stamps"), [("B-T", 1), ("B-LT", 1), ("B-LTA", 2)])
def test_signed_offline_is_completed_later(
    office: Office, letter: Path, level: str, stamps: int
) -> None:
    sealed = both(office, letter)
    assert sealed.level == "B-B"
    path, done = completed(office, sealed.path, level)
    assert done.levels == {"Sig_NguoiKy": level, "Sig_CoQuan": level}
    assert (done.changed, done.revoked, done.warnings) == (True, (), ())
    assert path.read_bytes().startswith(sealed.path.read_bytes())
    report = office.verifier().verify(path, offline=level != "B-T")
    assert report.verdict is Verdict.VALID
    assert sum(s.level == "DocTimeStamp" for s in report.signatures) == stamps
    assert done.stamped_at <= SystemClock().now() + timedelta(seconds=1)
    assert poppler_says_valid(path) >= 2
    again, nothing = completed(office, path, level)
    assert (nothing.changed, nothing.levels, again.exists()) == (False, done.levels, False)


def test_a_stamped_signature_needs_no_document_time_stamp(office: Office, letter: Path) -> None:
    tsa = office.authority.tsa_url
    signed = office.sign(letter, Purpose.APPROVE, tsa=tsa, level="B-T")
    path, done = completed(office, signed.path, "B-LT")
    assert done.levels == {"Sig_NguoiKy": "B-LT"}
    assert done.stamped_at is None
    assert office.verifier().verify(path, offline=True).verdict is Verdict.VALID


def test_an_archive_is_renewed_before_its_stamp_runs_out(office: Office, letter: Path) -> None:
    archived, first = completed(office, both(office, letter).path, "B-LTA")
    assert first.renew_before > SystemClock().now() + timedelta(days=300)
    renewed, second = completed(office, archived, "B-LTA", renew=True)
    assert second.changed
    assert second.stamped_at >= first.stamped_at
    report = office.verifier().verify(renewed, offline=True)
    assert sum(s.level == "DocTimeStamp" for s in report.signatures) == 3
    assert report.verdict is Verdict.VALID
    assert renewed.read_bytes().startswith(archived.read_bytes())


def test_without_status_the_time_is_kept_and_the_level_is_honest(
    office: Office, letter: Path
) -> None:
    signed = office.sign(letter, Purpose.APPROVE)
    path, done = completed(office, signed.path, "B-LT", http=Deaf("ocsp", "crls"))
    assert done.levels == {"Sig_NguoiKy": "B-T"}
    assert done.warnings == ("revocation_unavailable",)
    with pytest.raises(Unavailable, match="completion_no_status"):
        completed(office, path, "B-LT", http=Deaf("ocsp", "crls"))


class Deaf(LoopbackHttp):
    """A line on which some services give no answer."""

    def __init__(self, *services: str) -> None:
        super().__init__()
        self._services = services

    def request(self, method: str, url: str, **more: Any) -> HttpReply:
        if any(f"/{service}/" in url for service in self._services):
            raise Unavailable("no_line")
        return super().request(method, url, **more)


def _html(reply: HttpReply) -> HttpReply:
    return HttpReply(200, {}, b"<html><body>Cong thong tin (mau)</body></html>")


def _other(reply: HttpReply) -> HttpReply:
    answer = tsp.TimeStampResp.load(reply.body)
    info = answer["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed
    wanted = info["message_imprint"]["hashed_message"].native
    return HttpReply(200, {}, reply.body.replace(wanted, bytes(len(wanted))))


def _refused(reply: HttpReply) -> HttpReply:
    return HttpReply(503, {}, reply.body)


def _unsigned(reply: HttpReply) -> HttpReply:
    answer = bytearray(reply.body)
    answer[-20] ^= 1
    return HttpReply(200, {}, bytes(answer))


class Lying(LoopbackHttp):
    """A time stamp service whose answers are changed on their way."""

    def __init__(self, change: Any) -> None:
        super().__init__()
        self._change = change

    def request(self, method: str, url: str, **more: Any) -> HttpReply:
        reply = super().request(method, url, **more)
        changed: HttpReply = self._change(reply) if "/tsa/" in url else reply
        return changed


@pytest.mark.parametrize("change", [_html, _other, _refused, _unsigned])
def test_a_wrong_time_stamp_is_none(office: Office, letter: Path, change: Any) -> None:
    signed = office.sign(letter, Purpose.APPROVE)
    source, target = BytesIO(signed.path.read_bytes()), BytesIO()
    with pytest.raises(Unavailable, match="timestamp_required"):
        PdfCompleter(means(office, http=Lying(change))).complete(source, target, "B-LT")
    assert target.getvalue() == b""
    with office.signer() as signer:
        signer._http = Lying(change)
        office_job = office.job(signer, letter, Purpose.APPROVE, tsa=office.authority.tsa_url)
        from tests.signing.conftest import Pins

        made = signer.sign(office_job, Pins())
    assert (made.level, made.warnings) == ("B-B", ("timestamp_unavailable",))


def test_what_bears_no_signature_is_not_completed(office: Office, letter: Path) -> None:
    with pytest.raises(Damaged, match="completion_no_signature"):
        completed(office, letter, "B-LT")
    letter.write_bytes(b"%PDF-1.7\n")
    with pytest.raises(HoaBanError, match="pdf_damaged"):
        completed(office, letter, "B-LT")


@contextmanager
def own_authority(folder: Path) -> Iterator[Office]:
    """Yield an office whose authority may be told to revoke; it does not serve yet."""
    people, agencies = [("mau", NAME)], [("mau", AGENCY)]
    authority = DemoAuthority.create(folder / "ca", people, agencies, port=free_port())
    authority.anchors(folder / "trust")
    tokens = token_folder(folder / "hsm")
    with plugged(tokens):
        authority.load_token("person-mau", "Người ký", "4711", module=MODULE)
        yield Office(folder, authority, LoopbackHttp(), TrustStore([folder / "trust"]), tokens)


def test_revoked_since_an_unproven_signature_is_an_alarm_and_nothing_is_added(
    letter: Path, tmp_path: Path
) -> None:
    with own_authority(tmp_path / "own") as own:
        signed = own.sign(letter, Purpose.APPROVE)
        own.authority.revoke("person-mau", SystemClock().now() - timedelta(minutes=1))
        with own.authority.serve():
            target, done = completed(own, signed.path, "B-LT")
    assert done.revoked == ("Sig_NguoiKy",)
    assert done.levels == {"Sig_NguoiKy": "B-B"}
    assert (done.changed, target.exists()) == (False, False)


def test_revoked_after_a_proven_time_stays_good(letter: Path, tmp_path: Path) -> None:
    with own_authority(tmp_path / "own") as own:
        with own.authority.serve():
            tsa = own.authority.tsa_url
            signed = own.sign(letter, Purpose.APPROVE, tsa=tsa, level="B-T")
        own.authority.revoke("person-mau", SystemClock().now() + timedelta(seconds=1))
        with own.authority.serve(clock=Later()):
            _, done = completed(own, signed.path, "B-LT", clock=Later())
    assert (done.revoked, done.levels) == ((), {"Sig_NguoiKy": "B-LT"})


class Later(SystemClock):
    """A clock that is a minute ahead."""

    def now(self) -> Any:
        return super().now() + timedelta(minutes=1)
