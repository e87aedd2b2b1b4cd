"""Show every widget of the kit and save pictures: `python -m tests.ui.gallery OUT`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer
from PySide6.QtWidgets import QApplication, QSplitter, QWidget

from tests.doubles.runner import InlineRunner
from ui.kit.avatar import Avatar
from ui.kit.badges import TONES, Badge
from ui.kit.banner import Banner
from ui.kit.buttons import Button, Chip, ChipRow, IconButton
from ui.kit.cards import CardList, CardRow
from ui.kit.choice import Check, Choice
from ui.kit.dates import DateField
from ui.kit.dialog import Confirm
from ui.kit.fields import LineEdit, SearchField, TextArea
from ui.kit.form import FormField
from ui.kit.icons import app_icon
from ui.kit.labels import ElidedLabel, Icon, Label, Line, Pane
from ui.kit.layout import Column, Grid, Row, put
from ui.kit.navigation import Navigation, NavItem
from ui.kit.progress import ProgressStrip
from ui.kit.rowmodel import Column as TableColumn
from ui.kit.rowmodel import RowModel
from ui.kit.segments import Segmented
from ui.kit.states import StateStack
from ui.kit.table import Table
from ui.kit.theme import install, theme
from ui.kit.timeline import Timeline, TimelineItem
from ui.kit.toast import ToastHost

CARDS = (
    CardRow(
        "UBND tỉnh Điện Biên",
        "Hôm nay 08:12",
        "Đẩy nhanh tiến độ giải ngân vốn đầu tư công 6 tháng cuối năm 2026",
        "1024",
        "4512/UBND-TH",
        (("Hỏa tốc", "bad"), ("16:00 hôm nay", "warn")),
        "ok",
        "2 chữ ký hợp lệ",
        "chờ gửi",
        unread=True,
    ),
    CardRow(
        "Sở Khoa học và Công nghệ",
        "Hôm nay 07:55",
        "Rà soát, cài đặt phần mềm phòng, chống mã độc tập trung trên máy trạm của cán bộ, công chức cấp xã",
        "1023",
        "1187/SKHCN-CĐS",
        (("Còn 2 ngày", "warn"),),
        "ok",
        unread=True,
    ),
    CardRow(
        "Sở Nội vụ",
        "19/11",
        "Hướng dẫn đánh giá, xếp loại chất lượng cán bộ, công chức, viên chức năm 2026",
        "1019",
        "2203/SNV-CCVC",
        (("Còn 6 ngày", "neutral"),),
        "ok",
    ),
    CardRow(
        "Công an tỉnh",
        "18/11",
        "Phối hợp làm sạch dữ liệu dân cư",
        "1011",
        "890/CAT-QLHC",
        (("Quá hạn 1 ngày", "bad"),),
        "warn",
    ),
    CardRow(
        "UBND tỉnh Điện Biên",
        "18/11",
        "Thông báo kết luận của Chủ tịch UBND tỉnh tại phiên họp thường kỳ tháng 11",
        "1008",
        "398/TB-UBND",
        (("Để biết", "neutral"),),
        "bad",
    ),
)
NAV = (
    NavItem("mine", "check-square", "Việc của tôi", 12),
    NavItem("in", "inbox", "Văn bản đến", 7),
    NavItem("out", "send", "Văn bản đi"),
    NavItem("dossiers", "folder", "Hồ sơ công việc"),
    NavItem("one", "house", "Một cửa", 4),
    NavItem("sign", "pen", "Hộp ký số", 3),
    NavItem("cal", "calendar", "Lịch công tác"),
    NavItem("tasks", "list", "Nhiệm vụ được giao", 5),
    NavItem("rep", "chart", "Báo cáo KT-XH", 0, "Điều hành"),
    NavItem("safe", "shield", "An toàn máy trạm", 0, "Điều hành"),
    NavItem("learn", "graduation", "Đào tạo", 0, "Điều hành"),
)
STEPS = (
    TimelineItem("Trục liên thông", "", "08:05 · tự động báo “Đã đến”"),
    TimelineItem("Lò Thị Mai", "vào sổ số 1024", "08:12"),
    TimelineItem(
        "Tôi",
        "bút phê",
        "08:20 · chờ gửi",
        note="Giao Phòng Kinh tế chủ trì, Văn phòng phối hợp. Báo cáo trước 16 giờ.",
        pending=True,
    ),
    TimelineItem("Phòng Kinh tế", "xử lý chính", "hạn 16:00", done=False),
    TimelineItem("Văn phòng", "phối hợp", "hạn 16:00", done=False),
)


LONG = "Một dòng rất dài "


def rows_model(columns: Sequence[TableColumn] = ()) -> RowModel:
    """Return a model of 100,000 sample rows."""
    model = RowModel(
        InlineRunner(), columns, key=lambda row: row[0], describe=lambda row: row[1].spoken()
    )
    model.load(
        lambda: 100_000,
        lambda offset, limit: [(n, CARDS[n % 5]) for n in range(offset, offset + limit)],
    )
    return model


def desk() -> QWidget:
    """Return three panes as in the target picture."""
    window = QSplitter()
    window.addWidget(_side())
    window.addWidget(_middle())
    window.addWidget(_reader())
    window.setChildrenCollapsible(False)
    window.setSizes([theme().px(212), theme().px(370), theme().px(784)])
    return put(Pane("bg"), Column(window, gap=0))


def _side() -> QWidget:
    side = Pane("bg")
    nav = Navigation("Nơi làm việc")
    nav.set_items(NAV)
    nav.select("in")
    who = Row(
        Avatar("Quàng Văn Mẫu"),
        Column(Label("Quàng Văn Mẫu"), Label("Chủ tịch UBND xã", "faint"), gap=0),
        None,
        margins=(8, 4, 0, 4),
    )
    head = Row(
        Icon("hoa-ban", 28),
        Column(Label("Hoa Ban", "strong"), Label("UBND xã Mường Phăng", "faint"), gap=0),
        None,
    )
    side.setLayout(
        Column(
            head,
            SearchField("Lệnh", "Tìm hoặc gõ lệnh…", shortcut="Ctrl+K"),
            nav,
            Line(),
            who,
            margins=(8, 10, 8, 8),
        )
    )
    return side


def _middle() -> QWidget:
    middle = Pane("panel")
    chips = ChipRow(
        {"unread": "Chưa đọc", "late": "Quá hạn", "today": "Hôm nay", "urgent": "Hỏa tốc"}
    )
    chips.set_counts({"unread": 7, "late": 2})
    chips.set_on(frozenset({"unread"}))
    cards = CardList(rows_model(), lambda row: row[1], "Văn bản đến")
    cards.select(0)
    top = Column(
        Row(Label("Văn bản đến", "title"), None, Label("chờ tôi 7 · bảng", "secondary")),
        SearchField("Lọc", "Lọc theo số, trích yếu, cơ quan…", shortcut="Ctrl+F"),
        chips,
        margins=(14, 10, 14, 8),
    )
    middle.setLayout(Column(top, Line(), cards, gap=0))
    return middle


def _reader() -> QWidget:
    reader = Pane("panel")
    banner = Banner()
    banner.show_text(
        "nội dung không thay đổi sau khi ký · dấu thời gian 20/11/2026 08:03:41",
        "ok",
        "Chi tiết",
        strong="2 chữ ký hợp lệ",
    )
    line = Timeline("Luồng xử lý")
    line.set_items(STEPS)
    line.setFixedWidth(theme().px(230))
    states = StateStack(QWidget())
    states.show_empty(
        "Không có tệp PDF", "Văn bản này chưa có bản điện tử.", "file", "Đính kèm tệp"
    )
    buttons = Row(
        Button("Bút phê", "primary", shortcut="Ctrl+B"),
        Button("Phân công", shortcut="Alt+1"),
        Button("Dự thảo trả lời"),
        Button("Để biết", shortcut="Alt+3"),
        Button("Trả lại"),
        None,
        Label("F8 đọc toàn màn hình", "secondary"),
        margins=(14, 9, 14, 9),
    )
    foot = Pane("footer")
    foot.setLayout(buttons)
    title = Column(
        Label("Đẩy nhanh tiến độ giải ngân vốn đầu tư công 6 tháng cuối năm 2026", "title"),
        Label("Số đến 1024 · Số, ký hiệu 4512/UBND-TH", "secondary"),
        banner,
        margins=(16, 10, 16, 10),
    )
    side = Column(Label("Luồng xử lý", "section"), line, margins=(14, 12, 8, 0))
    reader.setLayout(
        Column(title, Line(), Row(states, Line(vertical=True), side, gap=0), foot, gap=0)
    )
    return reader


def parts() -> QWidget:
    """Return the single widgets."""
    board = Pane("bg")
    chips = Row(
        Chip("Quá hạn", 1234),
        *[Badge(tone, tone) for tone in TONES],
        Badge("2 chữ ký hợp lệ", "ok", "shield-check"),
        None,
    )
    progress = ProgressStrip("Đang ký 3/4")
    progress.set_progress(3, 4, "còn 2 giây · PIN nhập một lần")
    checks = Row(Check("Bản giấy", checked=True), Check("Chỉ việc của tôi"), None)
    banners = [
        Banner(
            "Có thể trùng với văn bản đến số 1024: cùng số, ký hiệu và ngày.", "warn", "Xem hai bản"
        ),
        Banner("Chữ ký không hợp lệ: nội dung đã bị thay đổi sau khi ký.", "bad", "Chi tiết"),
        Banner("Số này do máy của bạn giữ.", "info"),
    ]
    board.setLayout(
        Column(
            _buttons(),
            chips,
            _form(),
            Segmented(
                "Độ khẩn", {"a": "Thường", "b": "Khẩn", "c": "Thượng khẩn", "d": "Hỏa tốc"}, "d"
            ),
            TextArea("Ý kiến", "", "Nội dung bút phê…", lines=3),
            checks,
            *banners,
            progress,
            ElidedLabel(LONG * 12),
            _table(),
            margins=(16, 16, 16, 16),
        )
    )
    return board


def _form() -> Grid:
    issuer = LineEdit("Cơ quan", "Ủy ban nhân dân tỉnh Điện Biên")
    issuer.set_badge("đọc từ trang 1 · Enter để nhận")
    wrong = FormField("Số, ký hiệu", LineEdit("Số", "4512"), required=True)
    wrong.set_error("Số, ký hiệu cần có cả ký hiệu, ví dụ 4512/UBND-TH.")
    due = DateField("Hạn", date(2026, 11, 20))
    due.set_badge("còn 5 giờ 30", "warn")
    form = Grid()
    form.addWidget(FormField("Cơ quan ban hành", issuer, required=True), 0, 0, 1, 2)
    form.addWidget(wrong, 1, 0)
    form.addWidget(FormField("Ngày văn bản", due, required=True), 1, 1)
    form.addWidget(
        FormField("Tên loại", Choice("Loại", {"cv": "Công văn", "qd": "Quyết định"})), 2, 0
    )
    form.addWidget(FormField("Số đến", LineEdit("Số đến", "1025", read_only=True)), 2, 1)
    return form


def _buttons() -> Row:
    off = Button("Không được phép")
    off.setEnabled(False)
    return Row(
        Button("Vào sổ và trình", "primary", shortcut="Ctrl+Return"),
        Button("Vào sổ", shortcut="Ctrl+S"),
        Button("Tải lại", "ghost", icon="refresh"),
        Button("Hủy số", "danger"),
        off,
        Button("Xem hai bản", "link"),
        IconButton("settings", "Cài đặt"),
        None,
    )


def _table() -> QWidget:
    columns = (
        TableColumn("Số đến", lambda row: row[1].number, 70, "right", bold=lambda _: True),
        TableColumn("Ngày đến", lambda row: row[1].date, 110),
        TableColumn("Số, ký hiệu", lambda row: row[1].notation, 130),
        TableColumn(
            "Hạn", lambda row: row[1].badges[0][0], 120, tone=lambda row: row[1].badges[0][1]
        ),
        TableColumn("Trích yếu", lambda row: row[1].subject, 300),
    )
    table = Table(rows_model(columns), "Sổ văn bản đến")
    table.select(1)
    table.setMinimumHeight(theme().px(170))
    return table


def settle(milliseconds: int = 60) -> None:
    """Let Qt lay out and paint."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def main(out: Path) -> None:
    """Save every picture."""
    app = QApplication.instance() or QApplication([])
    out.mkdir(parents=True, exist_ok=True)
    for mode, scale in (("light", 100), ("dark", 100), ("light", 200), ("dark", 150)):
        install(app, mode, scale)
        window = desk()
        window.setWindowIcon(app_icon())
        window.resize(
            theme().px(1366) if scale == 100 else 2000, theme().px(690) if scale == 100 else 1300
        )
        window.show()
        toasts = ToastHost(window)
        toasts.show_toast("Đã bút phê văn bản số 1024", undo=lambda: None, tone="ok")
        settle()
        window.grab().save(str(out / f"desk-{mode}-{scale}.png"))
        board = parts()
        board.resize(theme().px(820), theme().px(900))
        board.show()
        settle()
        board.grab().save(str(out / f"parts-{mode}-{scale}.png"))
        ask = Confirm(
            "Hủy số 1024?",
            "Số đã hủy không dùng lại được; sổ ghi lý do hủy.",
            "Hủy số",
            danger=True,
        )
        ask.show()
        settle()
        ask.grab().save(str(out / f"dialog-{mode}-{scale}.png"))
        for shown in (window, board, ask):
            shown.close()
            shown.deleteLater()
        QCoreApplication.processEvents()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
