"""Accounts as an administrator makes them: one JSON object per line, and exit codes."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from app.kernel.clock import FixedClock
from app.kernel.errors import NotPermitted, Unavailable
from sync.server.__main__ import main
from sync.server.accounts import LOGIN_FAILURES, Accounts
from sync.server.store import Store

PASSWORD, OTHER = "mật khẩu mẫu", "mật khẩu khác"
AGENCY = "03325@2025-07-01/UBND"
Run = Callable[..., tuple[int, list[dict[str, Any]]]]


@pytest.fixture
def run(url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str, stdin: str = "") -> tuple[int, list[dict[str, Any]]]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        code = main([*arguments, "--json", "--database", url])
        said = capsys.readouterr()
        assert not said.err
        return code, [json.loads(line) for line in said.out.splitlines()]

    return call


@pytest.fixture
def province(run: Run, url: str, tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> Run:
    seed = ["seed", "--province", "--database", url, "--files", str(tmp_path / "files")]
    assert main(seed) == 0
    assert json.loads(capsys.readouterr().out)["commands"] > 500
    assert main(seed) == 1
    assert "đã có danh mục đơn vị" in capsys.readouterr().err
    return run


def add(run: Run, login: str = "mai", **changes: str) -> tuple[int, list[dict[str, Any]]]:
    given = {"name": "Lò Thị Mai (mẫu)", "agency": AGENCY, "title": "Văn thư", "role": "clerk"}
    flags = [part for k, v in (given | changes).items() for part in (f"--{k}", v)]
    return run("users", "add", login, *flags, "--password-stdin", stdin=f"{PASSWORD}\n")


def test_from_an_empty_database_to_somebody_who_signs_in(
    province: Run, url: str, clock: FixedClock
) -> None:
    code, units = province("units", "--query", "muong phang")
    assert (code, AGENCY in {u["unit"] for u in units if u["agency"]}) == (0, True)
    code, [made] = add(province)
    assert code == 0
    code, [row] = province("users", "list")
    [post] = row.pop("posts")
    assert row == {
        "login": "mai",
        "active": True,
        "person": made["person"],
        "name": "Lò Thị Mai (mẫu)",
        "second": False,
        "certificate": "",
        "pending": "",
    }
    assert (post["title"], post["agency"], post["roles"]) == ("Văn thư", AGENCY, ["clerk"])
    second = ("users", "add", "mai2", "--person", made["person"], "--password-stdin")
    assert province(*second, stdin=f"{PASSWORD}\n")[0] == 0
    store = Store(url, clock)
    accounts = Accounts(store, clock)
    assert accounts.sign_in("mai", PASSWORD, "a").person == made["person"]
    store.close()


def test_a_password_a_closed_and_an_opened_account(
    province: Run, url: str, clock: FixedClock
) -> None:
    add(province)
    store = Store(url, clock)
    accounts = Accounts(store, clock)
    tokens = accounts.sign_in("mai", PASSWORD, "a")
    code, rows = province("users", "password", "mai", "--password-stdin", stdin=f"{OTHER}\n")
    assert (code, rows) == (0, [{"login": "mai", "done": "password"}])
    with pytest.raises(NotPermitted, match=r"sync\.token"):
        accounts.check(tokens.access)
    tokens = accounts.sign_in("mai", OTHER, "a")
    assert province("users", "lock", "mai")[0] == 0
    for refused in (
        lambda: accounts.check(tokens.access),
        lambda: accounts.refresh(tokens.refresh),
    ):
        with pytest.raises(NotPermitted, match=r"sync\.token"):
            refused()
    for _ in range(LOGIN_FAILURES):
        with pytest.raises(NotPermitted, match=r"sync\.sign_in"):
            accounts.sign_in("mai", OTHER, "a")
    assert province("users", "list")[1][0]["active"] is False
    assert province("users", "unlock", "mai")[0] == 0
    # Opening an account is no way round the limit of tries.
    with pytest.raises(Unavailable, match=r"sync\.too_many"):
        accounts.sign_in("mai", OTHER, "a")
    store.close()


@pytest.mark.parametrize(
    ("login", "changes", "code"),
    [
        ("Mai!", {}, "account.login"),
        ("mai", {"agency": "không có"}, "unit.unknown"),
        ("mai", {"agency": "11@-"}, "post.no_seal"),
        ("mai", {"name": " "}, "identity.empty"),
    ],
)
def test_what_is_refused_leaves_nothing(
    province: Run, login: str, changes: dict[str, str], code: str
) -> None:
    exit_code, [row] = add(province, login, **changes)
    assert (exit_code, row["error"]["code"]) == (1, code)
    assert "error." not in row["error"]["text"]
    assert province("users", "list") == (0, [])


def test_other_refusals_are_typed(province: Run) -> None:
    add(province)
    again, [row] = add(province)
    assert (again, row["error"]["code"]) == (1, "account.exists")
    for action in (("lock",), ("unlock",), ("password", "--password-stdin")):
        code, [row] = province("users", action[0], "ai", *action[1:], stdin=f"{OTHER}\n")
        assert (code, row["error"]["code"]) == (1, "account.unknown")
    short = province("users", "password", "mai", "--password-stdin", stdin="ngắn\n")
    assert short[1][0]["error"]["code"] == "sync.password_short"
    none = province("users", "password", "mai", "--password-stdin")
    assert none[1][0]["error"]["code"] == "input.password"
    with pytest.raises(SystemExit) as ended:
        province("users", "add", "mai")
    assert ended.value.code == 2


def test_the_second_factor_is_set_at_the_server_itself(province: Run, tmp_path: Any) -> None:
    assert add(province)[0] == 0
    second = ("users", "second", "mai")
    assert province(*second, "--require") == (0, [{"login": "mai", "done": "require"}])
    code, [refused] = province(*second, "--approve")
    assert (code, refused["error"]["code"]) == (1, "account.nothing_pending")
    code, [given] = province(*second, "--code")
    assert (code, len(given["code"])) == (0, 27)
    (tmp_path / "not.pem").write_text("no certificate")
    code, [refused] = province(*second, "--certificate", str(tmp_path / "not.pem"))
    assert (code, refused["error"]["code"]) == (1, "account.certificate")
    code, [refused] = province("users", "second-roles", "king")
    assert (code, refused["error"]["code"]) == (1, "account.role")
    assert province("users", "second-roles", "administrator", "clerk")[0] == 0
    assert province("users", "second-acts", "person.put")[1] == [{"acts": ["person.put"]}]
    assert province("users", "list")[1][0]["second"] is True
    assert province(*second, "--release")[0] == 0
    assert province("users", "list")[1][0]["second"] is False


def test_a_post_gets_other_roles(province: Run, url: str) -> None:
    add(province)
    code, [row] = province("users", "roles", "mai", "--role", "clerk", "--role", "office_head")
    assert code == 0
    [post] = province("users", "list")[1][0]["posts"]
    assert (post["post"], post["roles"]) == (row["post"], ["clerk", "office_head"])
    for asked, error in (
        (("mai", "--role", "clerk", "--post", "không-có"), "post.unknown"),
        (("mai",), "post.role_unknown"),
        (("ai", "--role", "clerk"), "account.unknown"),
    ):
        code, [row] = province("users", "roles", *asked)
        assert (code, row["error"]["code"]) == (1, error)
