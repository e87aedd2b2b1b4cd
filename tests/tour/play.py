"""What the acts of the day share: desks, people who come and go, evidence, pictures."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sync.server.demo.people import PASSWORD, PIN
from tests.tour.scene import Scene
from tests.tour.stage import Failed, Player

PATIENCE = 150.0


@dataclass
class Play:
    """The desks of the day, and the evidence they leave."""

    scene: Scene
    pictures: Path
    tell: Callable[[dict[str, Any]], None]
    desks: dict[str, Player] = field(default_factory=dict)
    stalls: list[dict[str, float]] = field(default_factory=list)

    def enter(self, pc: str, login: str) -> Player:
        """Start a PC and log a person in."""
        scene = self.scene
        profiles, profile = scene.profiles(pc), scene.profile(login)
        taken = self.desks[pc].taken if pc in self.desks else []
        player = Player.enter(pc, profiles, profile, self.pictures)
        player.taken = taken
        self.desks[pc] = player
        self.log_in(player, login)
        return player

    def log_in(self, player: Player, login: str) -> None:
        """Choose a person of this PC and type the password."""
        pick = {"name": "Người dùng", "text": login}
        player.until("the list of people", lambda: player.ask("pick", **pick) is None)
        player.type(PASSWORD, "Mật khẩu")
        player.click("Mở")
        player.until("the desk", lambda: player.facts()["screen"] != "login", PATIENCE)

    def switch(self, player: Player, login: str) -> float:
        """Change the person at a PC without closing; return the seconds it took."""
        player.click("Chức danh và người dùng")
        player.until("the menu", lambda: player.ask("menu", text="Đổi người dùng…") is None)
        player.sees("Mật khẩu")
        began = time.monotonic()
        self.log_in(player, login)
        return round(time.monotonic() - began, 2)

    def longest_stall(self) -> dict[str, float]:
        """Return the longest stall of the day, with the processor times that went with it."""
        return max(self.stalls, key=lambda stall: stall["wall"], default={})

    def step(self, name: str, player: Player | None = None, **evidence: Any) -> None:
        """Say what a step showed, with a picture of the window it ended in."""
        row: dict[str, Any] = {"step": name, **evidence}
        if player is not None:
            stall = player.ask("stall")
            self.stalls.append(stall)
            row |= {"desk": player.name, "stall_ms": stall, "picture": player.picture(name)}
        self.tell(row)

    def failed(self, why: str) -> None:
        """Say why the day stopped, with a picture of every desk that still answers."""
        pictures = []
        for player in self.desks.values():
            with suppress(Failed, OSError):
                pictures.append(player.picture("failed"))
        self.tell({"step": "failed", "why": why, "pictures": pictures})

    # --- acts that return ------------------------------------------------------------------

    def synced(self, player: Player) -> None:
        """Sync now and wait until nothing waits."""

        def empty() -> bool:
            facts = player.facts()
            waiting = [i for i in facts["outbox"] if i["state"] != "refused"]
            return facts["line"] == "ok" and not waiting

        player.key("F5")
        player.until("an empty outbox", empty, PATIENCE)

    def lease(self, player: Player, book: str) -> None:
        """Take a register onto this machine."""
        player.go("Sổ đăng ký")
        player.choose("Danh sách sổ", book, PATIENCE)
        player.click("Giữ sổ trên máy này", PATIENCE)
        player.sees("Trả sổ", PATIENCE)
        self.synced(player)

    def open_incoming(self, player: Player, subject: str, verdict: str = "") -> str:
        """Open a document of the incoming list; return what its row says."""
        player.go("Văn bản đến")
        said = player.choose("Văn bản đến", subject, PATIENCE)
        if verdict:
            player.shows(verdict, PATIENCE)
        return said

    def register(self, player: Player, subject: str) -> int:
        """Register a document of the incoming list and present it; return its number."""
        player.click("Vào sổ", PATIENCE)
        player.until(
            "the form", lambda: subject in player.ask("read", name="Trích yếu, bắt buộc"), PATIENCE
        )
        number = int(player.until("the number", lambda: player.ask("read", name="Số đến")))
        self.step(f"register-{number}", player)
        before = self._count(player, "document.register")
        player.click("Vào sổ và trình")
        player.until(
            "the registration", lambda: self._count(player, "document.register") > before, PATIENCE
        )
        return number

    def compose(self, player: Player, words: dict[str, str], signer: str, to: str) -> None:
        """Fill a draft in the decree's form and submit it."""
        for field_name, text in words.items():
            player.type(text, f"{field_name}, bắt buộc")
        player.ask("pick", name="Người ký, bắt buộc", text=signer)
        if to:
            player.type(to, "Thêm nơi nhận")
            player.until("the recipient", lambda: self._taken(player))
        player.sees("1 nơi nhận")
        self.step(f"draft-{player.name}", player)
        player.click("Trình lãnh đạo")
        player.until("the draft gone", lambda: self._sent(player, "document.submit"))
        self.synced(player)

    @staticmethod
    def _taken(player: Player) -> bool:
        """Press Enter; the first one may only close the list of what was meant."""
        if not player.ask("see", name="1 nơi nhận"):
            player.ask("enter", name="Thêm nơi nhận")
        return bool(player.ask("see", name="1 nơi nhận"))

    def sign(self, player: Player, subject: str) -> None:
        """Sign what waits in the signing box with the person's token."""
        player.go("Hộp ký số")
        player.choose("Văn bản chờ tôi ký", subject, PATIENCE)
        self.step(f"to-sign-{player.name}", player)
        player.click("Ký số", PATIENCE)
        player.sees("Mã PIN", PATIENCE)
        self.step(f"pin-{player.name}", player)
        player.type(PIN, "Mã PIN, bắt buộc")
        player.click("Ký")
        player.until(
            "the signature", lambda: self._sent(player, "document.attach_signature"), PATIENCE
        )
        self.step(f"signed-{player.name}", player)
        self.synced(player)

    def seal_and_issue(self, player: Player, subject: str) -> None:
        """Put the agency's seal and issue, as the clerk."""
        player.go("Cấp số & ban hành")
        player.shows(subject, PATIENCE)
        player.shows("hợp lệ", PATIENCE)
        player.click("Đóng dấu", PATIENCE)
        player.sees("Mã PIN", PATIENCE)
        player.type(PIN, "Mã PIN, bắt buộc")
        player.click("Ký")
        player.until("the seal", lambda: self._sent(player, "document.seal"), PATIENCE)
        self.step(f"sealed-{player.name}", player)
        player.click("Ban hành", PATIENCE)
        player.sees("Ban hành văn bản?")
        self.step(f"issuing-{player.name}", player)
        player.ask("enter_default")
        player.until("the issue", lambda: self._sent(player, "document.issue"), PATIENCE)
        self.synced(player)

    def _count(self, player: Player, command: str) -> int:
        facts = player.facts()
        return sum(i["name"] == command for i in facts["outbox"]) + facts["sent"].count(command)

    def _sent(self, player: Player, command: str) -> bool:
        return self._count(player, command) > 0

    def waits(self, player: Player, command: str) -> None:
        """Wait until an act stands in the outbox."""
        player.until(command, lambda: self._sent(player, command), PATIENCE)
