"""Files of a library hashed, a portion at a time: those of the next one while the one before is recorded."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import polars as pl

from cardcat.catalog.contents import ContentRow
from cardcat.catalog.indexed import contents_by_id
from cardcat.errors import CancelledError
from cardcat.indexing.job import Job
from cardcat.media.kind import kind_of
from cardcat.metadata import Metadata, Moment
from cardcat.model import Finding, Kind, Stage
from cardcat.parallel import in_parallel
from cardcat.plan.index_batches import batches
from cardcat.storage.below import Below
from cardcat.storage.digest import digest
from cardcat.storage.presence import folder_below
from cardcat.storage.reading import Expected, SourceChanged
from cardcat.text import cause

_AT_ONCE = 64  # files of one folder that a thread takes in one go


@dataclass(slots=True)
class IndexedFile:
    """
    One file on its way into the catalog. *hash* and *kind* are known once it was read, or was before.

    *content* is what its bytes are, if it was read now. *is_unread*: it was not, for the moment or for good;
    a finding says why, unless the user wanted to stop. *is_inspected*: its metadata was read now.
    """

    folder: str
    name: str
    size: int
    mtime_ns: int
    id: int | None
    group: int
    content_id: int | None
    is_same: bool
    is_companion: bool
    came_from: int | None
    content: ContentRow | None = None
    hash: str | None = None
    kind: Kind = Kind.OTHER
    metadata: Metadata | None = None
    moment: Moment | None = None
    is_unread: bool = False
    is_inspected: bool = False

    @property
    def path(self) -> str:
        """Where it is below the root of the location."""
        return f"{self.folder}/{self.name}" if self.folder else self.name


@dataclass(slots=True)
class Portion:
    """What one transaction records, with what could not be read of it, and how many bytes were."""

    files: list[IndexedFile]
    findings: list[Finding] = field(default_factory=list)
    bytes_read: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step reads and records: the portions of those *numbers*, with so many *files*."""

    hashing: Hashing
    numbers: range
    files: int


class Hashing:
    """The portions of an index in their order, hashed one ahead of the one that somebody is at."""

    def __init__(self, job: Job, portions: Sequence[pl.DataFrame], thread: ThreadPoolExecutor) -> None:
        self._job = job
        self._portions = portions
        self._thread = thread
        self._begun: dict[int, Future[Portion]] = {}

    def take(self, number: int) -> Portion:
        """
        The portion of this number, hashed; from now on the one after it is. It can be taken again.

        CancelledError if the user wanted to stop before it was begun.
        """
        begun = self._begun.pop(number, None)
        if begun is None or (begun.done() and begun.exception()):  # what has failed ahead may do by now
            begun = self._begin(number)
        if number + 1 < len(self._portions) and number + 1 not in self._begun:
            self._begun[number + 1] = self._begin(number + 1)
        return begun.result()

    def _begin(self, number: int) -> Future[Portion]:
        return self._thread.submit(_hashed, self._job, self._portions[number])


@contextmanager
def hashed_ahead(job: Job, work: pl.DataFrame) -> Iterator[list[Batch]]:
    """Cut the work of *job* into batches. No file is read any more once this is left."""
    cut = list(batches(work))
    with ThreadPoolExecutor(1, "hash ahead") as thread:
        hashing = Hashing(job, [portion for batch in cut for portion in batch], thread)
        try:
            yield list(_numbered(hashing, cut))
        except BaseException:
            job.is_over = True
            raise


def _numbered(hashing: Hashing, batches: Iterable[Sequence[pl.DataFrame]]) -> Iterator[Batch]:
    first = 0
    for batch in batches:
        end = first + len(batch)
        yield Batch(hashing, range(first, end), sum(portion.height for portion in batch))
        first = end


def _hashed(job: Job, rows: pl.DataFrame) -> Portion:
    """Read what is not known by its content yet, several folders at a time; nothing if names are enough."""
    job.check_running()
    portion = Portion([*_files(rows)])
    if not job.mode.reads:
        return portion
    _recall(job, portion.files)
    to_read = [file for file in portion.files if file.content_id is None]
    for findings, size in in_parallel(
        job.run.files, lambda some: _hash_some(job, some), _by_folder(to_read), size=_size
    ):
        portion.findings += findings
        portion.bytes_read += size
    return portion


def _size(files: Sequence[IndexedFile]) -> int:
    return sum(file.size for file in files)


def _files(rows: pl.DataFrame) -> Iterator[IndexedFile]:
    for group, folder, name, size, mtime_ns, id_, content, is_same, is_companion, came_from in rows.rows():
        yield IndexedFile(
            os.fsdecode(folder), os.fsdecode(name), size, mtime_ns,
            id_, group, content, is_same, is_companion, came_from,
        )  # fmt: skip


def _recall(job: Job, files: Iterable[IndexedFile]) -> None:
    """Say of files whose content is on record what that is."""
    known = [(file, id_) for file in files if (id_ := file.content_id) is not None]
    with job.run.writing.read() as c:
        contents = contents_by_id(c, [id_ for _, id_ in known])
    for file, id_ in known:
        file.hash, file.kind = contents[id_]


def _by_folder(files: Iterable[IndexedFile]) -> Iterator[list[IndexedFile]]:
    some: list[IndexedFile] = []
    for file in files:
        if some and (len(some) == _AT_ONCE or file.folder != some[0].folder):
            yield some
            some = []
        some.append(file)
    if some:
        yield some


@dataclass(slots=True)
class _Reading:
    """What was read so far of some files, and what could not be."""

    job: Job
    size: int = 0
    findings: list[Finding] = field(default_factory=list)

    def take(self, count: int) -> None:
        self.job.check_running()
        self.size += count
        self.job.run.reporter.advance(files=0, size=count)


def _hash_some(job: Job, files: Sequence[IndexedFile]) -> tuple[list[Finding], int]:
    """Hash files of one folder. Those that can't be, or not any more, stay unread."""
    count = _Reading(job)
    for file in files:
        file.is_unread = True
    with suppress(CancelledError):
        try:
            with folder_below(job.run.disk, job.root.fd, files[0].folder) as folder:
                for file in files:
                    job.check_running()
                    _hash_one(job, folder, file, count)
        except OSError as error:
            count.findings += [unread(file, error) for file in files if file.is_unread]
    return count.findings, count.size


def _hash_one(job: Job, folder: int, file: IndexedFile, count: _Reading) -> None:
    there = Below(job.root.path, file.name, folder)
    try:
        found = digest(job.run.disk, there, Expected(file.size, file.mtime_ns), count.take)
    except OSError as error:
        count.findings.append(unread(file, error))
    else:
        hashes = found.hashes
        file.hash, file.kind = hashes.sha256, kind_of(hashes.head, file.name)
        sample = found.sample if file.kind.is_media else None
        file.content = ContentRow(hashes.sha256, hashes.size, file.kind, hashes.xxh3, sample)
        file.is_unread = False
    job.run.reporter.advance(files=1, size=0)


def unread(file: IndexedFile, error: OSError) -> Finding:
    """What is told of a file that could not be read."""
    if isinstance(error, SourceChanged | FileNotFoundError):
        told = "It changed while it was indexed. The next index takes it."
        return Finding(file.path, Stage.HASH, "Changed", told)
    why = cause(error)
    return Finding(file.path, Stage.HASH, type(error).__name__, f"It could not be read: {why}.")
