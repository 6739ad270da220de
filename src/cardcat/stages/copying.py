"""Stage 4: read each file once, write it to every destination, and prove every copy before it has a name."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cardcat.catalog.items import start_attempt
from cardcat.media.kind import kind_of
from cardcat.model import Evidence, Finding, ReadBack, Stage
from cardcat.parallel import in_parallel
from cardcat.paths import display
from cardcat.plan.dedupe import Do
from cardcat.run import Destination, Run, now
from cardcat.stages.batches import Batch
from cardcat.stages.files import CopiedFile, PlannedFile, incoming_path
from cardcat.stages.inside import look_inside
from cardcat.storage.copying import Expected, SourceChanged, copy_once
from cardcat.storage.destination import incoming
from cardcat.storage.disk import StrPath
from cardcat.storage.durable import make_durable
from cardcat.storage.mounts import LOCAL_FILESYSTEMS, PAST_CACHE
from cardcat.storage.reading import opened
from cardcat.storage.verify import read_back
from cardcat.text import cause

DRIVES_AT_ONCE = 4  # that are synced and read back at the same time

MUCH = 1 << 30
"""Bytes that a run has read before it gives memory back: of a small card it may all stay there."""

_SMALL = 1 << 16  # bytes of a file whose memory is not worth two calls

_TOO_LARGE = (errno.EFBIG, errno.EOVERFLOW)  # one file is too much for the filesystem; the drive is fine


@dataclass(frozen=True, slots=True)
class CopiedBatch:
    """
    What came of a batch; *waiting* are files whose twin is copied in this run.

    *seconds* were at work on it, from its turn to the last proof.
    """

    batch: Batch
    copied: list[CopiedFile]
    waiting: list[PlannedFile]
    findings: list[Finding]
    seconds: float


def copy_batch(run: Run, batch: Batch) -> CopiedBatch:
    """
    Copy and prove the files of *batch*. Nothing gets its final name here.

    The card is read for one batch at a time, or for two if it is quick (`Run.turn`), while the batch before
    is read back. Raises SourceError if the card is gone; CancelledError, before anything is begun, if the
    user wants to stop.
    """
    findings: list[Finding] = []
    with run.turn:
        began = time.monotonic()
        files = batch.files
        waiting = [file for file in files if Do.WAIT in file.do.values()]
        work = [file for file in files if Do.COPY in file.do.values()]
        copied = _copy_all(run, work, findings)
    run.source.there.require_same()
    findings += _prove_all(run, copied)
    copied = [file for file in copied if file.proofs]
    with run.at(Stage.METADATA, _takers(run, work)):
        findings += look_inside(run, copied)
    if run.bytes_read > MUCH:
        _give_back(run, copied)
    return CopiedBatch(batch, copied, waiting, findings, time.monotonic() - began)


def _copy_all(run: Run, work: Sequence[PlannedFile], findings: list[Finding]) -> list[CopiedFile]:
    run.check_running()
    _begin(run, work)
    began = time.monotonic()
    with run.at(Stage.COPY, _takers(run, work)):
        each = in_parallel(
            run.threads, lambda file: _copy(run, file, findings), work, size=lambda file: file.size
        )
        copied = [file for file in each if file is not None]
    run.allow_two_if_quick(sum(file.hashes.size for file in copied), time.monotonic() - began)
    return copied


def _give_back(run: Run, copied: Iterable[CopiedFile]) -> None:
    """
    Let the system have the memory back that keeps the files and their copies.

    Nobody reads them again, and to find fresh memory for the next ones takes longer than to read them. Not
    where each question is a journey over the network.
    """
    near = {each.number for each in run.destinations if each.volume.fs_type in LOCAL_FILESYSTEMS}
    for file in copied:
        if file.hashes.size < _SMALL:
            continue
        if run.source.volume.fs_type in LOCAL_FILESYSTEMS:
            _forget(run, run.source_path(file.file.path), source=True)
        for number in near.intersection(file.proofs):
            _forget(run, incoming_path(run.destinations[number], file.file), source=False)


def _forget(run: Run, path: StrPath, *, source: bool) -> None:
    with suppress(OSError), opened(run.disk, path, source=source) as fd:
        run.disk.has_read(fd, 0, 0)


def _takers(run: Run, work: Sequence[PlannedFile]) -> list[Destination]:
    """The destinations that some of the files are copied to."""
    return [destination for destination in run.alive if _mine(destination, work)]


def _begin(run: Run, work: Sequence[PlannedFile]) -> None:
    with run.catalog.write() as c:
        for destination in run.alive:
            mine = [file.path for file in _mine(destination, work)]
            start_attempt(c, destination.session_id, mine, now())
    for destination in run.alive:
        try:
            destination.there.make_folders(str(incoming(Path(), destination.session_id)))
            _clear(run, destination, _mine(destination, work))
        except OSError as error:
            run.fail(destination, error, "getting ready for incoming files")


def _clear(run: Run, destination: Destination, files: Iterable[PlannedFile]) -> None:
    """Remove what an attempt at these files that was broken off has left, in small letters or large ones."""
    folder = incoming(destination.root, destination.session_id)
    if names := {name.lower() for name in run.disk.list_folder(folder)}:
        for target in (incoming_path(destination, file) for file in files):
            if target.rpartition("/")[2].lower() in names:
                run.disk.remove(target)


def _mine(destination: Destination, work: Iterable[PlannedFile]) -> list[PlannedFile]:
    return [file for file in work if file.do.get(destination.number) == Do.COPY]


def _copy(run: Run, file: PlannedFile, findings: list[Finding]) -> CopiedFile | None:
    takers = [each for each in run.alive if file.do.get(each.number) == Do.COPY]
    targets = {destination.number: incoming_path(destination, file) for destination in takers}
    if not targets:
        return None
    outcome = copy_once(
        run.disk,
        run.source_path(file.path),
        targets,
        Expected(file.size, file.mtime_ns),
        on_bytes=lambda count: _read(run, count),
        past_cache=[n for n in targets if run.destinations[n].volume.fs_type in PAST_CACHE],
    )
    for number, error in outcome.errors.items():
        _target_failed(run, run.destinations[number], file, error, findings)
    if outcome.source_error is not None:
        run.check_source()
        findings += _source_failed(run, list(targets), file, outcome.source_error)
    if outcome.hashes is None:
        return None
    kind = kind_of(outcome.hashes.head, file.path.rpartition("/")[2])
    proofs = {
        number: ReadBack(outcome.hashes.xxh3, Evidence.WRITTEN, "")
        for number in targets
        if number not in outcome.errors
    }
    return CopiedFile(file, outcome.hashes, kind, proofs=proofs)


def _read(run: Run, count: int) -> None:
    run.read_from_source(count)
    run.reporter.advance(files=0, size=count)


def _target_failed(
    run: Run, destination: Destination, file: PlannedFile, error: OSError, findings: list[Finding]
) -> None:
    if error.errno not in _TOO_LARGE:
        run.fail(destination, error, f"writing {display(file.path)}")
        return
    message = f"{display(file.path)} is too large for the filesystem of {destination.root}."
    findings.append(
        Finding(file.path, Stage.COPY, "TooLarge", message, destination=str(destination.root), failed=True)
    )


def _source_failed(run: Run, numbers: Sequence[int], file: PlannedFile, error: OSError) -> Iterator[Finding]:
    if isinstance(error, SourceChanged):
        message = f"{display(file.path)} changed while it was being read; it was not copied."
    else:
        message = f"{display(file.path)} could not be read from the source: {cause(error)}."
    everywhere = len(numbers) == len(run.destinations)
    for root in [None] if everywhere else [str(run.destinations[number].root) for number in numbers]:
        yield Finding(file.path, Stage.COPY, type(error).__name__, message, destination=root, failed=True)


def _prove_all(run: Run, copied: Sequence[CopiedFile]) -> list[Finding]:
    """Prove the copies on all drives, several of them at once; what was found, drive by drive."""
    with ThreadPoolExecutor(DRIVES_AT_ONCE, "drives") as drives:
        found = drives.map(lambda destination: _prove(run, destination, copied), run.alive)
        return [finding for findings in found for finding in findings]


def _prove(run: Run, destination: Destination, copied: Iterable[CopiedFile]) -> list[Finding]:
    """Make the destination's copies durable and read them back; one that differs loses its proof."""
    mine = [file for file in copied if destination.number in file.proofs]
    findings: list[Finding] = []
    if not mine:
        return findings
    paths = [incoming_path(destination, file.file) for file in mine]
    size, timing = sum(file.hashes.size for file in mine), destination.timing
    proofs: list[ReadBack | None] = [None] * len(mine)
    try:
        with timing.at(Stage.COPY):
            make_durable(run.disk, paths, destination.volume.fs_type)
        timing.count(Stage.COPY, len(mine), size)
        with timing.at(Stage.VERIFY):
            each = in_parallel(
                destination.threads,
                lambda file: _read_back(run, destination, file),
                mine,
                size=lambda file: file.hashes.size,
            )
            proofs = [*each]
        timing.count(Stage.VERIFY, len(mine), size)
    except OSError as error:
        run.fail(destination, error, "reading copies back")
    for file, proof in zip(mine, proofs, strict=True):
        if proof is not None and proof.xxh3 == file.hashes.xxh3:
            file.proofs[destination.number] = proof
            continue
        del file.proofs[destination.number]
        if proof is not None:
            findings.append(_differs(destination, file.file))
    return findings


def _read_back(run: Run, destination: Destination, file: CopiedFile) -> ReadBack:
    path = incoming_path(destination, file.file)
    return read_back(run.disk, path, file.hashes.size, destination.volume.fs_type)


def _differs(destination: Destination, file: PlannedFile) -> Finding:
    message = (
        f"{display(file.path)} read back from {destination.root} is not what was written; "
        "the copy was not kept. Suspect the drive, its cable or the reader."
    )
    return Finding(
        file.path, Stage.VERIFY, "Mismatch", message, destination=str(destination.root), failed=True
    )
