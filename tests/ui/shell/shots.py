"""Save pictures of the shell and its small pages: `python -m tests.ui.shell.shots OUT`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from app.bulletins.commands import Publish, Withdraw
from app.kernel.clock import SystemClock
from app.store.mending import Mended
from app.store.replica import Replica
from tests.ui.conftest import wait_until
from tests.ui.stage import PASSWORD, Stage
from ui.kit.theme import theme
from ui.shell.application import Application, build
from ui.shell.palette_dialog import PaletteDialog
from ui.shell.window import DeskWindow

LOOKS = (("light", 100), ("dark", 100), ("light", 200))
SIZE = (1366, 690)
PAGES = ("outbox", "bulletins", "settings")


def settle(milliseconds: int = 350) -> None:
    """Let timers and workers come to rest."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def over(base: QWidget, dialog: QWidget) -> object:
    """Return the picture of a window with a dialog over it, as on a screen."""
    picture = base.grab()
    dialog.render(picture, base.mapFromGlobal(dialog.mapToGlobal(dialog.rect().topLeft())))
    return picture


def fill(window: DeskWindow) -> None:
    """Make notices and acts in every state."""
    session = window.session
    desk, actor = session.desk, session.actor
    desk.store.hold_seconds = 30.0
    desk.run(
        actor,
        Publish(
            "b1",
            "Lịch trực cơ quan dịp nghỉ lễ 30/4 và 01/5",
            "Các cơ quan, đơn vị phân công lãnh đạo và cán bộ trực 24/24 giờ.\n\nDanh sách trực gửi về Văn phòng UBND tỉnh trước 16 giờ ngày 25/4.",
            True,
        ),
    )
    desk.run(
        actor,
        Publish(
            "b2",
            "Bảo trì hệ thống thư điện tử công vụ từ 22 giờ ngày 21/11",
            "Trong thời gian bảo trì, chương trình vẫn dùng được ngoại tuyến.",
        ),
    )
    desk.run(
        actor,
        Publish("b3", "Tập huấn an toàn thông tin cho cán bộ cấp xã", "Đợt 2, học trực tuyến."),
    )
    desk.run(actor, Withdraw("b3", "Đổi lịch học"))
    replica = Replica(desk.store)
    waiting = [item.command for item in replica.items()]
    replica.reject(waiting[1], "bulletin.province_only")
    replica.outgoing(1, flush=True)


def scenes(made: Application, out: Path, name: str) -> None:
    """Save every scene in the look of now."""
    window = made.window
    assert window is not None
    for page in PAGES:
        window.go(page)
        settle()
        made.frame.grab().save(str(out / f"{page}-{name}.png"))
    window.go("bulletins")
    for scene, opener in (("palette", window.open_palette), ("keys", window.open_keys)):
        opener()
        wait_until(lambda: dialog_of(window) is not None)
        shown = dialog_of(window)
        assert shown is not None
        if isinstance(shown, PaletteDialog):
            shown.field.setText("dong")
        settle()
        over(made.frame, shown).save(str(out / f"{scene}-{name}.png"))  # type: ignore[attr-defined]
        shown.reject()
        settle(50)


def dialog_of(window: DeskWindow) -> QDialog | None:
    """Return the dialog that stands over a window."""
    return next((d for d in window.findChildren(QDialog) if d.isVisible()), None)


def logins(made: Application, out: Path, name: str) -> None:
    """Save the login, the locked one, and the first set-up."""
    made.lock()
    settle()
    made.frame.grab().save(str(out / f"login-{name}.png"))
    made.login._turn()
    made.login.progress("Đang tải dữ liệu lần đầu…", "Có thể mất vài phút")
    settle()
    made.frame.grab().save(str(out / f"first-{name}.png"))
    made.login.progress("")
    made.login._turn()
    rescues(made, out, name)


def rescues(made: Application, out: Path, name: str) -> None:
    """Save the repair of a damaged database, and the recovery of a lost password."""
    rescue = made.rescue
    rescue.mend(Path("mau"), PASSWORD)
    settle()
    made.frame.grab().save(str(out / f"damaged-{name}.png"))
    rescue.mending.follow()(3, 10)
    settle()
    made.frame.grab().save(str(out / f"repairing-{name}.png"))
    rescue.mending.tell(Mended("desk.db.damaged-20261128T012300", 3, doubtful=True))
    settle()
    made.frame.grab().save(str(out / f"repaired-{name}.png"))
    made.login.forgotten.emit(Path("mau"))
    rescue.recovering.tell("K7QF-2MZD-XA5B-T4RE")
    settle()
    made.frame.grab().save(str(out / f"recovering-{name}.png"))
    rescue.recovering.left.emit()


def each_look(scene: Callable[[str], None]) -> None:
    """Run a scene in every look."""
    for mode, scale in LOOKS:
        theme().apply(mode, scale)
        settle()
        scene(f"{mode}-{scale}")


def main() -> int:
    """Save the pictures."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="shell_shots_") as folder:
        stage = Stage(Path(folder), SystemClock())
        stage.seed("thu", "mai")
        made = build(stage, Path(folder) / "thu", "vi")
        made.frame.setMinimumSize(1, 1)
        made.start()
        made.frame.resize(*SIZE)
        wait_until(lambda: made.login._profiles)
        made.unlock(Path(folder) / "thu", PASSWORD)
        wait_until(lambda: made.window is not None)
        assert made.window is not None
        fill(made.window)
        each_look(lambda name: scenes(made, out, name))
        each_look(lambda name: logins(made, out, name))
        made.close()
    QApplication.processEvents()
    return 0


if __name__ == "__main__":
    sys.exit(main())
