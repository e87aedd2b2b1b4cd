"""A key that is open for use: on a token, logged in, until its context ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.kernel.errors import DeviceProblem
from app.kernel.ports import CertificateInfo, TokenInfo
from signing.tokens.device import PIN_PAD_LIMIT, Device
from signing.trust.certificates import key_of


class UnlockedKey:
    """Sign bytes with the key of one certificate; made by `TokenSigner.unlocked` only.

    `token` is the token as it is plugged in now; `ask` asks the person for the PIN of the key
    itself where it is another than that of the token. Calls come from one thread at a time.
    """

    def __init__(
        self,
        device: Device,
        token: TokenInfo,
        certificate: CertificateInfo,
        ask: Callable[[], bytearray],
    ) -> None:
        self.token = token
        self.certificate = certificate
        self._device = device
        self._ask = ask
        self._algorithm, public = key_of(certificate.der)
        self._head: dict[str, Any] = {
            "slot": token.slot,
            "serial": token.serial,
            "id": certificate.cert_id,
            "public": public.hex(),
        }
        self._limit = 0.0

    @property
    def pss(self) -> bool:
        """Tell whether signatures are RSA-PSS (else PKCS#1 v1.5 or ECDSA)."""
        return self.scheme == "pss"

    def sign(self, data: bytes) -> bytes:
        """Return the signature over SHA-256 of the bytes; raises `DeviceProblem`, `Cancelled`.

        A key that refuses the PIN of the token is given what the person types for it, once.
        """
        try:
            return self._signed(data)
        except DeviceProblem as problem:
            if problem.code != "signing_pin_wanted":
                raise
        self._device.own_pins.add(self._head["public"])
        pin = self._ask()
        if not pin:
            raise DeviceProblem("pin_empty", "pin_incorrect")
        self._device.own_pin(self._head, pin)
        return self._signed(data)

    def _signed(self, data: bytes) -> bytes:
        _, signature = self._device.call(
            "sign",
            data,
            limit=self._limit,
            scheme=self.scheme,
            mechanisms=list(self.token.mechanisms),
            apart=self._head["public"] in self._device.own_pins,
            **self._head,
        )
        return signature

    def resume(self) -> bool:
        """Take up a login for this key that was kept; tells whether there was one."""
        if self._device.helper_pid is None:
            return False
        reply, _ = self._device.call("resume", **self._head)
        if reply["open"] and reply["always"] and self.token.pin_pad:
            self._limit = PIN_PAD_LIMIT
        return bool(reply["open"])

    def login(self, pin: bytearray) -> None:
        """Log in with a PIN, which is overwritten; an empty one leaves it to the PIN pad."""
        on_pad = self.token.pin_pad and not pin
        always = self._device.login(self._head, pin, pin_pad=on_pad)
        if on_pad and always:
            self._limit = PIN_PAD_LIMIT

    def rest(self, seconds: float) -> None:
        """Log out, or keep the login until so many seconds after the PIN was given.

        A token that is gone or a helper that died has ended the login already.
        """
        if self._device.helper_pid is None:
            return
        try:
            if seconds > 0:
                self._device.call("rest", seconds=seconds)
            else:
                self._device.call("logout")
        except DeviceProblem:
            self._device.close()

    @property
    def scheme(self) -> str:
        """Return PSS when the token offers it, else PKCS#1 v1.5; ECDSA for keys on curves."""
        if self._algorithm == "ec":
            return "ecdsa"
        offered = {"SHA256_RSA_PKCS_PSS", "RSA_PKCS_PSS"} & set(self.token.mechanisms)
        return "pss" if offered else "pkcs1"
