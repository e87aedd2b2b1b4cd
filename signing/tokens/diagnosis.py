"""Walk through everything that a signature needs, and say of each step what is wrong.

One `Finding` for each thing looked at, in the order in which a person would look: driver, reader,
token, PIN state, certificates, chain, clock, and a test signature where a PIN may be asked for.
The texts are data: `diagnosis.<code>` says what was found, `diagnosis.<code>.do` what to do.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import PurePath
from typing import TYPE_CHECKING

from app.kernel.clock import VIETNAM
from app.kernel.errors import Cancelled, DeviceProblem, RuleViolation
from app.kernel.ports import CertificateInfo, Prompts, TokenInfo, TokenState
from signing.tokens.offers import expiry_warning, usable
from signing.trust.certificates import verifies

if TYPE_CHECKING:
    from signing.tokens.signer import TokenSigner

MAX_DRIFT = timedelta(minutes=5)
"""How far this PC's clock may be off before a signature's time is doubtful."""

_SCRAP = 64
_DRIVER_CODES = {
    "token_module_missing": "driver.missing",
    "token_module_32bit": "driver.32bit",
    "token_module_machine": "driver.machine",
    "token_module_unknown": "driver.unknown",
    "token_module_changed": "driver.changed",
    "token_hangs": "driver.hangs",
    "token_crashed": "driver.crashed",
}
_PIN_CODES = {
    TokenState.FINE: "pin.ok",
    TokenState.COUNT_LOW: "pin.low",
    TokenState.FINAL_TRY: "pin.last",
    TokenState.LOCKED: "pin.locked",
    TokenState.NOT_SET: "pin.not_set",
}
_SIGNATURE_CODES = {
    "pin_incorrect": "signature.pin",
    "pin_incorrect_low": "signature.pin_low",
    "pin_incorrect_last": "signature.pin_last",
    "pin_locked": "signature.locked",
    "token_gone": "signature.gone",
    "token_hangs": "signature.hangs",
    "token_crashed": "signature.crashed",
    "token_key_missing": "signature.key",
    "token_mechanism": "signature.mechanism",
}


class Step(StrEnum):
    """What is looked at."""

    DRIVER = "driver"
    READER = "reader"
    TOKEN = "token"  # noqa: S105 - a device, not a secret
    PIN = "pin"
    CERTIFICATES = "certificates"
    CHAIN = "chain"
    CLOCK = "clock"
    SIGNATURE = "signature"


class State(StrEnum):
    """How it stands; after `fail` nothing can be signed with that device."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found in one step; `params` are the plain values of its two texts."""

    step: Step
    state: State
    code: str
    params: Mapping[str, str | int] = field(default_factory=dict)


def diagnose(
    signer: TokenSigner, prompts: Prompts | None = None, drift: timedelta | None = None
) -> Iterator[Finding]:
    """Yield the findings one by one; a worker's work, since each may take seconds.

    With `prompts` a scrap is signed with the first usable key, which asks for its PIN once.
    `drift` is how far this PC's clock is ahead of the server's, None where that is not known.
    A person who cancels the PIN ends the walk without an error.
    """
    yield from _drivers(signer)
    yield from _readers(signer)
    tokens = tuple(signer.tokens())
    yield from _tokens(tokens)
    found = tuple(signer.certificates())
    yield from _certificates(signer, tokens, found)
    yield from _chains(signer, found)
    yield _clock(signer, found, drift)
    if prompts is not None:
        yield from _signature(signer, found, prompts)


def _drivers(signer: TokenSigner) -> Iterator[Finding]:
    if not signer.modules:
        yield Finding(Step.DRIVER, State.FAIL, "driver.none")
    signer.tokens()
    # Where one library works, a broken neighbour is only worth a word.
    bad = State.WARN if len(signer.faults) < len(signer.modules) else State.FAIL
    for module in signer.modules:
        name = {"name": PurePath(module).name}
        fault = signer.faults.get(module)
        if fault is None:
            yield Finding(Step.DRIVER, State.OK, "driver.ok", name)
        else:
            yield Finding(Step.DRIVER, bad, _DRIVER_CODES.get(fault, "driver.broken"), name)


def _readers(signer: TokenSigner) -> Iterator[Finding]:
    if len(signer.faults) == len(signer.modules):
        return  # no library, no view of the readers
    count, used = signer.readers()
    if not count:
        yield Finding(Step.READER, State.FAIL, "reader.none")
    elif not used:
        yield Finding(Step.READER, State.FAIL, "reader.empty", {"n": count})
    else:
        yield Finding(Step.READER, State.OK, "reader.ok", {"n": count})


