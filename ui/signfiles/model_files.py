"""The files to sign, the key that signs, and how far the signing is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.files import completions
from app.files.completions import Job, JobState
from app.kernel.batch import BatchControl, Outcome, PieceState
from app.kernel.changes import Changes
from app.kernel.errors import Cancelled, Damaged, HoaBanError
from app.kernel.levels import reaches
from app.kernel.ports import Purpose
from app.kernel.purposes import FORMS, Look
from app.kernel.texts import Texts
from ui.bridge.session import Session
from ui.outgoing.model_keys import AskedPin, Key
from ui.signfiles import work
from ui.signfiles.work import Ask, Seen

MAX_FILES = 10_000
BUSY, DONE, FAILED = "busy", "done", "failed"
_TONES = {BUSY: "info", DONE: "ok", FAILED: "bad"}
_LOOK_MS = 100
# What a signature lacked for want of a line, and has once it is completed
_COMPLETED = frozenset({"timestamp_unavailable", "revocation_unavailable", "archive_unavailable"})


@dataclass(frozen=True, slots=True)
class FileItem:
    """One file of the list; `state` is "", busy, done or failed.

    `short` is below the level asked, `unseen` without the picture that the purpose wants; `job`
    tells how the completion of what fell short stands.
    """

    path: Path
    state: str = ""
    level: str = ""
    short: bool = False
    unseen: bool = False
    warnings: tuple[str, ...] = ()
    error: HoaBanError | None = None
    output: Path | None = None
    job: Job | None = None

    @property
    def tone(self) -> str:
        """Return the tone of the state."""
        if self.job is not None and self.job.state is JobState.ALARM:
            return "bad"
        if self.state == DONE and (self.warnings or self.short or self.unseen):
            return "warn"
        return _TONES.get(self.state, "")


class Words:
    """What the screen says of a file."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def state(self, item: FileItem) -> str:
        """Return the state in a word, with the level that was reached."""
        if not item.state:
            return ""
        said = self._texts(f"signfiles.state.{item.state}")
        return f"{said} · {item.level}" if item.level else said

    def detail(self, item: FileItem) -> str:
        """Return where the result lies, what it lacks, or why there is none."""
        texts = self._texts
        if item.error is not None:
            return texts.error(item.error)
        parts = [texts("signfiles.output", name=item.output.name)] if item.output else []
        # What is completed later is said once, below
        said = [w for w in item.warnings if item.job is None or w not in _COMPLETED]
        parts += [texts(f"signing.warning.{w}") for w in said]
        if item.job is not None and item.job.state is JobState.ALARM:
            parts.append(texts(f"error.{item.job.problem}"))
        elif item.short:
            queued = item.job is not None
            parts.append(texts("signfiles.below_queued" if queued else "signfiles.below"))
        if item.unseen:
            parts.append(texts("signfiles.unseen"))
        return " ".join(parts)


