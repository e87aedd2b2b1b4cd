"""Answers kept on this PC: found again by what was asked, bounded in size and age."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from app.kernel.clock import FixedClock, SystemClock
from app.kernel.ports import HttpReply
from signing.trust.cache import MAX_ENTRY, KeepingHttp, StatusCache

URL = "http://127.0.0.1:9/list"


def kept_after(folder: Path, age: timedelta) -> bytes | None:
    later = FixedClock(SystemClock().now() + age)
    held = StatusCache(folder, later).kept("GET", URL, b"")
    return None if held is None else held[0]


def test_it_gives_back_what_was_asked_and_nothing_else(tmp_path: Path) -> None:
    cache = StatusCache(tmp_path, SystemClock())
    cache.keep("POST", URL, b"a", b"\x30\x01")
    held = cache.kept("POST", URL, b"a")
    assert held is not None
    assert held[0] == b"\x30\x01"
    assert cache.kept("POST", URL, b"b") is None
    assert cache.kept("GET", URL, b"a") is None


def test_a_portals_page_and_what_is_too_large_are_not_kept(tmp_path: Path) -> None:
    cache = StatusCache(tmp_path, SystemClock())
    cache.keep("GET", URL, b"", b"\x30good")
    cache.keep("GET", URL, b"", b"<html>")
    cache.keep("GET", URL, b"", b"\x30" * (MAX_ENTRY + 1))
    assert kept_after(tmp_path, timedelta(0)) == b"\x30good"


def test_the_old_is_forgotten(tmp_path: Path) -> None:
    StatusCache(tmp_path, SystemClock()).keep("GET", URL, b"", b"\x30")
    assert kept_after(tmp_path, timedelta(days=59)) == b"\x30"
    assert kept_after(tmp_path, timedelta(days=61)) is None
    assert list(tmp_path.iterdir()) == []


def test_the_oldest_make_room(tmp_path: Path) -> None:
    cache = StatusCache(tmp_path, SystemClock(), max_total=3000)
    for number in range(5):
        cache.keep("GET", f"{URL}{number}", b"", b"\x30" * 1000)
        for path in tmp_path.iterdir():
            os.utime(path, ns=(path.stat().st_mtime_ns - 10**9,) * 2)
    held = [n for n in range(5) if cache.kept("GET", f"{URL}{n}", b"")]
    assert held == [3, 4]


def test_a_broken_entry_is_forgotten(tmp_path: Path) -> None:
    cache = StatusCache(tmp_path, SystemClock())
    cache.keep("GET", URL, b"", b"\x30")
    (entry,) = tmp_path.iterdir()
    entry.write_bytes(b"no time\n\x30")
    assert cache.kept("GET", URL, b"") is None
    assert not entry.exists()


def test_a_disk_that_refuses_costs_no_check(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    StatusCache(tmp_path / "file", SystemClock()).keep("GET", URL, b"", b"\x30")
    assert (tmp_path / "file").read_text() == ""


def test_time_stamps_and_refusals_are_never_kept(tmp_path: Path) -> None:
    class Answers:
        status = 200

        def request(self, *_: object, **__: object) -> HttpReply:
            return HttpReply(self.status, {}, b"\x30")

    cache, line = StatusCache(tmp_path, SystemClock()), Answers()
    asked = KeepingHttp(line, cache)
    asked.request("POST", URL, headers={"Content-Type": "application/timestamp-query"})
    line.status = 404
    asked.request("GET", URL)
    assert list(tmp_path.iterdir()) == []
    line.status = 200
    asked.request("GET", URL)
    assert len(list(tmp_path.iterdir())) == 1
