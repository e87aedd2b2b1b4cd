"""Prove on files of others and at length what tests cannot: `./prove NAME [ARGUMENTS]`.

Each proof is a module `prove_<name>` with `add_arguments(parser)` and `run(arguments) -> code`.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

PREFIX = "prove_"


def names() -> list[str]:
    """Return the proofs there are."""
    found = Path(__file__).parent.glob(f"{PREFIX}*.py")
    return sorted(path.stem.removeprefix(PREFIX) for path in found)


def main(words: list[str] | None = None) -> int:
    """Run one proof and return its code; 2 means wrong use."""
    parser = argparse.ArgumentParser(prog="./prove")
    commands = parser.add_subparsers(dest="name", required=True)
    for name in names():
        proof = importlib.import_module(f"tests.prove.{PREFIX}{name}")
        command = commands.add_parser(name, help=(proof.__doc__ or "").splitlines()[0])
        proof.add_arguments(command)
        command.set_defaults(run=proof.run)
    arguments = parser.parse_args(words)
    code: int = arguments.run(arguments)
    return code


if __name__ == "__main__":
    sys.exit(main())
