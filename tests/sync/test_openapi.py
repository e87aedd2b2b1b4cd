"""The description says what is served, and nothing that it allows, or forbids, is a 5xx."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from argon2 import PasswordHasher
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error

from app.kernel.clock import SystemClock
from sync.protocol.messages import MEDIA_JSON
from sync.server.__main__ import main
from sync.server.accounts import Accounts
from sync.server.files import Files
from sync.server.http import Server
from sync.server.limits import Limits
from sync.server.openapi import describe
from sync.server.service import Service
from tests.doubles.web import serve

PASSWORD = "mật khẩu mẫu"
EXAMPLES = 60
# Nobody is sent away for asking much.
OPEN = Limits(each=1e9, each_burst=1e9, unknown=1e9, unknown_burst=1e9)
OPERATIONS = sorted(
    (operation["operationId"], path, method)
    for path, methods in describe()["paths"].items()
    for method, operation in methods.items()
)


@pytest.fixture
def made(service: Service, tmp_path: Path) -> Server:
    accounts = Accounts(
        service.store, SystemClock(), PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    )
    accounts.put("an", "an", PASSWORD)
    files = Files(tmp_path / "files", service.store)
    return Server(service, accounts, files, SystemClock(), OPEN)


@pytest.fixture
def base(made: Server) -> Iterator[str]:
    with serve(made.app()) as running:
        yield running.url


def token(base: str) -> dict[str, str]:
    form = json.dumps({"login": "an", "password": PASSWORD})
    given_ = requests.post(f"{base}/sync/v1/session", data=form.encode(), timeout=20).json()
    return {"Authorization": f"Bearer {given_['access']}"}


def deep() -> dict[str, Any]:
    """Return the description with names and people of this server, so that the rules are met."""
    made = describe()
    body = made["paths"]["/sync/v1"]["post"]["requestBody"]["content"][MEDIA_JSON]["schema"]
    command = body["properties"]["commands"]["items"]
    names = ["note.add", "note.count", "note.move", "note.share", "copy.make", "person.hold"]
    command["properties"] |= {
        "name": {"enum": names},
        "version": {"enum": [1, 2]},
        "kind": {"enum": ["note", "copy", "person", "x"]},
        "entity": {"enum": ["a", "b"]},
        "person": {"enum": ["an", "binh"]},
        "n": {"enum": [1, 2, 3, 2**63 - 1]},
    }
    args = {"id": {"enum": ["a", "b"]}, "home": {"type": "array", "items": {"type": "string"}}}
    texts = {"text": {"type": "string"}, "by": {"type": "integer"}}
    command["properties"]["args"] = {"type": "object", "properties": args | texts}
    command["properties"]["args"]["required"] = ["id", "home", "text"]
    body["properties"]["commands"]["minItems"] = 1
    body["properties"]["device"] = {"enum": ["pc-1", "pc-2"]}
    body["properties"]["history"] = {"const": ""}
    return made


def test_every_route_is_described_and_no_other(made: Server) -> None:
    served = {
        (route.path, method.lower())
        for route in made.app().routes
        for method in route.methods or ()  # type: ignore[attr-defined]
    }
    described = {
        (path, method) for path, methods in describe()["paths"].items() for method in methods
    }
    # Starlette answers HEAD wherever there is a GET.
    assert {(p, m) for p, m in served if m != "head" or (p, m) in described} == described


def test_the_description_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["openapi"]) == 0
    assert json.loads(capsys.readouterr().out) == describe()


@pytest.mark.parametrize("name", [name for name, _, _ in OPERATIONS])
def test_nothing_that_is_sent_is_a_failure_of_the_server(base: str, name: str) -> None:
    schema = schemathesis.openapi.from_dict(deep()).include(operation_id=name)
    [found] = [result.ok() for result in schema.get_all_operations()]
    headers = token(base)
    seen: list[int] = []
    modes = [schemathesis.GenerationMode.POSITIVE]
    if found.body or found.path_parameters or found.query:
        modes.append(schemathesis.GenerationMode.NEGATIVE)
    for mode in modes:
        strategy = found.as_strategy(generation_mode=mode)

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy)
        def send(case: Any) -> None:
            reply = case.call(base_url=base, headers=headers, timeout=70)
            seen.append(reply.status_code)
            case.validate_response(reply, checks=[not_a_server_error])

        send()
    assert seen
    if name == "sync":
        assert {200, 400} <= set(seen)
