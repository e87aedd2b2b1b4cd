"""One visible signature: processor time, beside pyHanko's ways and what the token alone costs."""

from __future__ import annotations

import os
import subprocess
from io import BytesIO
from pathlib import Path

from app.kernel.clock import SystemClock
from app.kernel.ports import CertificateInfo, Purpose, SignJob
from signing.pdf import pades
from signing.pdf.appearance import demo_signature
from signing.tokens.key import UnlockedKey
from tests.bench.__main__ import Plan
from tests.bench.figures import Figure
from tests.bench.tokens import (
    LABEL,
    PIN,
    PLACE,
    Desk,
    OnePin,
    TheirSigner,
    as_it_comes,
    desk,
    of_children,
    processor,
    tuned,
    without_shortcuts,
)
from tests.shim.probe import probe
from tests.signing.conftest import LETTER, MODULE, NAME, TITLE, typeset

BUDGET = 20
_ROUNDS, _EACH = 12, 5
_BY_COMMAND = 3


def measure(plan: Plan) -> list[Figure]:
    """Sign the same letters in turn: ours, pyHanko tuned, pyHanko as it comes."""
    made = desk(plan.folder)
    letters = [typeset(LETTER.replace("05/QĐ", f"{n + 5}/QĐ")) for n in range(_EACH)]
    took: dict[str, list[float]] = {"ours": [], "tuned": [], "plain": []}
    with made.signer() as signer:
        (certificate,) = signer.certificates()
        with signer.unlocked(certificate, OnePin(), Purpose.APPROVE.value) as key:
            helper = signer._devices[MODULE].helper_pid or 0
            theirs = TheirSigner(certificate.der, made.trust, key.sign)
            quickly = tuned(theirs)
            for _ in range(plan.times(_ROUNDS)):
                for letter in letters:
                    took["ours"].append(processor(lambda d=letter: _ours(made, key, d), helper))
                    with without_shortcuts():
                        cost = processor(lambda d=letter: quickly(d), helper)
                        took["tuned"].append(cost)
                        cost = processor(lambda d=letter: as_it_comes(theirs, d), helper)
                        took["plain"].append(cost)
    best = {name: 1000 * min(times) for name, times in took.items()}
    floor = _floor(plan)
    said = (
        f"pyHanko tuned {best['tuned']:.1f} ms, as it comes {best['plain']:.1f} ms, "
        f"{best['plain'] / best['ours']:.1f} times ours; the token alone {floor:.2f} ms"
    )
    figures = [
        Figure("one visible signature, processor", best["ours"], "ms", BUDGET, said),
        Figure("C_Sign of the token alone, processor", floor, "ms"),
    ]
    return figures + _by_command(plan, made, certificate, letters[0], best["ours"])


def _ours(made: Desk, key: UnlockedKey, data: bytes) -> None:
    job = SignJob(
        BytesIO(data),
        BytesIO(),
        Purpose.APPROVE,
        key.certificate,
        NAME,
        TITLE,
        image=demo_signature(NAME),
    )
    signed = pades.sign(job, lambda: key, clock=SystemClock(), trust=made.trust, http=None)
    assert signed.level == "B-B"
    assert signed.box


def _floor(plan: Plan) -> float:
    code, (milliseconds, _) = probe(MODULE, "open", f"login:{PIN}", f"floor:{plan.times(400)}")[-1]
    assert code == 0
    return float(milliseconds)


def _by_command(
    plan: Plan, made: Desk, certificate: CertificateInfo, letter: bytes, ours: float
) -> list[Figure]:
    """Run pyHanko's own command line where the folder of peers has it."""
    if plan.peers is None:
        return []
    what = "one visible signature by pyHanko's command line, processor"
    program = plan.peers / "pyhanko-venv" / "bin" / "pyhanko"
    if not program.exists():
        return [Figure(what, 0.0, "ms", None, "not run: there is no pyhanko-venv in the folder")]
    source, target = plan.folder / "cli.pdf", plan.folder / "cli-signed.pdf"
    source.write_bytes(letter)
    field = f"1/{','.join(map(str, PLACE))}/Sig"
    command = [str(program), "sign", "addsig", "--field", field, "pkcs11", "--lib", MODULE]
    command += ["--token-label", LABEL, "--cert-label", certificate.label]
    times = [_one_command([*command, str(source), str(target)], target) for _ in range(_BY_COMMAND)]
    best = 1000 * min(times)
    return [Figure(what, best, "ms", None, f"{best / ours:.0f} times ours; starts a Python each")]


def _one_command(command: list[str], target: Path) -> float:
    began = of_children()
    secret = os.environ | {"PYHANKO_PKCS11_PIN": PIN}
    subprocess.run(command, env=secret, check=True, capture_output=True, timeout=120)
    assert target.stat().st_size
    return of_children() - began
