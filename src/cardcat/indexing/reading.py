"""Files of a library read and recorded: hashed and, where that is wanted, looked into."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from cardcat.catalog.indexed import inspected
from cardcat.errors import CardcatError
from cardcat.indexing.hashing import Batch, IndexedFile, Portion, unread
from cardcat.indexing.job import Job
from cardcat.indexing.recording import record
from cardcat.media.readable import has_metadata
from cardcat.model import Kind
from cardcat.plan.companions import Companion, completed
from cardcat.plan.dates import Dated, moments_of
from cardcat.storage.below import Below
from cardcat.storage.digest import require_same
from cardcat.storage.presence import folder_below
from cardcat.storage.reading import Expected


def read_batch(job: Job, batch: Batch) -> None:
    """
    Read and record the files of *batch*, a portion a transaction; the second time, what is left of it.

    CancelledError once what is in hand is recorded, if the user wants to stop; SourceError if the folder is
    gone.
    """
    for number in batch.numbers:
        if number < job.recorded:
            continue
        portion = batch.hashing.take(number)
        _require_there(job, portion)
        if job.is_deep:
            _inspect(job, portion)
        done = [file for file in portion.files if not (file.is_unread or file.is_companion)]
        record(job, done)
        _tell(job, portion)
        if not job.mode.reads:
            job.run.reporter.advance(files=len(done), size=0)
        job.recorded = number + 1


def _require_there(job: Job, portion: Portion) -> None:
    """SourceError if a file could not be read since the folder is gone; what was found before is told."""
    if any(file.is_unread for file in portion.files):
        try:
            job.root.require_there()
        except CardcatError:
            _tell(job, portion)
            raise


def _tell(job: Job, portion: Portion) -> None:
    job.findings += portion.findings
    job.tally.bytes_read += portion.bytes_read


def _inspect(job: Job, portion: Portion) -> None:
    """Read the metadata of media files that nobody has looked into, with what files beside them add."""
    files = portion.files
    media = [file for file in files if file.kind.is_media and file.hash and not file.is_unread]
    with job.run.writing.read() as c:
        known = inspected(c, [file.hash for file in media if file.hash])
    wanted = [file for file in media if file.hash not in known]
    if job.run.stop():  # to look into thousands takes a while: the next index does it
        for file in wanted:
            file.is_unread = True
        return
    groups = {file.group for file in wanted}
    beside = [
        file for file in files if file.group in groups and file.kind is Kind.SIDECAR and not file.is_unread
    ]
    asked = [file for file in (*wanted, *beside) if has_metadata(file.kind, file.name)]
    found = job.run.metadata.read([(Path(job.root.path, file.path), file.kind) for file in asked])
    for file, metadata in zip(asked, found, strict=True):
        file.metadata = metadata
    for file in wanted:
        _settle(job, portion, file)
    _complete(job, [*wanted, *beside])


def _settle(job: Job, portion: Portion, file: IndexedFile) -> None:
    """Take what was read inside only if the file still is the one that was hashed."""
    try:
        with folder_below(job.run.disk, job.root.fd, file.folder) as folder:
            require_same(
                job.run.disk, Below(job.root.path, file.name, folder), Expected(file.size, file.mtime_ns)
            )
    except OSError as error:
        portion.findings.append(unread(file, error))
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