class FilesModel(QObject):
    """Hold the list, the keys and the run.

    `changed` when files or their states did, `keyed` when the keys did, `seen(Seen)` with a PDF
    to show, `blind(Path, HoaBanError)` when there is none, `ended(HoaBanError or None)` after a
    run.
    """

    changed = Signal()
    keyed = Signal()
    seen = Signal(object)
    blind = Signal(object, object)
    ended = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._items: dict[Path, FileItem] = {}
        self.purpose = Purpose.APPROVE
        self.keys: tuple[Key, ...] | None = None
        self.control: BatchControl | None = None
        self.total = self.over = 0
        self._ask: Ask | None = None
        self._wanted_level = ""
        self._wanted: tuple[Path, Purpose] | None = None
        self._passwords: tuple[str, ...] = ()
        self._look = QTimer(self, interval=_LOOK_MS)
        self._look.timeout.connect(self._poll)
        session.changed.connect(self._completed)

    @property
    def items(self) -> tuple[FileItem, ...]:
        """Return the files in the order in which they came."""
        return tuple(self._items.values())

    @property
    def running(self) -> bool:
        """Tell whether files are being signed."""
        return self.control is not None

    @property
    def open_items(self) -> tuple[FileItem, ...]:
        """Return the files that are not signed yet."""
        return tuple(i for i in self._items.values() if i.state != DONE)

    def item(self, path: Path) -> FileItem | None:
        """Return a file of the list."""
        return self._items.get(path)

    # --- the list -------------------------------------------------------------------------

    def add(self, paths: Sequence[Path]) -> None:
        """Add files, and later the files that lie in folders; none twice."""
        folders = [path for path in paths if path.is_dir()]
        self._take_files([path for path in paths if path not in folders])
        for folder in folders:
            # Perhaps one of a slow network
            self._session.work("query", partial(work.files_in, folder), self._take_files)

    def _take_files(self, files: Sequence[Path]) -> None:
        for file in files:
            if file not in self._items and len(self._items) < MAX_FILES:
                self._items[file] = FileItem(file)
        self.changed.emit()

    def remove(self, paths: Sequence[Path]) -> None:
        """Take files from the list; nothing happens to the files."""
        for path in paths:
            self._items.pop(path, None)
        self.changed.emit()

    # --- keys and the page ----------------------------------------------------------------

    def choose_purpose(self, purpose: Purpose) -> None:
        """Sign for another purpose, which another key may serve."""
        self.purpose = purpose
        self.load_keys()

    def load_keys(self) -> None:
        """Ask the tokens which keys may sign for the purpose; no PIN is needed."""
        purpose = self.purpose
        self.keys = None
        self.keyed.emit()
        job = partial(work.keys_of, self._session.desk, self._session.actor, purpose)
        self._session.work("token", job, partial(self._take_keys, purpose))

    def _take_keys(self, purpose: Purpose, keys: tuple[Key, ...]) -> None:
        if purpose is self.purpose:
            self.keys = keys
            self.keyed.emit()

    def show(self, path: Path) -> None:
        """Read a PDF to show it."""
        wanted = self._wanted = (path, self.purpose)
        self._see(wanted, self._passwords, partial(self._take_blind, wanted))

    def unlock(self, path: Path, password: str) -> None:
        """Read a protected PDF with a password, which is kept in memory if it opens the file."""
        wanted = self._wanted = (path, self.purpose)

        def failed(error: HoaBanError) -> None:
            wrong = error.code == "file.encrypted"
            self._take_blind(wanted, Damaged("pdf_password") if wrong else error)

        def seen(found: Seen) -> None:
            self._passwords = tuple(dict.fromkeys((*self._passwords, password)))
            self._take_seen(wanted, found)

        self._see(wanted, (password,), failed, seen)

    def forget(self) -> None:
        """Forget every password."""
        self._passwords = ()

    def _see(
        self,
        wanted: tuple[Path, Purpose],
        passwords: tuple[str, ...],
        failed: Callable[[HoaBanError], None],
        done: Callable[[Seen], None] | None = None,
    ) -> None:
        path, purpose = wanted
        desk, actor = self._session.desk, self._session.actor
        job = partial(work.see, desk, actor, purpose, path, passwords)
        self._session.work("query", job, done or partial(self._take_seen, wanted), failed)

    def show_none(self) -> None:
        """Show no page: what is still on its way comes too late."""
        self._wanted = None

    def _take_seen(self, wanted: tuple[Path, Purpose], found: Seen) -> None:
        if wanted == self._wanted:
            self.seen.emit(found)

    def _take_blind(self, wanted: tuple[Path, Purpose], error: HoaBanError) -> None:
        if wanted == self._wanted:
            self.blind.emit(wanted[0], error)

    # --- signing --------------------------------------------------------------------------

    def start(self, ask: Ask) -> None:
        """Sign every file of the list that is not signed yet."""
        paths = [i.path for i in self.open_items]
        if self.running or not paths:
            return
        control = self.control = BatchControl()
        ask = replace(ask, passwords=self._passwords)
        self._wanted_level = work.wanted_level(self._session.desk, ask)
        self._ask, self.total, self.over = ask, len(paths), 0
        for path in paths:
            self._put(FileItem(path, BUSY))
        prompts = AskedPin(self._session.prompts)
        desk, actor = self._session.desk, self._session.actor
        self.changed.emit()
        self._look.start()
        self._session.work(
            "token",
            partial(work.sign, desk, actor, ask, paths, prompts, control),
            self._done,
            self._finish,
        )

    def stop(self) -> None:
        """Sign nothing more; what is signed stays."""
        if self.control is not None:
            self.control.cancel()

    def pause(self, on: bool) -> None:
        """Sign nothing more for a while, or go on."""
        if self.control is not None:
            (self.control.pause if on else self.control.go_on)()
            self.changed.emit()

    def _poll(self) -> None:
        control = self.control
        came = control.outcomes(self.over) if control is not None else ()
        self.over += len(came)
        for outcome in came:
            self._take(outcome)
        if came:
            self.changed.emit()

    def _take(self, outcome: Outcome) -> None:
        ask = self._ask
        if ask is not None and ask.purpose is Purpose.FILES:
            paths = [i.path for i in self._items.values() if i.state == BUSY]
        else:
            paths = [Path(outcome.id)]
        for path in paths:
            self._put(self._told(path, outcome))

    def _told(self, path: Path, outcome: Outcome) -> FileItem:
        signed = outcome.signed
        if outcome.state is PieceState.DONE and signed is not None:
            asked = self._wanted_level
            short = bool(asked) and not reaches(signed.level, asked)
            page = work.is_pdf(path) and FORMS[self.purpose].look is not Look.NOTHING
            unseen = page and signed.box is None
            return FileItem(path, DONE, signed.level, short, unseen, signed.warnings)
        if outcome.state is PieceState.FAILED:
            return FileItem(path, FAILED, error=outcome.error)
        return FileItem(path)

    def _done(self, outputs: dict[Path, Path]) -> None:
        self._poll()
        for path, output in outputs.items():
            item = self.item(path)
            if item is not None:
                self._put(replace(item, output=output))
        self._look_at_queue()
        control = self.control
        error = control.halted if control is not None else None
        if error is None and control is not None and control.cancelled:
            error = Cancelled()
        self._finish(error)

    def _finish(self, error: HoaBanError | None) -> None:
        self._poll()
        self._look.stop()
        self.control = None
        for item in self.items:
            if item.state == BUSY:
                self._put(FileItem(item.path))
        self.changed.emit()
        self.ended.emit(error)

    # --- what is completed later ----------------------------------------------------------

    def _completed(self, changes: Changes) -> None:
        if changes.touches(completions.KIND):
            self._look_at_queue()

    def _look_at_queue(self) -> None:
        outputs = tuple(i.output for i in self.items if i.short and i.output is not None)
        if outputs:
            self._session.query(work.standings, outputs, done=self._take_standings)

    def _take_standings(self, found: dict[Path, Job]) -> None:
        for item in self.items:
            job = found.get(item.output) if item.output is not None else None
            if job is not None:
                short = item.short and not reaches(job.level, job.wanted)
                warnings = item.warnings
                if not short:
                    warnings = tuple(w for w in warnings if w not in _COMPLETED)
                self._put(replace(item, job=job, level=job.level, short=short, warnings=warnings))
        self.changed.emit()

    def _put(self, item: FileItem) -> None:
        if item.path in self._items:
            self._items[item.path] = item
