"""The words of synthetic documents, and the hundred queries that search is measured with."""

from __future__ import annotations

import random

TYPES = (
    ("CV", "Công văn"), ("BC", "Báo cáo"), ("KH", "Kế hoạch"), ("TTR", "Tờ trình"),
    ("QD", "Quyết định"), ("TB", "Thông báo"), ("GM", "Giấy mời"),
)  # fmt: skip
NOTATIONS = ("UBND-VX", "UBND-KT", "STC-NS", "SKHCN-VP", "BC-UBND", "KH-UBND", "QĐ-UBND")
ISSUERS = (
    "UBND tỉnh (mẫu)", "Sở Tài chính (mẫu)", "Sở Khoa học và Công nghệ (mẫu)",
    "Sở Nội vụ (mẫu)", "Công an tỉnh (mẫu)", "Xã láng giềng (mẫu)",
)  # fmt: skip
_VERBS = (
    "rà soát", "triển khai", "báo cáo", "kiểm tra", "phối hợp", "đề xuất", "thống kê", "đăng ký",
    "phê duyệt", "điều chỉnh", "bổ sung", "tổng kết", "hướng dẫn", "đôn đốc", "góp ý", "công khai",
)  # fmt: skip
_MATTERS = (
    "hộ nghèo", "hộ cận nghèo", "đường giao thông", "nông thôn mới", "trường học bán trú",
    "tiêm chủng", "phòng cháy rừng", "dự toán ngân sách", "đầu tư công", "đất ở", "nước sạch",
    "chuyển đổi số", "cải cách hành chính", "tiếp công dân", "đơn thư khiếu nại", "lễ hội",
    "di sản văn hóa", "du lịch cộng đồng", "chăn nuôi", "dịch tả lợn", "cây mắc ca", "cà phê",
    "thủy lợi", "sạt lở", "bão lũ", "hộ tịch", "căn cước", "bảo hiểm y tế", "việc làm",
    "xuất khẩu lao động", "trẻ em", "người cao tuổi", "bình đẳng giới", "an toàn thực phẩm",
    "vệ sinh môi trường", "rác thải", "điện lưới", "viễn thông", "bưu chính", "thi đua",
    "khen thưởng", "kỷ luật", "biên chế", "tiền lương", "đào tạo", "bồi dưỡng", "tuyển dụng",
    "kiểm kê tài sản", "mua sắm", "đấu thầu",
)  # fmt: skip
_PLACES = (
    "bản Mẫu Một", "bản Mẫu Hai", "bản Mẫu Ba", "khu phố Mẫu", "cụm xã phía bắc", "vùng lòng hồ",
    "vùng cao", "biên giới", "trung tâm xã", "các thôn bản",
)  # fmt: skip
_TIMES = ("quý I", "quý II", "quý III", "quý IV", "sáu tháng đầu", "chín tháng đầu", "tháng này")
# Syllables that make a word rare: 64 × 64 pairs.
_HEADS = tuple(
    f"{a}{b}" for a in "bcdghklm" for b in ("an", "ân", "en", "im", "ôn", "ung", "ươn", "ai")
)


def subject(rnd: random.Random) -> str:
    """Return one synthetic subject: a head that most share, a matter, a place, a rare name."""
    head = "Về việc" if rnd.randrange(10) < 7 else "V/v"
    rare = f"{rnd.choice(_HEADS)} {rnd.choice(_HEADS)}".title()
    return (
        f"{head} {rnd.choice(_VERBS)} {rnd.choice(_MATTERS)} {rnd.choice(_TIMES)} năm"
        f" {rnd.choice((2024, 2025, 2026))} tại {rnd.choice(_PLACES)} trên địa bàn {rare}"
    )


# Each of these ten occurs in more than half of all documents.
COMMON = (
    "về việc", "ve viec", "năm", "nam", "trên địa bàn", "tren dia ban", "tại", "việc năm",
    "mẫu", "ve viec nam",
)  # fmt: skip


def queries() -> tuple[str, ...]:
    """Return a hundred queries as people type them: with tones and without, whole and begun."""
    rnd = random.Random(7)
    made = list(COMMON)
    made += [_MATTERS[n] for n in range(0, 40, 2)]
    made += [f"{_VERBS[n % 16]} {_MATTERS[n]}" for n in range(20)]
    made += [plain for n in range(1, 30, 2) for plain in [_MATTERS[n].split()[0][:3]]]
    made += [f"{rnd.choice(_HEADS)} {rnd.choice(_HEADS)}" for _ in range(15)]
    made += [f"{n * 37 % 9000}" for n in range(1, 11)]
    made += ["khongco", "không có đâu", "zzz", "xyz năm", "mau xyz"]
    made += ["cao bang ho ngheo", "ho ngheo", "duong giao thong", "nuoc sach", "dau tu cong"]
    return tuple(made[:100])
