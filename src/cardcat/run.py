"""One run of a backup: the source, the destinations and what they share while the stages work."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import polars as pl

from cardcat.catalog.engine import Catalog
from cardcat.catalog.findings import record_findings
from cardcat.errors import CancelledError, DestinationError
from cardcat.inputs import show
from cardcat.media.pool import MetadataPool
from cardcat.model import BackupOptions, Finding, Stage, Volume
from cardcat.plan.names import NameRules
from cardcat.reporting import Reporter
from cardcat.scout import Scout
from cardcat.storage.below import Below
from cardcat.storage.disk import Disk
from cardcat.storage.holding import DestinationRoot
from cardcat.storage.presence import Root
from cardcat.text import cause
from cardcat.timing import Timing

QUICK = 500_000_000  # bytes a second: measured, a card that gives one batch so much has some for a second one
ENOUGH = 64_000_000  # bytes of a batch, so that the time it took is the card's

A = TypeVar("A")
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Links:
    """What a file says of the files that it belongs to: as in `metadata.Details`."""

    live_photo_id: str | None
    clips: tuple[str, ...]


@dataclass(slots=True)
class Source:
    """The folder that is backed up. *relative* is where it lies on its volume, as text and exact bytes."""

    root: Path
    volume: Volume
    volume_id: int
    relative: tuple[str, bytes]
    there: Root  # held open: tells whether the same card is still in the reader
    is_doubtful: bool = False  # it may be another one: names and times tell nothing


@dataclass(slots=True)
class Destination:
    """One folder that is backed up to, and how its session is going."""

    number: int
    root: Path
    volume: Volume
    volume_id: int
    location_id: int
    location_uuid: str
    rules: NameRules
    there: DestinationRoot  # held open: an empty mount point is not the drive
    threads: ThreadPoolExecutor  # read its copies back: these wait for no other drive and not for the card
    session_id: int = 0
    resumed: bool = False
    is_planned: bool = False  # every file of the card is in its journal
    timezone: str = "UTC"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    folders: dict[str, str] = field(default_factory=dict)  # of parts that others follow to their day
    clocks: dict[int, str] = field(default_factory=dict)  # `plan.clocks`: of the files of this run
    copied: int = 0  # of this run
    bytes_copied: int = 0
    recorded: int = 0  # copies that this run put on record: those it wrote, and those it found and proved
    not_in_mhl: int = 0  # of the files that this run listed on the drive, those with names XML can't hold
    mhl_error: str | None = None  # why its ASC MHL history could not be carried on
    mhl_hint: str | None = None  # and what to do about it
    is_cold: bool = True  # every copy so far was proved cold
    error: DestinationError | None = None
    scout: Scout | None = None  # finds out what the last large session left here, while the card is walked
    timing: Timing = field(default_factory=Timing)  # of the stages, as far as they worked for it

    @property
    def is_alive(self) -> bool:
        """Whether work for this destination goes on."""
        return self.error is None


@dataclass(slots=True)
class Run:
    """What the stages of one run share. Lives in one process; its locks and connections go nowhere else."""

    options: BackupOptions
    catalog: Catalog
    disk: Disk
    reporter: Reporter
    stop: Callable[[], bool]
    source: Source
    destinations: list[Destination]
    unusable: list[tuple[Path, DestinationError]]
    threads: ThreadPoolExecutor  # read the card
    metadata: MetadataPool
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    flow_run_id: str | None = None
    started: float = field(default_factory=time.monotonic)
    bytes_read: int = 0
    ignored: int = 0
    excluded: int = 0
    scanned: int = 0
    listing: pl.DataFrame | None = None  # what the scan found: `frames.LISTING`
    links: dict[int, Links] = field(default_factory=dict)  # by item, of files that name others
    findings: list[Finding] = field(default_factory=list)
    leftover: list[int] = field(default_factory=list)  # items whose twin turned out to be none
    is_finished: bool = False
    turn: threading.Semaphore = field(default_factory=threading.Semaphore)  # had by a batch that is copied
    is_quick: bool = False  # a batch was copied at more than QUICK
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def alive(self) -> list[Destination]:
        """The destinations that work goes on for."""
        return [destination for destination in self.destinations if destination.is_alive]

    def read_from_source(self, count: int) -> None:
        """Count bytes that the source delivered."""
        with self.lock:
            self.bytes_read += count

    def allow_two_if_quick(self, size: int, seconds: float) -> None:
        """
        Let two batches be copied at once from now on, if one was at more than QUICK.

        *size* is its bytes, *seconds* the time it took. One of less than ENOUGH tells nothing.
        """
        with self.lock:
            if not self.is_quick and size >= ENOUGH and size > QUICK * seconds:
                self.is_quick = True
                self.turn.release()

    @contextmanager
    def at(self, stage: Stage, destinations: Iterable[Destination] | None = None) -> Iterator[None]:
        """Count the block's time as the stage's for *destinations*, by default for all that go on."""
        with ExitStack() as stack:
            for destination in self.alive if destinations is None else destinations:
                stack.enter_context(destination.timing.at(stage))
            yield

    def count(self, stage: Stage, files: int, size: int = 0) -> None:
        """Count what a stage did for every destination that goes on: files, and bytes read or written."""
        for destination in self.alive:
            destination.timing.count(stage, files, size)

    def source_path(self, path: str) -> Below:
        """A file of the source, by the folder that is held open."""
        return Below(self.source.root, path, self.source.there.fd)

    def report(self, findings: Iterable[Finding]) -> None:
        """Record findings with the sessions they concern, and tell of them."""
        found = list(findings)
        if not found:
            return
        with self.lock:
            self.findings += found
        for finding in found:
            self.reporter.finding(finding)
        with self.catalog.write() as c:
            for destination in self.destinations:
                root = str(destination.root)
                mine = [f for f in found if f.destination in (None, root)]
                if destination.session_id and mine:
                    record_findings(c, destination.session_id, mine, now())

    def fail(self, destination: Destination, error: OSError | DestinationError, doing: str) -> None:
        """End the work for one destination; the others go on."""
        with self.lock:
            if destination.error is not None:
                return
            destination.error = as_destination_error(self._cause(destination, error), destination.root, doing)
        self.reporter.note(destination.error.message)

    def _cause(
        self, destination: Destination, error: OSError | DestinationError
    ) -> OSError | DestinationError:
        """The drive's own absence, if that is why something failed on it."""
        try:
            destination.there.require_there()
        except DestinationError as gone:
            return gone
        return error

    def check_source(self) -> None:
        """SourceError if the card was pulled: after trouble with a file, this tells whose trouble it is."""
        self.source.there.require_there()

    def check_running(self) -> None:
        """CancelledError if the user wants to stop; DestinationError if no destination is left."""
        if self.stop():
            raise CancelledError(
                "The backup was cancelled; what was copied so far is verified and recorded.",
                hint="Run the same command again to finish it.",
            )
        if self.destinations and not self.alive:
            raise self.destinations[0].error or DestinationError("No destination is left.")


def timed(stage: Stage) -> Callable[[Callable[Concatenate[Run, P], A]], Callable[Concatenate[Run, P], A]]:
    """Count the time of a whole function of a run as the stage's, for every destination that goes on."""

    def decorate(function: Callable[Concatenate[Run, P], A]) -> Callable[Concatenate[Run, P], A]:
        @wraps(function)
        def counted(run: Run, /, *args: P.args, **kwargs: P.kwargs) -> A:
            with run.at(stage):
                return function(run, *args, **kwargs)

        return counted

    return decorate


def as_destination_error(error: OSError | DestinationError, root: Path, doing: str) -> DestinationError:
    """Say what a drive's error means for the backup to it."""
    if isinstance(error, DestinationError):
        return error
    return DestinationError(
        f"The destination {show(root)} failed while {doing}: {cause(error)}.",
        hint="Look after the drive (space, cable, write protection), then run the same command again.",
    )


def now() -> int:
    """The current time in whole UTC seconds."""
    return int(time.time())
