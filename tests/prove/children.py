"""Desks in processes of their own, told by lines and answering with lines of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Told:
    """A child that does what a line says and answers each with one."""

    def __init__(self, module: str, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"} | dict(env or {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, *words: str) -> None:
        """Say what to do next."""
        assert self.process.stdin is not None
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()

    def heard(self) -> dict[str, Any]:
        """Wait for the answer; `RuntimeError` where the child has ended instead."""
        assert self.process.stdout is not None
        text = self.process.stdout.readline()
        if not text:
            raise RuntimeError(f"a desk ended with {self.process.wait()}")
        answer: dict[str, Any] = json.loads(text)
        return answer

    def ask(self, *words: str) -> dict[str, Any]:
        """Say what to do and wait until it is done."""
        self.tell(*words)
        return self.heard()

    def kill(self) -> None:
        """End the process at once, as `kill -9` does."""
        self.process.kill()
        self._over()

    def close(self) -> None:
        """Let the child end by itself."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self._over()

    def _over(self) -> None:
        self.process.wait(60)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
