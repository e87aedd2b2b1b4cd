"""The working day, step by step, through the real windows; each step says what it saw."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sync.server.demo.people import PASSWORD, PIN
from tests.tour.scene import Scene
from tests.tour.stage import Failed, Player

ORDER = "Báo cáo kết quả chuyển đổi số quý IV (mẫu)"
REPLY = "Báo cáo kết quả chuyển đổi số của xã (mẫu)"
BODY = "Nội dung (mỗi đoạn một dòng)"
ORDERED = {
    "Trích yếu": ORDER,
    "Ký hiệu": "UBND-TH",
    BODY: "Ủy ban nhân dân tỉnh yêu cầu Ủy ban nhân dân xã Mường Phăng báo cáo kết quả thực hiện.",
}
REPLIED = {
    "Trích yếu": REPLY,
    "Ký hiệu": "UBND-KT",
    BODY: "Ủy ban nhân dân xã báo cáo: đã lắp đặt thiết bị tại tất cả các bản (mẫu).",
}
INSTRUCTION = "Giao Phòng Kinh tế tham mưu báo cáo (mẫu)."
PATIENCE = 150.0


@dataclass
class Play:
    """What the steps share: the desks, and the evidence they leave."""

    scene: Scene
    pictures: Path
    tell: Callable[[dict[str, Any]], None]
    more: tuple[str, ...] = ()
    desks: dict[str, Player] = field(default_factory=dict)
    stalls: dict[str, float] = field(default_factory=dict)

    def enter(self, pc: str, login: str) -> Player:
        """Start a PC and log a person in."""
        scene = self.scene
        profiles, profile = scene.profiles(pc), scene.profile(login)
        player = Player.enter(pc, profiles, profile, self.pictures, *self.more)
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
        player.ask("stall")

    def switch(self, player: Player, login: str) -> float:
        """Change the person at a PC without closing; return the seconds it took."""
        player.click("Chức danh và người dùng")
        player.until("the menu", lambda: player.ask("menu", text="Đổi người dùng…") is None)
        player.sees("Mật khẩu")
        began = time.monotonic()
        self.log_in(player, login)
        return round(time.monotonic() - began, 2)

    def step(self, name: str, player: Player | None = None, **evidence: Any) -> None:
        """Say what a step showed, with a picture of the window it ended in."""
        row: dict[str, Any] = {"step": name, **evidence}
        if player is not None:
            stall = round(float(player.ask("stall")), 1)
            self.stalls[player.name] = max(stall, self.stalls.get(player.name, 0.0))
            row |= {"desk": player.name, "stall_ms": stall, "picture": player.picture(name)}
        self.tell(row)

    # --- acts that return ------------------------------------------------------------------

    def synced(self, player: Player) -> None:
        """Sync now and wait until nothing waits."""

        def empty() -> bool:
            facts = player.facts()
            waiting = [i for i in facts["outbox"] if i["state"] != "refused"]
            return facts["line"] == "ok" and not waiting

        player.key("F5")
        player.until("an empty outbox", empty, PATIENCE)

    def compose(self, player: Player, words: dict[str, str], signer: str, to: str) -> None:
        """Fill a draft in the decree's form and submit it."""
        for field_name, text in words.items():
            player.type(text, f"{field_name}, bắt buộc")
        player.ask("pick", name="Người ký, bắt buộc", text=signer)
        if to:
            player.type(to, "Thêm nơi nhận")
            player.ask("enter", name="Thêm nơi nhận")
        player.sees("1 nơi nhận")
        self.step(f"draft-{player.name}", player)
        player.click("Trình lãnh đạo")
        player.until("the draft gone", lambda: self._sent(player, "document.submit"))
        self.synced(player)

    def _sent(self, player: Player, command: str) -> bool:
        return any(i["name"] == command for i in player.facts()["outbox"])

    def sign(self, player: Player, subject: str) -> None:
        """Sign what waits in the signing box with the person's token."""
        player.click("Hộp ký số")
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
        player.click("Cấp số & ban hành")
        player.until("the paper", lambda: subject in " ".join(player.ask("names")), PATIENCE)
        player.until("its check", lambda: "hợp lệ" in " ".join(player.ask("names")), PATIENCE)
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