def _tokens(tokens: tuple[TokenInfo, ...]) -> Iterator[Finding]:
    if not tokens:
        yield Finding(Step.TOKEN, State.FAIL, "token.none")
    for token in tokens:
        name = {"label": token.label, "serial": token.serial}
        if token.mechanisms:
            yield Finding(Step.TOKEN, State.OK, "token.ok", name)
        else:
            yield Finding(Step.TOKEN, State.FAIL, "token.no_mechanism", name)
        bad = State.WARN if token.state in (TokenState.COUNT_LOW, TokenState.FINAL_TRY) else None
        state = State.OK if token.state is TokenState.FINE else bad or State.FAIL
        yield Finding(Step.PIN, state, _PIN_CODES[token.state], {"label": token.label})
        if token.pin_pad:
            yield Finding(Step.PIN, State.OK, "pin.pad", {"label": token.label})


def _certificates(
    signer: TokenSigner, tokens: tuple[TokenInfo, ...], found: tuple[CertificateInfo, ...]
) -> Iterator[Finding]:
    now = signer.clock.now()
    for token in tokens:
        if not any(c.token.serial == token.serial for c in found):
            label = {"label": token.label}
            yield Finding(Step.CERTIFICATES, State.FAIL, "certificates.none", label)
    for certificate in found:
        params: dict[str, str | int] = {
            "holder": certificate.holder,
            "days": (certificate.not_after - now).days,
            "until": certificate.not_after.astimezone(VIETNAM).strftime("%d/%m/%Y"),
        }
        match expiry_warning(certificate.not_after, now):
            case _ if now < certificate.not_before:
                state, code = State.FAIL, "certificates.not_yet"
            case None:
                state, code = State.OK, "certificates.ok"
            case 0:
                state, code = State.FAIL, "certificates.expired"
            case _:
                state, code = State.WARN, "certificates.soon"
        yield Finding(Step.CERTIFICATES, state, code, params)


def _chains(signer: TokenSigner, found: tuple[CertificateInfo, ...]) -> Iterator[Finding]:
    if not signer.trust.roots:
        yield Finding(Step.CHAIN, State.WARN, "chain.no_anchors")
        return
    for certificate in found:
        params = {"holder": certificate.holder, "issuer": certificate.issuer}
        if certificate.accepted:
            yield Finding(Step.CHAIN, State.OK, "chain.ok", params)
        else:
            yield Finding(Step.CHAIN, State.FAIL, "chain.unknown", params)


def _clock(
    signer: TokenSigner, found: tuple[CertificateInfo, ...], drift: timedelta | None
) -> Finding:
    now = signer.clock.now()
    params: dict[str, str | int] = {
        "at": now.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S"),
        "minutes": abs(int((drift or timedelta()).total_seconds())) // 60,
    }
    if drift is not None and abs(drift) > MAX_DRIFT:
        return Finding(Step.CLOCK, State.FAIL, "clock.off", params)
    # Keys that are all "not valid yet" are the usual sign of an empty clock battery.
    if found and all(now < c.not_before for c in found):
        return Finding(Step.CLOCK, State.FAIL, "clock.early", params)
    return Finding(Step.CLOCK, State.OK, "clock.ok" if drift is not None else "clock.alone", params)


def _signature(
    signer: TokenSigner, found: tuple[CertificateInfo, ...], prompts: Prompts
) -> Iterator[Finding]:
    fit = usable(found, signer.clock.now())
    if not fit:
        yield Finding(Step.SIGNATURE, State.FAIL, "signature.no_key")
        return
    certificate, scrap = fit[0], os.urandom(_SCRAP)
    holder = {"holder": certificate.holder}
    try:
        with signer.unlocked(certificate, prompts, "test") as key:
            signature = key.sign(scrap)
            sound = verifies(certificate.der, scrap, signature, pss=key.pss)
    except Cancelled:
        return
    except (DeviceProblem, RuleViolation) as problem:
        code = _SIGNATURE_CODES.get(problem.code, "signature.failed")
        yield Finding(Step.SIGNATURE, State.FAIL, code, holder)
        return
    if sound:
        yield Finding(Step.SIGNATURE, State.OK, "signature.ok", holder)
    else:
        yield Finding(Step.SIGNATURE, State.FAIL, "signature.wrong", holder)
