"""An index at work: what all of its steps share, and the folder that one of them is at."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from cardcat.catalog.engine import Catalog
from cardcat.errors import CancelledError
from cardcat.indexing.places import Place
from cardcat.media.pool import MetadataPool
from cardcat.model import Finding
from cardcat.plan.index_modes import IndexMode
from cardcat.reporting import Reporter
from cardcat.storage.disk import Disk
from cardcat.storage.presence import Root
from cardcat.storage.tree import Rules

_BESIDE_CATALOG = ("", "-wal", "-shm", "-journal", ".lock")


def now() -> int:
    """UTC seconds."""
    return int(time.time())


@dataclass(slots=True)
class Run:
    """What an index works with. *catalog* is None for a dry run where there is none yet."""

    catalog: Catalog | None
    disk: Disk
    reporter: Reporter
    stop: Callable[[], bool]
    files: ThreadPoolExecutor
    metadata: MetadataPool
    zone: ZoneInfo
    flow_run_id: str | None = None
    is_dry: bool = False

    @property
    def writing(self) -> Catalog:
        """The catalog, where something is recorded."""
        if self.catalog is None:
            raise AssertionError("a dry run records nothing")
        return self.catalog


@dataclass(slots=True)
class Tally:
    """What was recorded so far."""

    new: int = 0
    changed: int = 0
    moved: int = 0
    back: int = 0
    missing: int = 0
    bytes_read: int = 0

    @property
    def is_any(self) -> bool:
        """Whether anything was."""
        return bool(self.new or self.changed or self.moved or self.back or self.missing)


@dataclass(frozen=True, slots=True)
class Changes:
    """
    What is there, and what there is to do.

    *files* and *size* (bytes) are what was seen, *left_out* how many files were not taken, *to_read* and
    *bytes_to_read* what will be hashed. *gone* has the rows whose files are not there any more: `id`,
    `folder_id`, `name`, `content_id`. *back* are the ids of those that are there again, *still_gone* of those
    that were missing before, and are.
    """

    files: int
    size: int
    left_out: int
    to_read: int
    bytes_to_read: int
    gone: pl.DataFrame
    back: list[int]
    still_gone: list[int]
    new: int
    changed: int
    unchanged: int
    new_folders: list[str]
    stale_folders: list[int]


class Gone(NamedTuple):
    """The row of a file that is not where it was."""

    id: int
    folder_id: int
    name: bytes
    content_id: int


@dataclass(slots=True)
class Job:
    """
    The index of one place. *changes* and *work* (`looking.look`) are there once it was looked at.

    *gone* has, by content and name, the rows whose files are not where they were, and *gone_in* the same by
    folder: one that turns up elsewhere has moved. *has_new_contents*: more is known of unchanged files.
    *is_unsettled*: the index before was cut off, so what follows from the files may not be on record.
    *is_over*: nothing more is to be read of it, whatever ended it.
    *recorded* is the number of portions that are on record: a second attempt at a batch passes them over.
    """

    run: Run
    place: Place
    root: Root
    changes: Changes | None = None
    work: pl.DataFrame | None = None
    findings: list[Finding] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    gone: dict[int, dict[bytes, list[Gone]]] = field(default_factory=lambda: defaultdict(dict))
    gone_in: dict[int, dict[bytes, Gone]] = field(default_factory=lambda: defaultdict(dict))
    has_new_contents: bool = False
    is_unsettled: bool = False
    is_over: bool = False
    recorded: int = 0

    @property
    def location_id(self) -> int:
        """The location's, which is on record once it is begun."""
        if self.place.location_id is None:
            raise AssertionError("the location is not on record yet")
        return self.place.location_id

    @property
    def mode(self) -> IndexMode:
        """How much is wanted to be known."""
        return self.place.order.mode

    @property
    def is_deep(self) -> bool:
        """Whether what files say of themselves is wanted too."""
        return self.mode is IndexMode.DEEP

    @property
    def has_news(self) -> bool:
        """Whether groups and duplicates may be others than those on record."""
        return self.is_unsettled or self.has_new_contents or self.tally.is_any

    @property
    def rules(self) -> Rules:
        """Which files are taken."""
        return Rules(self.place.order.includes, self.place.order.excludes)

    @property
    def todo(self) -> Changes:
        """What the look has found."""
        if self.changes is None:
            raise AssertionError("nobody has looked yet")
        return self.changes

    def take_work(self) -> pl.DataFrame:
        """Hand over the files to be recorded: of a million they take much memory, so nobody else has them."""
        if self.work is None:
            raise AssertionError("nobody has looked yet")
        work, self.work = self.work, None
        return work

    def left_alone(self) -> frozenset[str]:
        """The catalog, where it lies below the root: it is no part of a library."""
        catalog = self.run.catalog
        if catalog is None or not catalog.path.is_relative_to(self.root.path):
            return frozenset()
        place = catalog.path.relative_to(self.root.path).as_posix()
        return frozenset(place + suffix for suffix in _BESIDE_CATALOG)

    def know_gone(self, row: Gone) -> None:
        """Remember a row whose file is not where it was."""
        self.gone[row.content_id].setdefault(row.name, []).append(row)
        self.gone_in[row.folder_id][row.name] = row

    def found_again(self, row: Gone) -> None:
        """Forget it: its file has turned up."""
        alike = self.gone[row.content_id][row.name]
        alike.remove(row)
        if not alike:
            del self.gone[row.content_id][row.name]
        del self.gone_in[row.folder_id][row.name]

    def check_running(self) -> None:
        """CancelledError if somebody wants it to stop."""
        if self.is_over or self.run.stop():
            raise CancelledError(
                "Stopped. What was indexed is on record; the same command goes on from there."
            )
