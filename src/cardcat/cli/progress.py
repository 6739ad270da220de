"""How a run tells of itself in a terminal, and where there is none. All of it on standard error."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cardcat import text
from cardcat.cli import output
from cardcat.cli.waiting import is_watched
from cardcat.model import BackupResult, Finding, Stage
from cardcat.reporting import reporting_to

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

FINDINGS_SHOWN = 10

DOING = {
    Stage.SCAN: "Scanning",
    Stage.HASH: "Comparing",
    Stage.DEDUPE: "Planning",
    Stage.COPY: "Copying",
    Stage.VERIFY: "Verifying",
    Stage.METADATA: "Reading metadata",
    Stage.RECORD: "Recording",
}


@dataclass(slots=True)
class Work:
    """What a stage has to do and has done: files and bytes, since when. 0 of either is not known."""

    stage: Stage
    files: int
    size: int
    began: float
    files_done: int = 0
    size_done: int = 0

    @property
    def is_known(self) -> bool:
        """Whether there is a number of files or bytes to do."""
        return bool(self.files or self.size)

    def amounts(self) -> tuple[int, int]:
        """What is done and what there is to do: bytes where they are known, else files."""
        return (self.size_done, self.size) if self.size else (self.files_done, self.files)

    def numbers(self, now: float) -> str:
        """Files, bytes, rate and the time that is left, as far as they are known."""
        parts = [_of(text.count(self.files_done), text.count(self.files) if self.files else "") + " files"]
        seconds = now - self.began
        if self.size_done:
            parts.append(_of(text.size(self.size_done), text.size(self.size) if self.size else ""))
        if self.size_done and self.size and seconds >= 1:  # a scan that counts sizes reads no bytes
            parts.append(text.rate(self.size_done / seconds))
        if self.files and not self.size and self.files_done > seconds >= 1:
            parts.append(f"{text.count(round(self.files_done / seconds))} files/s")
        left = self._left(seconds)
        return ", ".join(parts if left is None else [*parts, f"{text.duration(left)} left"])

    def _left(self, seconds: float) -> int | None:
        done, total = self.amounts()
        return round(seconds * (total - done) / done) if 0 < done < total and seconds >= 1 else None


class Told:
    """
    A reporter for people. Findings are said as they come, but not more than somebody reads; progress no
    more often than every *interval* seconds.
    """

    interval = 10.0

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._findings = 0
        self._session = 0  # where all findings can be read
        self._notes: set[str] = set()
        self._lock = threading.Lock()
        self._clock = clock
        self._work: Work | None = None
        self._next = 0.0

    def begin(self, stage: Stage, *, files: int, size: int) -> None:
        """
        Go on to *stage*; the same stage again has so much more to do.

        Time counts from when it is known how much there is, so that rate and time left are those of the work.
        """
        with self._lock:
            now = self._clock()
            self._next = now + self.interval
            if self._work and self._work.stage is stage and (self._work.is_known or not (files or size)):
                self._work.files += files
                self._work.size += size
                return
            self._work = Work(stage, files, size, now)
            self.began(self._work)

    def advance(self, *, files: int, size: int) -> None:
        """Count, and say so from time to time."""
        with self._lock:
            if self._work is None:
                return
            self._work.files_done += files
            self._work.size_done += size
            now = self._clock()
            if now >= self._next:
                self._next = now + self.interval
                self.progressed(self._work, now)

    def finding(self, finding: Finding) -> None:
        """Say it, or count it if enough were said. What needs nobody is neither."""
        if not (finding.failed or finding.attention):
            return
        with self._lock:
            self._findings += 1
            if self._findings > FINDINGS_SHOWN:
                return
        word, style = ("not backed up", "red") if finding.failed else ("warning", "yellow")
        self.write(f"{word}: {finding.path}: {finding.message}", style)

    def note(self, sentence: str) -> None:
        """Say it once."""
        with self._lock:
            is_new = sentence not in self._notes
            self._notes.add(sentence)
        if is_new:
            self.write(sentence, "")

    def finished(self, result: BackupResult) -> None:
        """Remember where the findings are; the command itself says how the run ended."""
        self._session = max((session.id for session in result.sessions), default=0)

    def began(self, work: Work) -> None:
        """A stage begins. Only of a scan nobody knows the extent; any other without one has nothing to do."""
        if not work.is_known and work.stage is not Stage.SCAN:
            return
        extent = [text.many(work.files, "file")] if work.files else []
        extent += [text.size(work.size)] if work.size else []
        self.write(f"{DOING[work.stage]}: {', '.join(extent)}" if extent else DOING[work.stage], "")

    def progressed(self, work: Work, now: float) -> None:
        """So much is done."""
        self.write(f"{DOING[work.stage]}: {work.numbers(now)}", "")

    def write(self, sentence: str, style: str) -> None:
        """Write one line."""
        output.note(sentence, style=style)

    def close(self) -> None:
        """Show no more progress, and say how many findings were not said."""
        hidden = self._findings - FINDINGS_SHOWN
        self._findings = 0
        if hidden > 0:
            where = f"cardcat sessions errors {self._session}" if self._session else "cardcat sessions list"
            self.write(f"… and {text.count(hidden)} more: {where}", "")


class Bar(Told):
    """The same for a terminal: one live line with a bar, sentences above it."""

    interval = 0.1

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock)
        self._console = output.stderr()
        self._progress = _progress(self._console)
        self._task: TaskID | None = None

    def began(self, work: Work) -> None:
        """Show the stage in place of the one before."""
        if self._task is None:
            self._progress.start()
        else:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(DOING[work.stage], total=work.amounts()[1] or None, numbers="")

    def progressed(self, work: Work, now: float) -> None:
        """Move the bar."""
        if self._task is not None:
            done, total = work.amounts()
            numbers = work.numbers(now)
            self._progress.update(self._task, completed=done, total=total or None, numbers=numbers)

    def write(self, sentence: str, style: str) -> None:
        """Write one line above the bar."""
        output.print_line(self._console, sentence, style)

    def close(self) -> None:
        """Take the bar away, and say how many findings were not said."""
        self._progress.stop()
        super().close()


@contextmanager
def telling() -> Iterator[Told]:
    """Let whatever runs inside tell of itself, with a bar if a person watches."""
    watched = is_watched()
    reporter = Bar() if watched else Told()
    with reporting_to(reporter):
        try:
            yield reporter
        finally:
            reporter.close()


def _of(done: str, total: str) -> str:
    return f"{done}/{total}" if total else done


def _progress(console: Console) -> Progress:
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.table import Column

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=10),
        TextColumn("{task.fields[numbers]}", markup=False, table_column=Column(no_wrap=True)),
        console=console,
        transient=True,
    )
