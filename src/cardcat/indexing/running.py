"""How an index is carried out: the catalog opened, and one place after the other walked, read and settled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cardcat.catalog.engine import is_absent, open_catalog
from cardcat.catalog.indexing import note_error, pause_lost, set_unavailable
from cardcat.errors import CancelledError, CardcatError, CatalogError
from cardcat.indexing.claiming import claimed
from cardcat.indexing.hashing import Batch, hashed_ahead
from cardcat.indexing.job import Job, Run, now
from cardcat.indexing.looking import look
from cardcat.indexing.places import Asked, Away, Place, checked_folders, known_places, place_of, remembered
from cardcat.indexing.reading import read_batch
from cardcat.indexing.results import Indexed, IndexedLocation, result_of, told_of
from cardcat.indexing.settling import count_duplicates, settle
from cardcat.media.pool import MetadataPool
from cardcat.model import Stage
from cardcat.owner import is_alive
from cardcat.plan.index_modes import ScanState
from cardcat.reporting import Reporter, current
from cardcat.storage.disk import Disk
from cardcat.storage.presence import open_root
from cardcat.storage.system import this_disk
from cardcat.zones import computer_timezone, zone

_THREADS = 4


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of an index, as they are or wrapped in tasks."""

    look: Callable[[Job], None] = look
    read: Callable[[Job, Batch], None] = read_batch
    settle: Callable[[Job], None] = settle
    count: Callable[[Run], None] = count_duplicates


IN_PROCESS = Steps()


@contextmanager
def opened_index(
    catalog: str | Path | None,
    *,
    reporter: Reporter | None = None,
    stop: Callable[[], bool] = lambda: False,
    disk: Disk | None = None,
    dry_run: bool = False,
) -> Iterator[Run]:
    """Yield what an index works with. CatalogError if the catalog can't be used."""
    with ExitStack() as stack:
        is_needed = not (dry_run and is_absent(catalog))
        run = Run(
            catalog=stack.enter_context(open_catalog(catalog)) if is_needed else None,
            disk=disk or this_disk(),
            reporter=reporter or current(),
            stop=stop,
            files=stack.enter_context(ThreadPoolExecutor(_THREADS, "index")),
            metadata=stack.enter_context(MetadataPool()),
            zone=zone(computer_timezone()),
            is_dry=dry_run,
        )
        if not dry_run:
            with run.writing.write() as c:
                pause_lost(c, is_alive, now())
        yield run


def carry_out(run: Run, paths: Sequence[Path] | None, asked: Asked, steps: Steps = IN_PROCESS) -> Indexed:
    """
    Index *paths*, or all that was indexed before, one after the other.

    What ends one of them is in its result, and the others are done all the same. Raises UsageError or
    SourceError before anything is done if one of *paths* can't be meant, and CatalogError.
    """
    began = time.monotonic()
    done: list[IndexedLocation] = []
    for place in _places(run, paths, asked):
        done.append(_away(run, place) if isinstance(place, Away) else _index(run, place, steps))
        if done[-1].state is ScanState.PAUSED:
            break
    if not run.is_dry and any(each.has_changed and each.state is not ScanState.COMPLETE for each in done):
        steps.count(run)
    return Indexed(tuple(done), time.monotonic() - began, run.is_dry, run.flow_run_id)


def _places(run: Run, paths: Sequence[Path] | None, asked: Asked) -> Sequence[Place | Away]:
    """All are looked up before the first one is begun."""
    folders = None if paths is None else checked_folders(paths)
    if run.catalog is None:
        return [] if folders is None else _outer(place_of(None, folder, asked) for folder in folders)
    with run.catalog.read() as c:
        if folders is None:
            return [*known_places(c, asked)]
        return _outer(place_of(c, folder, asked) for folder in folders)


def _outer(places: Iterable[Place]) -> list[Place]:
    """Without those that are indexed with another one anyway."""
    kept: list[Place] = []
    for place in places:
        if not any(_covers(other, place) for other in kept):
            kept.append(place)
    return kept


def _covers(outer: Place, inner: Place) -> bool:
    is_one = outer.volume.key == inner.volume.key and inner.location_id in (None, outer.location_id)
    return is_one and inner.path.is_relative_to(outer.path)


def _away(run: Run, away: Away) -> IndexedLocation:
    """Say of a location that can't be indexed now why; nothing of it counts as missing."""
    known, error = away.known, away.error
    told = IndexedLocation(away.path, known.volume_name, known.mode, known.state, known.id, is_there=False)
    if run.is_dry:
        return told if error is None else told_of(replace(told, is_there=True), error)
    with run.writing.write() as c:
        if error is None:
            return replace(told, unavailable=set_unavailable(c, known.id, now()))
        note_error(c, known.id, error.message, now())
    return told_of(replace(told, is_there=True), error)


def _index(run: Run, place: Place, steps: Steps) -> IndexedLocation:
    began = time.monotonic()
    if run.is_dry:
        with open_root(run.disk, place.root) as root:
            job = Job(run, place, root)
            steps.look(job)
        return result_of(place, job, ScanState.PENDING, time.monotonic() - began)
    place = remembered(run.writing, place, now())
    jobs: list[Job] = []
    try:
        with claimed(run, place) as was_settled, open_root(run.disk, place.root) as root:
            jobs.append(Job(run, place, root, is_unsettled=not was_settled))
            _carry_out(jobs[0], steps)
    except CatalogError:
        raise
    except CardcatError as error:
        state = ScanState.PAUSED if isinstance(error, CancelledError) else ScanState.ERROR
        return told_of(result_of(place, next(iter(jobs), None), state, time.monotonic() - began), error)
    return result_of(place, jobs[0], ScanState.COMPLETE, time.monotonic() - began)


def _carry_out(job: Job, steps: Steps) -> None:
    job.check_running()
    steps.look(job)
    _read(job, steps)
    job.check_running()
    steps.settle(job)
    if job.has_news:  # before the index is complete: the next one would see no reason to
        steps.count(job.run)


def _read(job: Job, steps: Steps) -> None:
    """Read and record all; when it is left, what was to be done is not kept any more."""
    work = job.take_work()
    job.run.reporter.begin(Stage.RECORD, files=work.height, size=job.todo.bytes_to_read)
    with hashed_ahead(job, work) as batches:
        for batch in batches:
            steps.read(job, batch)
