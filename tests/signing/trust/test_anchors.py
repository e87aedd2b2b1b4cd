"""Signed lists of anchors: what they grant, and that nothing unsound grants anything."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.kernel.clock import SystemClock
from app.kernel.errors import Damaged
from app.kernel.ports import Purpose, Verdict
from signing.trust.anchors import ANY, SIGNING, STAMPING, Anchor, ListPlace, written
from signing.trust.certificates import accepted
from signing.trust.store import TrustStore
from signing.work.verifier import WorkerVerifier
from signing.work.worker import Workers
from tests.signing.conftest import Office

DAY = timedelta(days=1)
KEY = Ed25519PrivateKey.generate()


def public(key: Ed25519PrivateKey) -> bytes:
    """Return the public half as it stands in settings."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def put(folder: Path, data: bytes, key: Ed25519PrivateKey = KEY) -> ListPlace:
    """Write a list and its signature; return the place that trusts the usual key."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "anchors.json").write_bytes(data)
    (folder / "anchors.json.sig").write_bytes(key.sign(data))
    return ListPlace(folder, (public(KEY),))


def listed(office: Office, serial: int = 1, **bounds: object) -> bytes:
    """Return a list of all that the office's authority consists of."""
    return written(serial, [Anchor(c, "Mẫu", **bounds) for c in office.trust.certificates])  # type: ignore[arg-type]


def code_of(place: ListPlace) -> str:
    """Return why a store takes nothing from a list, "" where it does."""
    store = TrustStore([place])
    assert bool(store.anchors) != bool(store.problems)
    assert (store.roots, store.links) == ([], []) or not store.problems
    return store.problems[0].code if store.problems else ""


def test_a_signed_list_is_trusted_and_what_lies_beside_it_is_not(
    office: Office, tmp_path: Path
) -> None:
    place = put(tmp_path, written(3, [Anchor(office.trust.roots[0], "Gốc")]))
    for path in (office.folder / "trust").iterdir():
        shutil.copy(path, tmp_path)
    store = TrustStore([place])
    assert [a.name for a in store.anchors] == ["Gốc"]
    assert (len(store.roots), store.links) == (1, [])
    assert store.problems == []
    assert place.read().serial == 3
    assert len(TrustStore([tmp_path]).certificates) > 1, "a folder chosen expressly is plain"


def _append(folder: Path) -> None:
    with (folder / "anchors.json").open("ab") as stream:
        stream.write(b" ")


def _other_key(folder: Path) -> None:
    data = (folder / "anchors.json").read_bytes()
    (folder / "anchors.json.sig").write_bytes(Ed25519PrivateKey.generate().sign(data))


BROKEN: dict[str, Callable[[Path], object]] = {
    "changed afterwards": _append,
    "another key": _other_key,
    "no signature": lambda folder: (folder / "anchors.json.sig").unlink(),
    "a short signature": lambda folder: (folder / "anchors.json.sig").write_bytes(b"x"),
}


@pytest.mark.parametrize("way", BROKEN)
def test_a_list_without_its_signature_gives_no_trust(
    office: Office, tmp_path: Path, way: str
) -> None:
    place = put(tmp_path, listed(office))
    assert code_of(place) == ""
    BROKEN[way](tmp_path)
    assert code_of(place) == "trust_list_signature"


def test_an_older_list_gives_no_trust(office: Office, tmp_path: Path) -> None:
    place = put(tmp_path, listed(office, 4))
    for least, code in ((0, ""), (4, ""), (5, "trust_list_older")):
        assert code_of(ListPlace(tmp_path, place.keys, least)) == code
    # Nor does an empty one hide that there was a list: it bears no number without a signature.
    (tmp_path / "anchors.json").write_bytes(written(9, []))
    with pytest.raises(Damaged) as told:
        ListPlace(tmp_path, place.keys, 4).read()
    assert told.value.code == "trust_list_older"