def province_issues(play: Play) -> None:
    """The province's clerk drafts, the chairman signs, the clerk seals and issues."""
    tinh = play.enter("tinh", "vanthu.tinh")
    play.step("province-opens", tinh)
    tinh.click("Dự thảo")
    tinh.click("Soạn dự thảo")
    play.compose(tinh, ORDERED, "Lê Văn Thử", "Ủy ban nhân dân xã Mường Phăng")
    seconds = play.switch(tinh, "chutich.tinh")
    play.step("province-switches", tinh, seconds=seconds)
    play.sign(tinh, ORDER)
    play.switch(tinh, "vanthu.tinh")
    play.synced(tinh)
    play.seal_and_issue(tinh, ORDER)
    play.step("province-issued", tinh)


def commune_registers(play: Play) -> None:
    """The commune's clerk takes the books, registers what came and presents it."""
    xa = play.enter("xa", "vanthu.muongphang")
    for book in ("Văn bản đến",):
        xa.click("Sổ đăng ký")
        xa.choose("Danh sách sổ", book, PATIENCE)
        xa.click("Giữ sổ trên máy này", PATIENCE)
    xa.sees("Trả sổ", PATIENCE)
    play.step("book-leased", xa)
    xa.click("Văn bản đến")
    xa.choose("Văn bản đến", ORDER, PATIENCE)
    xa.until("the page", lambda: "hợp lệ" in " ".join(xa.ask("names")), PATIENCE)
    play.step("arrived-and-checked", xa)
    xa.click("Vào sổ")
    xa.sees("Vào sổ và trình")
    xa.until("the form", lambda: xa.ask("read", name="Trích yếu, bắt buộc"), PATIENCE)
    play.step("register-form", xa)
    xa.click("Vào sổ và trình")
    xa.until("the registration", lambda: play._sent(xa, "document.register"), PATIENCE)
    play.synced(xa)
    play.switch(xa, "chutich.muongphang")
    play.synced(xa)
    xa.click("Sổ đăng ký")
    xa.choose("Danh sách sổ", "Văn bản đi", PATIENCE)
    xa.click("Giữ sổ trên máy này", PATIENCE)
    xa.sees("Trả sổ", PATIENCE)
    play.synced(xa)


def line_cut(play: Play) -> None:
    """The line is cut; the chairman instructs; the PC dies with a full outbox and comes back."""
    xa = play.desks["xa"]
    play.scene.line.cut()
    xa.click("Văn bản đến")
    xa.choose("Văn bản đến", ORDER, PATIENCE)
    xa.click("Bút phê", PATIENCE)
    xa.type(INSTRUCTION, "Nội dung")
    xa.choose("Người và đơn vị", "Vì Thị Ví Dụ", PATIENCE)
    xa.key("Alt+1")
    play.step("instructing-offline", xa)
    xa.key("Ctrl+Return")
    xa.until("the instruction", lambda: play._sent(xa, "document.instruct"), PATIENCE)
    before = xa.facts()["outbox"]
    xa.kill()
    play.step("killed", outbox=before)
    xa = play.enter("xa", "chutich.muongphang")
    after = xa.facts()["outbox"]
    if {i["name"] for i in before} - {i["name"] for i in after}:
        raise Failed(f"acts were lost: {before} became {after}")
    xa.click("Hộp chờ gửi")
    play.step("outbox-kept", xa, outbox=after)
    play.scene.line.mend()
    play.synced(xa)
    play.step("line-back", xa)


def specialist_answers(play: Play) -> None:
    """The specialist reads the instruction, drafts the answer and submits it."""
    desk = play.enter("chuyenvien", "chuyenvien.muongphang")
    desk.click("Văn bản đến")
    desk.choose("Văn bản đến", ORDER, PATIENCE)
    play.step("instructed", desk)
    desk.click("Dự thảo trả lời", PATIENCE)
    play.compose(desk, REPLIED, "Quàng Văn Mẫu", "")
    play.step("answered", desk)


def commune_replies(play: Play) -> None:
    """The chairman signs the answer with its number, the clerk seals and sends it."""
    xa = play.desks["xa"]
    play.synced(xa)
    play.sign(xa, REPLY)
    play.switch(xa, "vanthu.muongphang")
    play.synced(xa)
    play.seal_and_issue(xa, REPLY)
    play.step("reply-sent", xa)


def province_sees(play: Play) -> None:
    """The province sees the reply, with its number and both signatures."""
    tinh = play.desks["tinh"]
    play.synced(tinh)
    tinh.click("Văn bản đến")
    row = tinh.choose("Văn bản đến", REPLY, PATIENCE)
    tinh.until("the check", lambda: "hợp lệ" in " ".join(tinh.ask("names")), PATIENCE)
    play.step("reply-seen", tinh, row=row)


ACTS = (
    province_issues,
    commune_registers,
    line_cut,
    specialist_answers,
    commune_replies,
    province_sees,
)
