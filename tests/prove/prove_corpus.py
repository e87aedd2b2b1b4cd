"""Sign every PDF of a folder, check each with two programs, and say how many could be signed."""

from __future__ import annotations

import argparse
import hashlib
import json
import queue
import select
import socket
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sync.server.demo.authority import DemoAuthority

SECONDS = 60.0
GOAL = 97.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the folder of files, and how to answer."""
    parser.add_argument("--files", type=Path, required=True, metavar="DIR", help="PDFs of others")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes at once")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="only the first N files")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Sign them all; 1 when fewer than the goal of the signable ones were signed."""
    files = distinct(arguments.files)[: arguments.limit or None]
    with tempfile.TemporaryDirectory(prefix="prove_") as folder:
        authority = DemoAuthority.create(
            Path(folder) / "ca", [("prove", "Người Thử Mẫu")], [("prove", "MẪU")], port=_port()
        )
        authority.anchors(Path(folder) / "trust")
        with authority.serve():
            answers = attempt_all(files, Path(folder), arguments.jobs)
    figures = summary(answers)
    named = {
        str(path.relative_to(arguments.files)): answer
        for path, answer in sorted(answers.items())
        if answer["outcome"] == "failed"
    }
    if arguments.json:
        print(json.dumps({"name": "corpus", **figures, "failed_files": named}, ensure_ascii=False))
    else:
        print_summary(figures, named)
    return 0 if figures["percent"] >= GOAL else 1


def distinct(folder: Path) -> list[Path]:
    """Return every PDF under a folder once, however many packages bring it."""
    seen: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() == ".pdf" and path.is_file():
            seen.setdefault(hashlib.sha256(path.read_bytes()).hexdigest(), path)
    return list(seen.values())


def attempt_all(files: list[Path], folder: Path, jobs: int) -> dict[Path, dict[str, Any]]:
    """Return what came of each file; a process that dies or hangs costs that file only."""
    waiting: queue.SimpleQueue[Path] = queue.SimpleQueue()
    for path in files:
        waiting.put(path)
    answers: dict[Path, dict[str, Any]] = {}
    threads = [
        threading.Thread(target=lambda: answers.update(_attempts(waiting, folder)))
        for _ in range(jobs)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _attempts(
    waiting: queue.SimpleQueue[Path], folder: Path
) -> Iterator[tuple[Path, dict[str, Any]]]:
    child = _child(folder)
    try:
        while not waiting.empty():
            try:
                path = waiting.get_nowait()
            except queue.Empty:
                break
            answer = _ask(child, path)
            if answer is None:
                _end(child)
                child = _child(folder)
                answer = {"outcome": "failed", "detail": "crash or time", "warnings": []}
            yield path, answer
    finally:
        _end(child)


def _child(folder: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-W", "ignore", "-m", "tests.prove.signing_child", str(folder)]
    return subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def _ask(child: subprocess.Popen[bytes], path: Path) -> dict[str, Any] | None:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(json.dumps(str(path)).encode() + b"\n")
    child.stdin.flush()
    ready, _, _ = select.select([child.stdout], [], [], SECONDS)
    line = child.stdout.readline() if ready else b""
    return json.loads(line) if line else None


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.communicate()


def summary(answers: dict[Path, dict[str, Any]]) -> dict[str, Any]:
    """Return the counts, and the part of the signable files that were signed, in per cent."""
    outcomes = Counter(answer["outcome"] for answer in answers.values())
    signable = outcomes["signed"] + outcomes["failed"]
    return {
        "files": len(answers),
        "signed": outcomes["signed"],
        "repaired": sum("pdf_repaired" in answer["warnings"] for answer in answers.values()),
        "refused": outcomes["refused"],
        "failed": outcomes["failed"],
        "percent": round(100 * outcomes["signed"] / signable, 2) if signable else 0.0,
        "refusals": dict(_details(answers, "refused")),
        "failures": dict(_details(answers, "failed")),
    }


def _details(answers: dict[Path, dict[str, Any]], outcome: str) -> list[tuple[str, int]]:
    found = (a["detail"] for a in answers.values() if a["outcome"] == outcome)
    return Counter(found).most_common()


def print_summary(figures: dict[str, Any], named: dict[str, dict[str, Any]]) -> None:
    """Print the figures and the failures for people."""
    for path, answer in named.items():
        print(f"FAILED {path}: {answer['detail']}")
    for kind in ("refusals", "failures"):
        for detail, count in figures[kind].items():
            print(f"{kind:<9} {count:>5}  {detail}")
    print(
        f"{figures['files']} files: {figures['signed']} signed and found valid by both "
        f"({figures['repaired']} after a repair), {figures['refused']} rightly refused, "
        f"{figures['failed']} failed: {figures['percent']} % of the signable (goal {GOAL} %)"
    )


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