def test_an_empty_list_needs_no_signature_and_a_missing_one_is_no_fault(tmp_path: Path) -> None:
    assert ListPlace(tmp_path / "none").read().anchors == ()
    (tmp_path / "anchors.json").write_bytes(written(7, []))
    assert (ListPlace(tmp_path).read().serial, TrustStore([ListPlace(tmp_path)]).problems) == (
        0,
        [],
    )


@pytest.mark.parametrize(
    "change",
    [
        {"serial": "x"},
        {"anchors": [{}]},
        {"anchors": None},
        {"purpose": "everything"},
        {"since": "2026-01-01T00:00:00"},
        {"certificate": "MAA="},
        {"certificate": "?"},
    ],
)
def test_signed_nonsense_gives_no_trust(
    office: Office, tmp_path: Path, change: dict[str, object]
) -> None:
    read = json.loads(listed(office))
    if set(change) & set(read):
        read |= change
    else:
        read["anchors"][-1] |= change
    for data in (json.dumps(read).encode(), b"[]", b"{"):
        assert code_of(put(tmp_path, data)) == "trust_list_unreadable"


def test_bounds_say_for_what_and_when_an_anchor_counts(office: Office, tmp_path: Path) -> None:
    now = SystemClock().now()
    store = TrustStore(
        [put(tmp_path, listed(office, purpose=SIGNING, since=now - DAY, until=now + DAY))]
    )
    assert store.roots_for(SIGNING, now)
    assert not store.roots_for(STAMPING, now)
    assert not store.roots_for(SIGNING, now - 2 * DAY)
    assert not store.roots_for(SIGNING, now + 2 * DAY)
    assert all(TrustStore([office.folder / "trust"]).roots_for(p, now) for p in (SIGNING, STAMPING))


@pytest.mark.parametrize(
    ("bounds", "verdict", "reasons"),
    [
        ({"purpose": ANY}, Verdict.VALID, set()),
        ({"purpose": SIGNING}, Verdict.UNKNOWN, {"timestamp_untrusted"}),
        ({"purpose": STAMPING}, Verdict.UNKNOWN, {"unknown_root"}),
        ({"until": SystemClock().now() - DAY}, Verdict.UNKNOWN, {"unknown_root"}),
    ],
)
def test_a_verdict_keeps_to_the_bounds(
    office: Office,
    letter: Path,
    tmp_path: Path,
    bounds: dict[str, object],
    verdict: Verdict,
    reasons: set[str],
) -> None:
    place = put(tmp_path / "list", listed(office, **bounds))
    signed = office.sign(letter, Purpose.APPROVE, tsa=office.authority.tsa_url).path
    [found] = office.verifier(trust=TrustStore([place])).verify(signed).signatures
    assert found.verdict is verdict
    assert reasons <= set(found.reasons)


def test_a_root_for_time_stamps_accepts_no_signer(office: Office, tmp_path: Path) -> None:
    der = office.authority.certificate("person-mau")
    for purpose, known in ((SIGNING, True), (ANY, True), (STAMPING, False)):
        place = put(tmp_path, listed(office, purpose=purpose))
        assert accepted(der, TrustStore([place])) is known


def test_a_worker_judges_by_the_same_list(office: Office, letter: Path, tmp_path: Path) -> None:
    signed = office.sign(letter, Purpose.APPROVE, tsa=office.authority.tsa_url).path
    place = put(tmp_path / "danh sách", listed(office))
    places = (place, ListPlace(place.folder, (), 0), ListPlace(place.folder, place.keys, 2))
    verdicts = []
    for trusted in places:
        workers = Workers([trusted])
        try:
            verifier = WorkerVerifier(workers, SystemClock(), office.http)
            verdicts.append(verifier.verify(signed).verdict)
        finally:
            workers.close()
    assert verdicts == [Verdict.VALID, Verdict.UNKNOWN, Verdict.UNKNOWN]
