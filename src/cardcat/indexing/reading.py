"""Files of a library read once: hashed and, where that is wanted, looked into. One portion at a time."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from cardcat.catalog.indexed import contents_by_id, inspected
from cardcat.errors import CancelledError
from cardcat.indexing.job import Job
from cardcat.indexing.recording import record
from cardcat.media.kind import kind_of
from cardcat.media.readable import has_metadata
from cardcat.metadata import Metadata, Moment
from cardcat.model import Finding, Kind, Stage
from cardcat.plan.companions import Companion, completed
from cardcat.plan.dates import Dated, moments_of
from cardcat.plan.index_batches import portions
from cardcat.storage.below import Below
from cardcat.storage.digest import Digest, digest, require_same
from cardcat.storage.presence import folder_below
from cardcat.storage.reading import Expected, SourceChanged
from cardcat.text import cause

_AT_ONCE = 64  # files of one folder that a thread takes in one go


@dataclass(slots=True)
class IndexedFile:
    """
    One file on its way into the catalog. *hash* and *kind* are known once it was read, or was before.

    *is_unread*: it was not, for the moment or for good; a finding says why, unless the user wanted to stop.
    *is_inspected*: its metadata was read now.
    """

    path: str
    size: int
    mtime_ns: int
    id: int | None
    group: int
    content_id: int | None
    is_same: bool
    is_companion: bool
    came_from: int | None
    digest: Digest | None = None
    hash: str | None = None
    kind: Kind = Kind.OTHER
    metadata: Metadata | None = None
    moment: Moment | None = None
    is_unread: bool = False
    is_inspected: bool = False

    @property
    def folder(self) -> str:
        """The folder it is in."""
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]


def read_batch(job: Job, batch: pl.DataFrame) -> None:
    """
    Read and record the files of *batch*, a portion a transaction.

    CancelledError once what is in hand is recorded, if the user wants to stop; SourceError if the folder is
    gone.
    """
    for portion in portions(batch):
        job.check_running()
        files = [file for file in _files(portion) if file.path not in job.recorded]
        if job.mode.reads:
            _hash(job, files)
        if job.is_deep:
            _inspect(job, files)
        done = [file for file in files if not (file.is_unread or file.is_companion)]
        record(job, done)
        if not job.mode.reads:
            job.run.reporter.advance(files=len(done), size=0)
        job.recorded.update(file.path for file in done)
        job.check_running()
    job.recorded.clear()


def _files(portion: pl.DataFrame) -> Iterator[IndexedFile]:
    for group, folder, name, size, mtime_ns, id_, content, is_same, is_companion, came_from in portion.rows():
        path = os.fsdecode(b"%b/%b" % (folder, name) if folder else name)
        yield IndexedFile(path, size, mtime_ns, id_, group, content, is_same, is_companion, came_from)


# -- hashing -------------------------------------------------------------------------------------------


def _hash(job: Job, files: Sequence[IndexedFile]) -> None:
    """Read what is not known by its content yet, several folders at a time."""
    known = [file.content_id for file in files if file.content_id is not None]
    with job.run.writing.read() as c:
        contents = contents_by_id(c, known)
    for file in files:
        if file.content_id is not None:
            file.hash, file.kind = contents[file.content_id]
    to_read = [file for file in files if file.content_id is None]
    for findings, size in job.run.files.map(lambda some: _hash_some(job, some), _by_folder(to_read)):
        job.findings += findings
        job.tally.bytes_read += size
    if any(file.is_unread for file in to_read):
        job.root.require_there()


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
class _Count:
    """Bytes as they are read."""

    job: Job
    size: int = 0
    findings: list[Finding] = field(default_factory=list)

    def take(self, count: int) -> None:
        self.job.check_running()
        self.size += count
        self.job.run.reporter.advance(files=0, size=count)


def _hash_some(job: Job, files: Sequence[IndexedFile]) -> tuple[list[Finding], int]:
    """Hash files of one folder. Those that can't be, or not any more, stay unread."""
    count = _Count(job)
    for file in files:
        file.is_unread = True
    with suppress(CancelledError):
        try:
            with folder_below(job.run.disk, job.root.fd, files[0].folder) as folder:
                for file in files:
                    job.check_running()
                    _hash_one(job, folder, file, count)
        except OSError as error:
            count.findings += [_unread(file, error) for file in files if file.is_unread]
    return count.findings, count.size


def _hash_one(job: Job, folder: int, file: IndexedFile, count: _Count) -> None:
    there = Below(job.root.path, file.name, folder)
    try:
        found = digest(job.run.disk, there, Expected(file.size, file.mtime_ns), count.take)
    except OSError as error:
        count.findings.append(_unread(file, error))
    else:
        file.digest, file.hash = found, found.hashes.sha256
        file.kind = kind_of(found.hashes.head, file.name)
        file.is_unread = False
    job.run.reporter.advance(files=1, size=0)


def _unread(file: IndexedFile, error: OSError) -> Finding:
    if isinstance(error, SourceChanged | FileNotFoundError):
        told = "It changed while it was indexed. The next index takes it."
        return Finding(file.path, Stage.HASH, "Changed", told)
    why = cause(error)
    return Finding(file.path, Stage.HASH, type(error).__name__, f"It could not be read: {why}.")


# -- looking inside ------------------------------------------------------------------------------------


def _inspect(job: Job, files: Sequence[IndexedFile]) -> None:
    """Read the metadata of media files that nobody has looked into, with what files beside them add."""
    media = [file for file in files if file.kind.is_media and file.hash and not file.is_unread]
    with job.run.writing.read() as c:
        known = inspected(c, [file.hash for file in media if file.hash])
    wanted = [file for file in media if file.hash not in known]
    groups = {file.group for file in wanted}
    beside = [
        file for file in files if file.group in groups and file.kind is Kind.SIDECAR and not file.is_unread
    ]
    asked = [file for file in (*wanted, *beside) if has_metadata(file.kind, file.name)]
    found = job.run.metadata.read([(Path(job.root.path, file.path), file.kind) for file in asked])
    for file, metadata in zip(asked, found, strict=True):
        file.metadata = metadata
    for file in wanted:
        _settle(job, file)
    _complete(job, [*wanted, *beside])


def _settle(job: Job, file: IndexedFile) -> None:
    """Take what was read inside only if the file still is the one that was hashed."""
    try:
        with folder_below(job.run.disk, job.root.fd, file.folder) as folder:
            require_same(
                job.run.disk, Below(job.root.path, file.name, folder), Expected(file.size, file.mtime_ns)
            )
    except OSError as error:
        job.findings.append(_unread(file, error))
        file.is_unread = True
    else:
        file.is_inspected = True


def _complete(job: Job, files: Sequence[IndexedFile]) -> None:
    groups: dict[int, list[IndexedFile]] = defaultdict(list)
    for file in files:
        groups[file.group].append(file)
    for members in groups.values():
        told = completed([Companion(file.name, file.kind, file.metadata) for file in members])
        for file, metadata in zip(members, told, strict=True):
            file.metadata = metadata
        dated = [Dated(file.kind, file.name, file.metadata, file.mtime_ns) for file in members]
        for file, moment in zip(members, moments_of(dated, job.run.zone), strict=True):
            file.moment = moment
