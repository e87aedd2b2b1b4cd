"""The working day, act by act, through the real windows; each step says what it saw."""

from __future__ import annotations

from tests.tour import proof
from tests.tour.play import PATIENCE, Play
from tests.tour.stage import Failed, Player

ORDER = "Báo cáo kết quả chuyển đổi số quý IV (mẫu)"
REPLY = "Báo cáo kết quả chuyển đổi số của xã (mẫu)"
# It waits in the demonstration's commune, not registered yet
OTHER = "Đẩy nhanh tiến độ giải ngân vốn đầu tư công"
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
CLERK, CHAIRMAN = "vanthu.muongphang", "chutich.muongphang"
SPECIALIST = "Vì Thị Ví Dụ"


def province_issues(play: Play) -> None:
    """The province's clerk drafts, the chairman signs, the clerk seals and issues."""
    tinh = play.enter("tinh", "vanthu.tinh")
    play.step("province-opens", tinh)
    tinh.go("Dự thảo")
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
    """The commune's people take their books; the clerk registers what came and presents it."""
    xa = play.enter("xa", CLERK)
    play.lease(xa, "Văn bản đến")
    play.step("book-leased", xa)
    play.open_incoming(xa, ORDER, "hợp lệ")
    play.step("arrived-and-checked", xa)
    number = play.register(xa, ORDER)
    play.synced(xa)
    play.step("registered", xa, number=number)
    play.switch(xa, CHAIRMAN)
    play.lease(xa, "Văn bản đi")
    play.open_incoming(xa, ORDER, "hợp lệ")
    play.step("presented", xa)


def line_cut(play: Play) -> None:
    """The line is cut; the clerk registers, the chairman instructs; the PC dies and comes back."""
    xa = play.desks["xa"]
    play.switch(xa, CLERK)
    play.scene.line.cut()
    xa.key("F5")
    xa.until("noticing the cut", lambda: xa.facts()["line"] == "offline", PATIENCE)
    play.open_incoming(xa, OTHER)
    number = play.register(xa, OTHER)
    play.step("registered-offline", xa, number=number, outbox=_waiting(xa))
    play.switch(xa, CHAIRMAN)
    play.open_incoming(xa, ORDER)
    xa.click("Bút phê", PATIENCE)
    xa.type(INSTRUCTION, "Nội dung")
    xa.click(f"Xử lý chính: {SPECIALIST}", PATIENCE)
    play.step("instructing-offline", xa)
    xa.key("Ctrl+Return")
    play.waits(xa, "document.instruct")
    before = _waiting(xa)
    xa.kill()
    play.tell({"step": "killed", "outbox": before})
    _come_back(play, before)


def _come_back(play: Play, before: list[str]) -> None:
    xa = play.enter("xa", CHAIRMAN)
    xa.go("Hộp chờ gửi")
    after = _waiting(xa)
    play.step("outbox-kept", xa, outbox=after)
    if before != after:
        raise Failed(f"acts were lost: {before} became {after}")
    play.scene.line.mend()
    play.synced(xa)
    play.switch(xa, CLERK)
    if "document.register" not in _waiting(xa) + xa.facts()["sent"]:
        raise Failed("the clerk's offline registration was lost")
    play.synced(xa)
    play.step("line-back", xa)


def specialist_answers(play: Play) -> None:
    """The specialist reads the instruction, drafts the answer and submits it."""
    desk = play.enter("chuyenvien", "chuyenvien.muongphang")
    play.open_incoming(desk, ORDER, "hợp lệ")
    desk.shows(INSTRUCTION)
    play.step("instructed", desk)
    desk.click("Dự thảo trả lời", PATIENCE)
    play.compose(desk, REPLIED, "Quàng Văn Mẫu", "")
    play.step("answered", desk)


def commune_replies(play: Play) -> None:
    """The chairman signs the answer with its number, the clerk seals and sends it."""
    xa = play.desks["xa"]
    play.switch(xa, CHAIRMAN)
    play.synced(xa)
    play.sign(xa, REPLY)
    play.switch(xa, CLERK)
    play.synced(xa)
    play.seal_and_issue(xa, REPLY)
    play.step("reply-sent", xa)


def province_sees(play: Play) -> None:
    """The province sees the reply, with its number and both signatures."""
    tinh = play.desks["tinh"]
    play.synced(tinh)
    row = play.open_incoming(tinh, REPLY, "hợp lệ")
    play.step("reply-seen", tinh, row=row)
    tinh.go("Văn bản đi")
    tinh.choose("Danh sách văn bản đi", ORDER, PATIENCE)
    play.step("order-answered", tinh)


def proved(play: Play) -> None:
    """Both papers hold, for us and for a program that is not ours; their forgeries do not."""
    papers = proof.papers(play.scene, (ORDER, REPLY), play.pictures.parent / "papers")
    for paper in papers:
        play.tell({"step": "verified", **proof.verified(play.scene, paper)})
    xa = play.desks["xa"]
    xa.go("Xác thực chữ ký")
    for paper in papers:
        for kind, path in proof.forgeries(paper).items():
            xa.ask("drop", path=str(path))
            xa.shows(path.name, PATIENCE)
            xa.shows("không hợp lệ", PATIENCE)
            play.step(f"forgery-{kind}", xa, paper=paper.symbol, verdict="invalid")


def _waiting(player: Player) -> list[str]:
    return [i["name"] for i in player.facts()["outbox"]]


ACTS = (
    province_issues,
    commune_registers,
    line_cut,
    specialist_answers,
    commune_replies,
    province_sees,
    proved,
)
