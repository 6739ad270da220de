"""Existing folders taken into the catalog: looked at, read, settled. A task run is a batch, never a file."""

from __future__ import annotations

from typing import Any

from prefect import State, task
from prefect.logging import get_run_logger

from cardcat import text
from cardcat.indexing import reading, settling
from cardcat.indexing.hashing import Batch
from cardcat.indexing.job import Job, Run
from cardcat.indexing.looking import look as look_at
from cardcat.indexing.results import Indexed
from cardcat.indexing.running import Steps
from cardcat.indexing.words import findings_table, index_line, index_summary
from cardcat.paths import display
from tasks.page import Page
from tasks.policy import KEEP_NOTHING, RETRY_AFTER, is_worth_a_retry, whole
from tasks.running import calmly, got

_AGAIN: dict[str, Any] = {
    "retries": len(RETRY_AFTER),
    "retry_delay_seconds": RETRY_AFTER,
    "retry_condition_fn": is_worth_a_retry,
    **KEEP_NOTHING,
}


@task(name="look", task_run_name="look at {label}", tags=["cardcat"], **KEEP_NOTHING)
def look(job: Job, label: str) -> State[Any] | None:
    """Walk a folder and compare it with what is on record."""
    del label  # for the name of the task run
    return calmly(lambda: look_at(job))


@task(name="index", task_run_name="index {label}", tags=["cardcat"], **_AGAIN)
def read(job: Job, batch: Batch, label: str) -> State[Any] | None:
    """Read and record one batch; doing it again does what is left of it."""
    before = job.tally.bytes_read
    ended = calmly(lambda: reading.read_batch(job, batch))
    get_run_logger().info("%s: %s read", label, text.size(job.tally.bytes_read - before))
    return ended


@task(name="settle", task_run_name="settle {label}", tags=["cardcat"], **KEEP_NOTHING)
def settle(job: Job, label: str) -> State[Any] | None:
    """Note what is gone, what is back and what belongs together."""
    del label
    return calmly(lambda: settling.settle(job))


@task(name="count", task_run_name="count duplicates", tags=["cardcat"], **_AGAIN)
def count(run: Run) -> State[Any] | None:
    """Count the duplicates anew."""
    return calmly(lambda: settling.count_duplicates(run))


def steps() -> Steps:
    """The steps of an index, each as a task."""
    return Steps(
        look=lambda job: got(look(whole(job), label=_name(job))),
        read=lambda job, batch: got(read(whole(job), whole(batch), label=_batch_name(job, batch))),
        settle=lambda job: got(settle(whole(job), label=_name(job))),
        count=lambda run: got(count(whole(run))),
    )


def show(page: Page, found: Indexed, catalog: str | None) -> None:
    """Leave what could not be taken in as a table, and the summary."""
    log = get_run_logger()
    log.info("%s", display(index_line(found)))
    for each in found.locations:
        if each.message:
            log.warning("%s: %s", display(each.path), display(each.message))
            if each.hint:
                log.warning("What to do: %s", display(each.hint))
    if rows := findings_table(found):
        page.table("findings", rows, "What could not be taken in")
    page.markdown("summary", index_summary(found, catalog))
    page.progress(100.0, display(index_line(found)))


def _name(job: Job) -> str:
    return display(job.place.path.name or str(job.place.path))


def _batch_name(job: Job, batch: Batch) -> str:
    return f"{_name(job)}: {text.many(batch.files, 'file')}"
