"""Back up a source: the five stages in one process. `flows/backup.py` composes the same as a flow."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Protocol

from cardcat.errors import CardcatError, CatalogError
from cardcat.model import BackupOptions, BackupResult
from cardcat.opening import opened_run
from cardcat.previewing import preview
from cardcat.reporting import Reporter
from cardcat.run import Run
from cardcat.stages.batches import Batch, rounds
from cardcat.stages.copying import CopiedBatch, copy_batch
from cardcat.stages.dedupe import dedupe
from cardcat.stages.finishing import finish
from cardcat.stages.grouping import group_copies
from cardcat.stages.hashing import hash_candidates
from cardcat.stages.scan import scan
from cardcat.stages.settling import record_batch
from cardcat.stages.targets import complete_folders
from cardcat.storage.disk import Disk

__all__ = ["backup", "ended", "in_order", "preview"]

BATCHES_IN_FLIGHT = 2  # the card is read for one while the other is read back


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

    What ends the run once its sessions are open, a card that is pulled for one, is in the result, as is a
    file that can't be copied. Raises UsageError, SourceError, DestinationError (no destination is usable)
    before that, and CatalogError.
    """
    with opened_run(options, catalog, reporter=reporter, stop=stop, disk=disk) as run:
        return ended(run, lambda: _stages(run))


def ended(run: Run, work: Callable[[], None]) -> BackupResult:
    """
    Do the *work* of a run and end its sessions truly, whatever it raises.

    What ended the run is in the result of its sessions; raised again are only a CatalogError, and what
    happened before there were any.
    """
    try:
        work()
    except CatalogError:
        raise  # the catalog can't be told
    except CardcatError as error:
        if not any(destination.session_id for destination in run.destinations):
            raise
        return finish(run, error)
    return finish(run)


def in_order(batches: Iterable[Batch], submit: Callable[[Batch], Pending]) -> Iterator[CopiedBatch]:
    """
    Have two batches under way, also while the caller records the one before; they come in their order.

    When one fails, those that were under way are waited for, so that nothing writes any more. What they have
    copied and proved is yielded before that failure is raised.
    """
    waiting: deque[Pending] = deque()
    try:
        for batch in batches:
            if len(waiting) == BATCHES_IN_FLIGHT:
                waiting[0].result()  # if it failed, no more is begun
            waiting.append(submit(batch))
            if len(waiting) > BATCHES_IN_FLIGHT:
                yield _next(waiting)
        while waiting:
            yield _next(waiting)
    except Exception:
        yield from _whole(waiting)
        raise
    finally:
        for pending in waiting:
            with suppress(Exception):  # the first failure is the one that is told
                pending.result()


def _next(waiting: deque[Pending]) -> CopiedBatch:
    copied = waiting[0].result()  # it stays among those that are waited for, whatever ends this
    waiting.popleft()
    return copied


def _whole(waiting: Iterable[Pending]) -> Iterator[CopiedBatch]:
    for pending in waiting:
        try:
            copied = pending.result()
        except Exception:  # noqa: BLE001, S112 - the first failure is the one that is told
            continue
        yield copied


class Pending(Protocol):
    """A batch that is being copied: a future of any kind."""

    def result(self) -> CopiedBatch:
        """Wait for it."""


def _stages(run: Run) -> None:
    listing = scan(run)
    known = hash_candidates(run, listing)
    plan = dedupe(run, listing, known)
    with ThreadPoolExecutor(BATCHES_IN_FLIGHT, "batches") as pool:
        for batches in rounds(run, plan):
            for copied in in_order(batches, lambda batch: pool.submit(copy_batch, run, batch)):
                record_batch(run, copied)
    complete_folders(run, listing, plan.prefixes)
    group_copies(run, listing)
