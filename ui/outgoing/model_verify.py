"""Many files checked one after the other: what is known of each, and what deserves a look."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.desk import Desk
from app.files.pdf import MAX_BYTES, check_size
from app.kernel.errors import HoaBanError, Unavailable
from app.kernel.ports import CancelToken, FileReport, ManyVerifier, Verdict
from app.kernel.texts import Texts
from ui.bridge.session import Session
from ui.bridge.steps import Steps
from ui.documents import verdicts

ALL, BAD, UNSURE, GOOD = "all", "bad", "unsure", "good"
VIEWS = (ALL, BAD, UNSURE, GOOD)
MAX_FILES = 10_000
_UNSURE = frozenset({Verdict.UNKNOWN, Verdict.UNSIGNED})
# Rows come faster than eyes follow: the list takes them in this often
_TELL_MS = 120


@dataclass(frozen=True, slots=True)
class Checked:
    """A file with its report, or with what kept it from being read."""

    path: Path
    report: FileReport | None = None
    problem: HoaBanError | None = None

    @property
    def name(self) -> str:
        """Return the file's name."""
        return self.path.name

    @property
    def view(self) -> str:
        """Return which filter the file falls under."""
        if self.report is None:
            return BAD
        if self.report.verdict is Verdict.VALID:
            return GOOD
        return UNSURE if self.report.verdict in _UNSURE else BAD


class Words:
    """What the table says of a file."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def verdict(self, row: Checked) -> str:
        """Return the verdict in a word or two."""
        if row.report is None:
            return self._texts("verify.verdict.unreadable")
        return self._texts(f"verify.verdict.{row.report.verdict.value}")

    def tone(self, row: Checked) -> str:
        """Return the tone of the verdict."""
        return "bad" if row.report is None else verdicts.TONES[row.report.verdict]

    def reason(self, row: Checked) -> str:
        """Return the first reason of the verdict, or what is known of the content."""
        if row.report is None:
            return self._texts.error(row.problem) if row.problem is not None else ""
        return verdicts.summary(self._texts, row.report).text


def read_file(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises `Unavailable("file.unreadable")` and `RuleViolation` for an empty or huge file.
    """
    try:
        check_size(path.stat().st_size)
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise Unavailable("file.unreadable") from error


def check_file(desk: Desk, path: Path) -> Checked:
    """Read a file and check its signatures; not for the GUI thread."""
    try:
        return Checked(path, desk.verifier.verify(BytesIO(read_file(path))))
    except HoaBanError as problem:
        return Checked(path, problem=problem)


def check_files(
    desk: Desk, paths: Sequence[Path], cancel: CancelToken
) -> Generator[Checked | int, None, None]:
    """Yield first how many files there are in all, folders looked through, then file by file."""
    files = list(found(paths))
    yield len(files)
    if len(files) > 1 and isinstance(desk.verifier, ManyVerifier):
        for path, report in desk.verifier.verify_many(files, cancel=cancel):
            yield Checked(path, report)
        return
    for path in files:
        cancel.raise_if_cancelled()
        yield check_file(desk, path)


def found(paths: Sequence[Path]) -> Generator[Path, None, None]:
    """Yield the files named, and the PDFs of the folders named with all below them."""
    left = MAX_FILES
    for path in paths:
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in inside:
            named = file is path or (file.suffix.lower() == ".pdf" and file.is_file())
            if named and left:
                left -= 1
                yield file


class VerifyModel(QObject):
    """The files of one round; `changed` when rows came, `ended(bool whole)` when it is over."""

    changed = Signal()
    ended = Signal(bool)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.rows: list[Checked] = []
        self.total = 0
        self._again = False
        self._steps = Steps(session, "check", self)
        self._steps.came.connect(self._take)
        self._steps.ended.connect(lambda error: self._end(whole=error is None))
        self._tell = QTimer(self, singleShot=True, interval=_TELL_MS)
        self._tell.timeout.connect(self.changed)

    @property
    def running(self) -> bool:
        """Tell whether files are being checked."""
        return self._steps.running

    def start(self, paths: Sequence[Path]) -> None:
        """Check these files and folders, and forget those before."""
        self.rows, self.total = [], 0
        self._again = False
        self._steps.start(partial(check_files, self._session.desk, tuple(paths)))

    @property
    def unsettled(self) -> tuple[Path, ...]:
        """Return the files on which a line may bring more to light."""
        found = ((r.path, r.report) for r in self.rows if r.report is not None)
        return tuple(path for path, report in found if report.verdict is Verdict.UNKNOWN)

    def check_again(self) -> None:
        """Check what is unsettled once more; every other row stays as it is."""
        if self.unsettled and not self.running:
            self._again = True
            self._steps.start(partial(check_files, self._session.desk, self.unsettled))

    def stop(self) -> None:
        """Stop; what was checked stays."""
        if self._steps.running:
            self._steps.stop()
            self._end(whole=False)

    def close(self) -> None:
        """Stop and tell nobody."""
        self._tell.stop()
        self._steps.stop()

    def replace(self, row: Checked) -> None:
        """Take a file's newer report."""
        self.rows = [row if old.path == row.path else old for old in self.rows]
        self.changed.emit()

    def of_view(self, view: str) -> tuple[Checked, ...]:
        """Return the files under a filter."""
        return tuple(r for r in self.rows if view in (ALL, r.view))

    def counts(self) -> dict[str, int | None]:
        """Return how many files fall under each filter."""
        return {view: len(self.of_view(view)) for view in VIEWS}

    def _take(self, came: Checked | int) -> None:
        if self._again:
            self._take_again(came)
        elif isinstance(came, Checked):
            self.rows.append(came)
        else:
            self.total = came
        if not self._tell.isActive():
            self._tell.start()

    def _take_again(self, came: Checked | int) -> None:
        if isinstance(came, Checked):
            self.rows = [came if old.path == came.path else old for old in self.rows]

    def _end(self, *, whole: bool) -> None:
        self._tell.stop()
        self.changed.emit()
        self.ended.emit(whole)
