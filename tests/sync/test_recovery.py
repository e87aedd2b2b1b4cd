"""A lost password: two persons open a profile, the desk that asked alone reads the answer."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.catalogues.commands import PutItem
from app.catalogues.rules import decide_put
from app.features import FEATURES
from app.identity import audit
from app.kernel.actor import Actor
from app.kernel.clock import FixedClock
from app.kernel.errors import Damaged, HoaBanError, NotPermitted, Unavailable
from app.kernel.feature import Registry
from app.store import recovery
from app.store.profile import ASKED, Profile
from app.store.profile_file import KdfParams
from sync.server.__main__ import main
from sync.server.store import Store
from sync.server.trail import RECOVERY
from tests.doubles.world import World

CHEAP = KdfParams(1, 64, 1)
LOST, NEW, ONE, TWO = "mật khẩu đã quên", "mật khẩu mới", "của người thứ nhất", "của người hai"
Run = Callable[..., tuple[int, list[dict[str, Any]]]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    url = f"sqlite:///{tmp_path / 'server.db'}"

    def call(*arguments: object, stdin: str = "") -> tuple[int, list[dict[str, Any]]]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        words = ("recovery", *map(str, arguments), "--passwords-stdin", "--json")
        code = main([*words, "--database", url])
        said = capsys.readouterr()
        assert not said.err
        assert all(word not in said.out for word in (LOST, NEW, ONE, TWO))
        return code, [json.loads(line) for line in said.out.splitlines()]

    return call


def make(run: Run, folder: Path, name: str = "") -> str:
    shares = (folder / f"one{name}", folder / f"two{name}")
    options = ("--first", "kim", "--second", "liên", "--first-share", shares[0])
    code, [row] = run("make", *options, "--second-share", shares[1], stdin=f"{ONE}\n{TWO}\n")
    assert code == 0
    return str(row["key"])


def opened(run: Run, folder: Path, request: bytes, stdin: str = "", **changes: Any) -> Any:
    (folder / "request").write_bytes(request)
    code = recovery.code_of(recovery.read_request(request))
    given = {"first-share": folder / "one", "second-share": folder / "two", "code": code}
    given |= {"request": folder / "request", "reason": "quên sau kỳ nghỉ", "out": folder / "answer"}
    given |= {name.replace("_", "-"): value for name, value in changes.items()}
    (folder / "answer").unlink(missing_ok=True)
    words = [word for name, value in given.items() for word in (f"--{name}", value)]
    done, [row] = run("open", *words, stdin=stdin or f"{ONE}\n{TWO}\n")
    return (folder / "answer").read_bytes() if done == 0 else row["error"]["code"]


@pytest.fixture
def profile(tmp_path: Path, clock: FixedClock) -> Profile:
    return Profile.create(tmp_path / "profile", LOST, clock, user="mai", kdf=CHEAP)


def asked(profile: Profile, password: str = NEW) -> bytes:
    return recovery.write(profile.ask_recovery(password))


def test_two_persons_open_a_profile_for_the_desk_that_asked(
    run: Run, profile: Profile, tmp_path: Path, clock: FixedClock
) -> None:
    key = profile.unlock(LOST)
    with pytest.raises(Unavailable, match=r"recovery\.none"):
        profile.ask_recovery(NEW)
    profile.keep_recovery(key, make(run, tmp_path))
    with profile.opened(key, Registry(FEATURES)) as store:
        store.set_meta("draft", "câu đang gõ")
    again = Profile.load(profile.folder, clock)
    answer = opened(run, tmp_path, asked(again))
    copy = tmp_path / "stolen"
    shutil.copytree(profile.folder, copy)
    with pytest.raises(NotPermitted, match=r"profile\.wrong_password"):
        again.recover(answer, LOST)
    assert again.recover(answer, NEW) == key
    with pytest.raises(NotPermitted, match=r"profile\.wrong_password"):
        Profile.load(profile.folder, clock).unlock(LOST)
    with again.opened(Profile.load(profile.folder, clock).unlock(NEW), Registry(FEATURES)) as store:
        assert store.meta("draft") == "câu đang gõ"
    # The answer is used up; nothing secret lies beside it or in it.
    again.change_password(NEW, "lại đổi")
    with pytest.raises(Unavailable, match=r"recovery\.not_asked"):
        again.recover(answer, NEW)
    for secret in (key.hex().encode(), key):
        assert secret not in answer + (copy / ASKED).read_bytes()
    store = Store(f"sqlite:///{tmp_path / 'server.db'}", clock)
    with store.read() as connection:
        made, used = audit.entries(connection, chain=RECOVERY)
        audit.verify_chain(connection, RECOVERY)
    store.close()
    assert made.objects == ("kim", "liên")
    assert used.objects[:4] == ("kim", "liên", f"profile:{profile.id}", "user:mai")
    assert used.detail == "quên sau kỳ nghỉ"


def test_an_old_answer_opens_nothing_after_a_new_request(
    run: Run, profile: Profile, tmp_path: Path
) -> None:
    profile.keep_recovery(profile.unlock(LOST), make(run, tmp_path))
    first = opened(run, tmp_path, asked(profile))
    profile.ask_recovery(NEW)
    with pytest.raises(NotPermitted, match=r"recovery\.other"):
        profile.recover(first, NEW)


def test_one_person_wrong_shares_and_passwords_open_nothing(
    run: Run, profile: Profile, tmp_path: Path
) -> None:
    profile.keep_recovery(profile.unlock(LOST), make(run, tmp_path))
    make(run, tmp_path, "-new")
    request = asked(profile)
    one, two, foreign = tmp_path / "one", tmp_path / "two", tmp_path / "two-new"
    said = {
        "twice": opened(run, tmp_path, request, f"{ONE}\n{ONE}\n", second_share=one),
        "copy": opened(run, tmp_path, request, second_share=shutil.copy(one, tmp_path / "c")),
        "mixed": opened(run, tmp_path, request, second_share=foreign),
        "newer": opened(
            run, tmp_path, request, first_share=tmp_path / "one-new", second_share=foreign
        ),
        "password": opened(run, tmp_path, request, f"{ONE}\n{ONE}\n"),
        "code": opened(run, tmp_path, request, code="AAAA-BBBB-CCCC-DDDD"),
        "reason": opened(run, tmp_path, request, reason=" "),
        "file": opened(run, tmp_path, request, second_share=tmp_path / "request"),
    }
    assert said == {
        "twice": "recovery.two_persons",
        "copy": "recovery.two_persons",
        "mixed": "recovery.other_key",
        "newer": "recovery.other_key",
        "password": "profile.wrong_password",
        "code": "recovery.code",
        "reason": "recovery.reason",
        "file": "recovery.file",
    }
    assert not (tmp_path / "answer").exists()
    raw = json.loads(two.read_bytes())
    raw["wrapped"] = json.loads(foreign.read_bytes())["wrapped"]
    two.write_text(json.dumps(raw))
    assert opened(run, tmp_path, request) == "recovery.damaged"


def test_an_answer_that_was_altered_or_is_another_desks_changes_nothing(
    run: Run, profile: Profile, tmp_path: Path, clock: FixedClock
) -> None:
    public = make(run, tmp_path)
    profile.keep_recovery(profile.unlock(LOST), public)
    other = Profile.create(tmp_path / "other", LOST, clock, user="mau", kdf=CHEAP)
    other.keep_recovery(other.unlock(LOST), public)
    foreign = opened(run, tmp_path, asked(other))
    answer = opened(run, tmp_path, asked(profile))
    before = (profile.folder / "profile.json").read_bytes()
    told = json.loads(answer)
    sealed = told["sealed"]["sealed"]
    bad = [foreign, b"{}", b"<html>", answer[:-20]]
    for place in range(0, len(sealed), 9):
        digit = "0" if sealed[place] != "0" else "1"
        hurt = sealed[:place] + digit + sealed[place + 1 :]
        bad.append(json.dumps({**told, "sealed": {**told["sealed"], "sealed": hurt}}).encode())
    # One that names this desk's request but holds another's key
    bad.append(
        json.dumps(
            {**json.loads(foreign), "profile": told["profile"], "code": told["code"]}
        ).encode()
    )
    for data in bad:
        with pytest.raises(HoaBanError, match=r"recovery\.(other|damaged|file)"):
            profile.recover(data, NEW)
    assert (profile.folder / "profile.json").read_bytes() == before
    profile.recover(answer, NEW)


def test_a_new_recovery_key_takes_the_place_of_the_old(
    run: Run, profile: Profile, tmp_path: Path
) -> None:
    key = profile.unlock(LOST)
    profile.keep_recovery(key, make(run, tmp_path, "-old"))
    before = asked(profile)
    public = make(run, tmp_path)
    profile.keep_recovery(key, "no key at all")
    assert asked(profile) != before
    assert opened(run, tmp_path, asked(profile)) == "recovery.other_key"
    profile.keep_recovery(key, public)
    profile.recover(opened(run, tmp_path, asked(profile)), NEW)
    assert profile.unlock(NEW) == key


def test_nobody_exchanges_the_recovery_key_from_a_desk(tmp_path: Path) -> None:
    world = World(Registry(FEATURES))
    command = PutItem("setting:recovery_key:-", "setting", "recovery_key", "ab" * 32)
    situation = world.situation(Actor("admin", roles=frozenset({"administrator"})))
    with pytest.raises(NotPermitted, match=r"catalogue\.recovery"):
        decide_put(None, command, situation)


def test_a_key_that_is_no_key_is_told(profile: Profile) -> None:
    with pytest.raises(Damaged, match=r"recovery\.damaged"):
        recovery.seal(bytes(32), "ab", "x")
