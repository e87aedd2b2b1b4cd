"""The keys of tokens: certificates and open keys of any number of PKCS#11 libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from app.kernel.clock import Clock
from app.kernel.errors import DeviceProblem, RuleViolation
from app.kernel.ports import (
    SIGNING_PIN,
    CertificateInfo,
    Prompts,
    TokenInfo,
    TokenState,
)
from app.kernel.second import Proof
from signing.closing import Closing
from signing.tokens.binary import check_library
from signing.tokens.device import Device
from signing.tokens.key import UnlockedKey
from signing.tokens.presence import Presence, best_source
from signing.trust.certificates import accepted, describe
from signing.trust.store import TrustStore
from sync.protocol.second import FIRST_LINE

_MAX_PIN_MINUTES = 15
SIGN_IN = "sign_in"


class TokenSigner(Closing):
    """Open keys of tokens; every call may take seconds and belongs on the token lane.

    One helper process per library, started at first use. A library that fails is left out of
    listings and named in `faults`; a call that needs it raises `DeviceProblem`. `admit` looks at
    a library's file before it is loaded; `pin_minutes` says how long a PIN holds (0: one act).
    """

    def __init__(
        self,
        modules: Sequence[str],
        clock: Clock,
        trust: TrustStore,
        limit: float = 0.0,
        *,
        admit: Callable[[str], None] = check_library,
        pin_minutes: Callable[[], int] = lambda: 0,
    ) -> None:
        self._devices = {module: Device(module, limit, admit) for module in modules}
        self._pin_minutes = pin_minutes
        self._forgotten = False
        self._in_act = False
        self.clock = clock
        self.trust = trust
        self.faults: dict[str, str] = {}

    def close(self) -> None:
        """End every helper process."""
        for device in self._devices.values():
            device.close()

    @property
    def modules(self) -> tuple[str, ...]:
        """Return the libraries that are asked."""
        return tuple(self._devices)

    def presence(self, changed: Callable[[], None]) -> Presence:
        """Return a watch that calls `changed`, in its own thread, when a token comes or goes."""
        return Presence(lambda: best_source(lambda: tuple(self._devices.values())), changed)

    def readers(self) -> tuple[int, int]:
        """Return how many slots the sound libraries see, and how many of them hold a token."""
        slots = used = 0
        for module, device in self._devices.items():
            if module not in self.faults:
                try:
                    reply, _ = device.call("slots")
                except DeviceProblem as problem:
                    self.faults[module] = problem.code
                    continue
                slots += len(reply["slots"])
                used += len(reply["present"])
        return slots, used

    def tokens(self) -> Sequence[TokenInfo]:
        """List the tokens that are plugged in now, without any PIN."""
        self.faults.clear()
        found: list[TokenInfo] = []
        for module, device in self._devices.items():
            try:
                found += _tokens(module, device)
            except DeviceProblem as problem:
                self.faults[module] = problem.code
        return found

    def certificates(self) -> Sequence[CertificateInfo]:
        """List the certificates of all tokens that are not CAs', without any PIN."""
        found: list[CertificateInfo] = []
        for token in self.tokens():
            try:
                found += _certificates(self._devices[token.module], token, self.trust)
            except DeviceProblem as problem:
                self.faults[token.module] = problem.code
        return found

    @contextmanager
    def unlocked(
        self, certificate: CertificateInfo, prompts: Prompts, purpose: str
    ) -> Iterator[UnlockedKey]:
        """Find the token, ask for its PIN once and keep its key open until the context ends.

        The PIN is not asked for while that of an earlier act still holds for this key.

        Raises `RuleViolation` for a certificate that may not sign now, `DeviceProblem` and
        `Cancelled`; nothing is repeated by itself.
        """
        self.check(certificate)
        device, token = self._find(certificate.token)
        self._forgotten = False
        key = UnlockedKey(
            device, token, certificate, partial(prompts.pin, token, certificate, SIGNING_PIN)
        )
        if not key.resume():
            self._login(device, key, prompts, purpose)
        try:
            yield key
        finally:
            key.rest(60.0 * self._minutes())

    def prove(self, certificate: CertificateInfo, prompts: Prompts, data: bytes) -> Proof:
        """Sign a text that says itself that it is no document; raises as `unlocked`."""
        if not data.startswith(FIRST_LINE.encode()):
            raise ValueError("this key signs documents through a job only")
        with self.unlocked(certificate, prompts, SIGN_IN) as key:
            return Proof(certificate.der, key.sign(data), key.scheme)

    @contextmanager
    def one_pin(self) -> Iterator[None]:
        """Ask once for the PIN of a key that makes several signatures within the context.

        The helper holds the login between them, no longer than a PIN may hold at all.
        """
        self._in_act = True
        try:
            yield
        finally:
            self._in_act = False
            if minutes := self._minutes():
                self._settle("rest", seconds=60.0 * minutes)
            else:
                self._settle("logout")

    def _minutes(self) -> int:
        if self._forgotten:
            return 0
        return _MAX_PIN_MINUTES if self._in_act else min(self._pin_minutes(), _MAX_PIN_MINUTES)

    def forget(self) -> None:
        """End every login that is kept between acts, as when the desk is locked.

        An act that is going on ends first, and keeps nothing.
        """
        self._forgotten = True
        self._settle("logout")

    def _settle(self, call: str, **head: Any) -> None:
        """Say to every helper that is not at work what becomes of its login."""
        for device in self._devices.values():
            try:
                device.call_if_idle(call, **head)
            except DeviceProblem:
                device.close()

    def check(self, certificate: CertificateInfo) -> None:
        """Raise `RuleViolation` for a certificate that may not sign now."""
        if not certificate.may_sign:
            raise RuleViolation("certificate_not_for_signing", "certificate")
        now = self.clock.now()
        if now > certificate.not_after:
            raise RuleViolation("certificate_expired", "certificate")
        if now < certificate.not_before:
            raise RuleViolation("certificate_not_yet", "certificate")
        # Without any root nobody can be told from anybody; the diagnosis says so.
        if self.trust.roots and not accepted(certificate.der, self.trust):
            raise RuleViolation("certificate_issuer", "certificate", issuer=certificate.issuer)

    def _find(self, wanted: TokenInfo) -> tuple[Device, TokenInfo]:
        """Return the token as it is plugged in now: its slot may have changed, its state too."""
        device = self._devices.get(wanted.module)
        if device is None:
            raise DeviceProblem("token_gone", "token_gone")
        for token in _tokens(wanted.module, device):
            if (token.serial, token.label) == (wanted.serial, wanted.label):
                if token.state is TokenState.LOCKED:
                    raise DeviceProblem("pin_locked", "pin_locked")
                return device, token
        raise DeviceProblem("token_gone", "token_gone")

    def _login(self, device: Device, key: UnlockedKey, prompts: Prompts, purpose: str) -> None:
        token = key.token
        pin = prompts.pin(token, key.certificate, purpose)
        if not pin and not token.pin_pad:
            raise DeviceProblem("pin_empty", "pin_incorrect")
        try:
            key.login(pin)
        except DeviceProblem as problem:
            if problem.code == "pin_incorrect":
                raise self._wrong_pin(device, token) from problem
            raise

    def _wrong_pin(self, device: Device, token: TokenInfo) -> DeviceProblem:
        """Say what the token says of itself after a wrong PIN."""
        now = [t for t in _tokens(token.module, device) if t.serial == token.serial]
        match now[0].state if now else TokenState.FINE:
            case TokenState.LOCKED:
                return DeviceProblem("pin_locked", "pin_locked")
            case TokenState.FINAL_TRY:
                return DeviceProblem("pin_incorrect_last", "pin_incorrect")
            case TokenState.COUNT_LOW:
                return DeviceProblem("pin_incorrect_low", "pin_incorrect")
            case _:
                return DeviceProblem("pin_incorrect", "pin_incorrect")


def _tokens(module: str, device: Device) -> list[TokenInfo]:
    reply, _ = device.call("tokens", refresh=True)
    return [_token(module, item) for item in reply["tokens"]]


def _token(module: str, item: dict[str, Any]) -> TokenInfo:
    return TokenInfo(
        module=module,
        slot=item["slot"],
        label=item["label"],
        serial=item["serial"],
        manufacturer=item["manufacturer"],
        model=item["model"],
        state=TokenState(item["state"]),
        pin_pad=item["pin_pad"],
        mechanisms=tuple(item["mechanisms"]),
    )


def _certificates(device: Device, token: TokenInfo, trust: TrustStore) -> list[CertificateInfo]:
    reply, _ = device.call("certificates", slot=token.slot, serial=token.serial)
    found = []
    for item in reply["certificates"]:
        try:
            der = bytes.fromhex(item["der"])
            found.append(describe(der, token, item["id"], item["label"], trust))
        except (ValueError, TypeError, LookupError):
            continue  # tokens carry odd objects beside certificates
    return [info for info in found if info.may_sign]
