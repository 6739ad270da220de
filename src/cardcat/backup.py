"""Back up a source: the five stages in one process. `flows/backup.py` composes the same as a flow."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from cardcat.errors import CancelledError, CardcatError, CatalogError
from cardcat.model import BackupOptions, BackupResult
from cardcat.opening import opened_run
from cardcat.previewing import preview
from cardcat.reporting import Reporter
from cardcat.run import Run
from cardcat.stages.batches import Batch, rounds
from cardcat.stages.copying import CopiedBatch, copy_batch
from cardcat.stages.dedupe import dedupe
from cardcat.stages.finishing import finish
from cardcat.stages.hashing import hash_candidates
from cardcat.stages.scan import scan
from cardcat.stages.settling import record_batch
from cardcat.stages.targets import complete_folders
from cardcat.storage.disk import Disk

__all__ = ["backup", "ended", "preview"]

BATCHES_IN_FLIGHT = 2  # one is copied while the other is proved


def backup(
    options: BackupOptions,
    *,
    catalog: str | None = None,
    reporter: Reporter | None = None,
    stop: Callable[[], bool] = lambda: False,
    disk: Disk | None = None,
) -> BackupResult:
    """
    Back up `options.source` to every destination, and return how it went.

    A file that can't be copied is a finding of the result. Raises UsageError, SourceError (the source is
    unusable or went away), DestinationError (no destination is usable), CatalogError.
    """
    with opened_run(options, catalog, reporter=reporter, stop=stop, disk=disk) as run:
        return ended(run, lambda: _stages(run))


def ended(run: Run, work: Callable[[], None]) -> BackupResult:
    """
    Do the *work* of a run and end its sessions truly, whatever it raises.

    What ends the sessions of single destinations, and a cancellation, is in the result; what ends the run
    for good is raised again.
    """
    try:
        work()
    except CatalogError:
        raise  # the catalog can't be told
    except CardcatError as error:
        result = finish(run, error)
        if isinstance(error, CancelledError) or any(d.error for d in run.destinations):
            return result
        raise
    return finish(run)


def _stages(run: Run) -> None:
    listing = scan(run)
    known = hash_candidates(run, listing)
    plan = dedupe(run, listing, known)
    for batches in rounds(run, plan):
        for copied in _copied_in_order(run, batches):
            record_batch(run, copied)
    complete_folders(run, listing, plan.prefixes)


def _copied_in_order(run: Run, batches: Sequence[Batch]) -> Iterator[CopiedBatch]:
    """Copy a few batches at once, and yield them in their order."""
    waiting: deque[Future[CopiedBatch]] = deque()
    with ThreadPoolExecutor(BATCHES_IN_FLIGHT, "batches") as pool:
        try:
            for batch in batches:
                waiting.append(pool.submit(copy_batch, run, batch))
                if len(waiting) == BATCHES_IN_FLIGHT:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
