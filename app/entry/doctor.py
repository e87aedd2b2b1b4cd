"""What works on this machine and what does not, and what to do: `doctor`."""

from __future__ import annotations

import argparse
import importlib
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from app.kernel.clock import VIETNAM, SystemClock
from app.kernel.errors import Damaged, HoaBanError
from app.kernel.texts import Texts

Row = dict[str, Any]
OK, WARN, FAIL = "ok", "warn", "fail"
_GIB = 1 << 30
# A PC on which nothing is plugged in is not ill.
_ABSENT = frozenset({"driver.none", "reader.none", "reader.empty", "token.none"})


def checks(args: argparse.Namespace, texts: Texts) -> list[Row]:
    """Run every check; each answers check, state, text and remedy.

    With a profile and its password the check goes into its database too; the line of the PIN
    for a test signature comes before that of the password.
    """
    found: list[Row] = []
    for check in _CHECKS:
        found.extend(check(texts))
    found.extend(_tokens(args, texts))
    found.extend(_disk(texts))
    if args.profile is not None:
        found.append(_store(args, texts))
        found.append(_profile(args.profile, texts))
        found.extend(_network(args.profile, texts))
        found.append(_audit(args, texts))
    return found


def _row(check: str, state: str, text: str, remedy: str = "") -> Row:
    return {"check": check, "state": state, "text": text, "remedy": remedy}


def _python(texts: Texts) -> Iterator[Row]:
    yield _row("python", OK, texts("doctor.python", version=platform.python_version()))


def _clock(texts: Texts) -> Iterator[Row]:
    at = SystemClock().now().astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S %z")
    yield _row("clock", OK, texts("doctor.clock", at=at))


def _database(texts: Texts) -> Iterator[Row]:
    import sqlcipher3

    connection = sqlcipher3.connect(":memory:")
    try:
        connection.execute("PRAGMA key = 'doctor'")
        version = connection.execute("PRAGMA cipher_version").fetchone()
        connection.execute("CREATE VIRTUAL TABLE probe USING fts5(word)")
    except sqlcipher3.DatabaseError:
        version = None
    finally:
        connection.close()
    if version is None:
        yield _row("database", FAIL, texts("doctor.database.fail"), texts("doctor.database.do"))
    else:
        yield _row("database", OK, texts("doctor.database", version=version[0]))


def _parts(texts: Texts) -> Iterator[Row]:
    for check, module in (
        ("pdf", "pypdfium2"),
        ("forms", "typst"),
        ("signing", "pyhanko.sign.signers"),
    ):
        try:
            importlib.import_module(module)
        except ImportError:
            text = texts("doctor.missing", name=module)
            yield _row(check, FAIL, text, texts("doctor.missing.do"))
        else:
            yield _row(check, OK, texts(f"doctor.{check}"))


def _keyring(texts: Texts) -> Iterator[Row]:
    import keyring

    backend = keyring.get_keyring()
    name = f"{type(backend).__module__}.{type(backend).__name__}"
    if getattr(backend, "priority", 0) <= 0:
        yield _row("keyring", WARN, texts("doctor.keyring.none"), texts("doctor.keyring.do"))
    else:
        yield _row("keyring", OK, texts("doctor.keyring", name=name))


def _trust(texts: Texts) -> Iterator[Row]:
    from app.entry.parts import trust_store

    store = trust_store()
    count = len(store.roots)
    for problem in store.problems:
        yield _trouble("trust", FAIL, problem, texts)
    if count:
        yield _row("trust", OK, texts("doctor.trust", n=count))
    elif not store.problems:
        yield _row("trust", WARN, texts("doctor.trust.none"), texts("doctor.trust.do"))


def _tokens(args: argparse.Namespace, texts: Texts) -> Iterator[Row]:
    """Count the tokens, then say of each thing that a signature needs how it stands."""
    from app.entry.parts import token_signer
    from signing.cli import FixedPin
    from signing.tokens.diagnosis import diagnose

    prompts = FixedPin(sys.stdin.readline().rstrip("\r\n")) if args.test_signature else None
    signer = token_signer(SystemClock())
    try:
        found = len(signer.tokens())
        if found:
            yield _row("tokens", OK, texts("doctor.tokens", n=found))
        else:
            yield _row("tokens", WARN, texts("doctor.tokens.none"), texts("doctor.tokens.do"))
        for finding in diagnose(signer.keys, prompts):
            code, params = finding.code, finding.params
            state = WARN if code in _ABSENT else finding.state.value
            text = texts(f"diagnosis.{code}", **params)
            yield _row(f"token.{finding.step}", state, text, texts(f"diagnosis.{code}.do"))
    finally:
        signer.close()


def _disk(texts: Texts) -> Iterator[Row]:
    free = shutil.disk_usage(Path.home()).free / _GIB
    state = OK if free >= 1 else WARN
    remedy = "" if free >= 1 else texts("doctor.disk.do")
    yield _row("disk", state, texts("doctor.disk", free=f"{free:.1f}"), remedy)


def _profile(folder: Path, texts: Texts) -> Row:
    from app.entry.desks import profile_user

    try:
        return _row("profile", OK, texts("doctor.profile", user=profile_user(folder)))
    except HoaBanError as error:
        return _trouble("profile", FAIL, error, texts)


def _network(folder: Path, texts: Texts) -> Iterator[Row]:
    """Walk to the profile's server: this PC, the line, or the server."""
    from app.entry import line
    from app.store.profile import Profile

    try:
        server = Profile.load(folder, SystemClock()).server
    except HoaBanError:
        # That row of its own says it.
        return
    if not server:
        return
    for finding in line.check(server, SystemClock())():
        text = texts(f"network.{finding.code}", **finding.params)
        remedy = texts(f"network.{finding.code}.do", **finding.params)
        # A desk that is offline works on: no reason to fail the machine's check.
        state = WARN if finding.state == FAIL else finding.state
        yield _row(f"network.{finding.part}.{finding.step}", state, text, remedy)


def _store(args: argparse.Namespace, texts: Texts) -> Row:
    """Tell a damaged database, and what a repair has put aside."""
    from app.store.opening import damaged_files

    aside = damaged_files(args.profile)
    if aside:
        text = texts("doctor.store.aside", n=len(aside), name=aside[-1].name)
        return _row("store", WARN, text, texts("doctor.store.aside.do"))
    return _row("store", OK, texts("doctor.store"))


def _audit(args: argparse.Namespace, texts: Texts) -> Row:
    """Follow the chain of the audit log; the last hash is there to be noted elsewhere."""
    from app.entry.desks import opened

    if not args.password_stdin:
        return _row("audit", WARN, texts("doctor.audit.closed"), texts("doctor.audit.do"))
    try:
        with opened(args) as desk:
            last = desk.trail.verify()
    except Damaged as error:
        return _trouble("audit", FAIL, error, texts)
    except HoaBanError as error:
        return _trouble("audit", WARN, error, texts)
    return _row("audit", OK, texts("doctor.audit", hash=last))


def _trouble(check: str, state: str, error: HoaBanError, texts: Texts) -> Row:
    what, remedy = f"error.{error.code}", f"error.{error.code}.do"
    return _row(check, state, texts(what, **error.params), texts(remedy, **error.params))


_CHECKS: tuple[Callable[[Texts], Iterator[Row]], ...] = (
    _python,
    _clock,
    _database,
    _parts,
    _keyring,
    _trust,
)
